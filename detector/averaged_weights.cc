#include "detector/averaged_weights.h"

#include <algorithm>

#include "detector/checkpoint.h"

namespace mirst {

AveragedWeights::AveragedWeights(const torch::nn::Module& module, double decay) : decay_(decay) {
  const torch::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : StateDict(module)) average_.emplace(name, tensor.detach().clone());
}

void AveragedWeights::Update(const torch::nn::Module& module, std::int64_t step) {
  const torch::NoGradGuard no_gradient;
  const double steps = static_cast<double>(step), decay = std::min(decay_, (1 + steps) / (10 + steps));
  for (const auto& [name, tensor] : StateDict(module)) {
    torch::Tensor& average = average_.at(name);
    if (tensor.is_floating_point()) {
      average.lerp_(tensor, 1 - decay);
    } else {
      average.copy_(tensor);
    }
  }
}

void AveragedWeights::Swap(torch::nn::Module& module) {
  const torch::NoGradGuard no_gradient;
  for (auto& [name, tensor] : StateDict(module)) {
    const torch::Tensor weights = tensor.clone();
    tensor.copy_(average_.at(name));
    average_.at(name).copy_(weights);
  }
}

}  // namespace mirst
