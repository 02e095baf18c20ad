// A running average of a network's weights (exponential moving average), which scores better and more steadily than the
// weights of any one step.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>

namespace mirst {

class AveragedWeights {
 public:
  /// Starts at the module's weights; decay in [0, 1).
  AveragedWeights(const torch::nn::Module& module, double decay);

  /// average = d average + (1 - d) weights after the optimiser's step `step` (1, 2, ...), d = min(decay, (1 + step) /
  /// (10
  /// + step)), so that the first, untrained weights are soon forgotten. Running means and variances of normalisations
  /// are averaged as well; whole numbers are taken over.
  void Update(const torch::nn::Module& module, std::int64_t step);

  /// Exchanges the average and the module's weights; twice is as before.
  void Swap(torch::nn::Module& module);

  /// By name, as StateDict (checkpoint.h), sharing memory.
  const std::map<std::string, torch::Tensor>& tensors() const { return average_; }

 private:
  double decay_;
  std::map<std::string, torch::Tensor> average_;
};

}  // namespace mirst
