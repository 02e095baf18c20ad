#include "detector/network/folded_weights.h"

#include <torch/torch.h>

#include "core/error.h"

namespace mirst {
namespace {
constexpr double kNormEpsilon = 1e-5;  // of every batch normalisation
}

FoldedWeights::FoldedWeights(const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters()) tensors_[item.key()] = item.value().detach();
  for (const auto& item : module.named_buffers()) tensors_[item.key()] = item.value().detach();
}

torch::Tensor FoldedWeights::Tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw InternalError("the network has no tensor " + name);
  return found->second.clone();
}

ConvWeights FoldedWeights::Conv(const std::string& conv) const {
  const torch::Tensor weight = Tensor(conv + ".weight");
  return {weight, Has(conv + ".bias") ? Tensor(conv + ".bias") : torch::zeros({weight.size(0)}, weight.options())};
}

ConvWeights FoldedWeights::ConvNorm(const std::string& conv, const std::string& norm) const {
  const auto exact = [&](const std::string& name) { return Tensor(norm + name).to(torch::kDouble); };
  const ConvWeights plain = Conv(conv);
  const torch::Tensor scale = exact(".weight") * torch::rsqrt(exact(".running_var") + kNormEpsilon);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(plain.weight.dim()), 1);
  shape[0] = -1;
  const torch::Tensor bias = (plain.bias.to(torch::kDouble) - exact(".running_mean")) * scale + exact(".bias");
  return {(plain.weight.to(torch::kDouble) * scale.view(shape)).to(plain.weight.scalar_type()),
          bias.to(plain.bias.scalar_type())};
}

}  // namespace mirst
