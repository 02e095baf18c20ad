#include "detector/hash_weights.h"

#include <torch/torch.h>

#include <cmath>
#include <string_view>

#include "detector/checkpoint.h"

namespace mirst {
namespace {

constexpr std::uint32_t kFirstNewTensor = 2000;

void AppendState(const torch::nn::Module& module, const std::string& prefix, std::vector<std::string>& names) {
  for (const auto& item : module.named_parameters(false)) names.push_back(prefix + item.key());
  for (const auto& item : module.named_buffers(false)) names.push_back(prefix + item.key());
  for (const auto& child : module.named_children()) AppendState(*child.value(), prefix + child.key() + ".", names);
}

/// value = offset + scale r
struct Rule {
  float scale = 0.1F;
  float offset = 0;
};

Rule RuleFor(std::string_view name, const torch::Tensor& tensor, double gain) {
  if (name.ends_with("num_batches_tracked")) return {0, 0};
  if (name.ends_with("running_mean")) return {0.1F, 0};
  if (name.ends_with("running_var")) return {0.5F, 1};
  if (tensor.dim() >= 2) {
    const auto fan_in = static_cast<double>(tensor.numel() / tensor.size(0));
    return {static_cast<float>(gain * std::sqrt(6 / fan_in)), 0};
  }
  if (name.ends_with(".weight")) return {0.2F, 1};
  if (name.find(".weight.") != std::string_view::npos) return {0.1F, 0.25F};  // single numbers in a list
  return {};
}

torch::Tensor HashTensor(const torch::Tensor& like, const Rule& rule, std::uint32_t seed, std::uint32_t k) {
  torch::Tensor values = torch::empty(like.sizes(), torch::kFloat);
  float* const data = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const float product = rule.scale * HashUniform(seed, k, static_cast<std::uint32_t>(i));  // rounded before the sum
    data[i] = rule.offset + product;
  }
  return values;
}

}  // namespace

float HashUniform(std::uint32_t seed, std::uint32_t k, std::uint32_t i) {
  std::uint32_t x = i * 2654435761U + k * 2246822519U + seed * 3266489917U + 374761393U;
  x ^= x >> 15;
  x *= 2246822519U;
  x ^= x >> 13;
  x *= 3266489917U;
  x ^= x >> 16;
  return std::ldexp(static_cast<float>(static_cast<std::int32_t>(x >> 8) - 8388608), -23);
}

std::vector<std::string> StateOrder(const torch::nn::Module& module) {
  std::vector<std::string> names;
  AppendState(module, "", names);
  return names;
}

void FillByHash(torch::nn::Module& module, const std::vector<std::string>& numbering, std::uint32_t seed, double gain) {
  const torch::NoGradGuard no_gradient;
  std::map<std::string, std::uint32_t> numbers;
  for (const std::string& name : numbering) numbers.emplace(name, static_cast<std::uint32_t>(numbers.size()));
  const std::map<std::string, torch::Tensor> state = StateDict(module);
  const auto parameters = module.named_parameters();
  std::uint32_t next = kFirstNewTensor;
  for (const std::string& name : StateOrder(module)) {
    const torch::Tensor& tensor = state.at(name);
    const auto known = numbers.find(name);
    const std::uint32_t k = known != numbers.end() ? known->second : next++;
    if (parameters.contains(name) && !tensor.requires_grad()) continue;
    torch::Tensor(tensor).copy_(HashTensor(tensor, RuleFor(name, tensor, gain), seed, k));
  }
}

}  // namespace mirst
