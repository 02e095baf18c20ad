// A trained network's weights by name, with batch normalisation folded into the convolution before it.
#pragma once

#include <torch/nn/module.h>

#include <map>
#include <string>

#include "detector/network/conv_norm.h"

namespace mirst {

class FoldedWeights {
 public:
  /// Shares the module's memory; what is asked for is copied.
  explicit FoldedWeights(const torch::nn::Module& module);

  /// norm(conv(x)) of the layers `conv` and `norm` in evaluation mode; 2-D and 3-D convolutions. Computed in double.
  ConvWeights ConvNorm(const std::string& conv, const std::string& norm) const;
  /// A convolution as it is; its bias is 0 where it has none.
  ConvWeights Conv(const std::string& conv) const;
  /// A copy of one tensor.
  torch::Tensor Tensor(const std::string& name) const;
  bool Has(const std::string& name) const { return tensors_.count(name) != 0; }

 private:
  std::map<std::string, torch::Tensor> tensors_;
};

}  // namespace mirst
