#include "detector/network/dnanet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "detector/network/network_input.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;

DnanetImpl::DnanetImpl(std::int64_t channels)
    : NestedUnet(channels), channels_(channels), final_{nullptr, nullptr, nullptr, nullptr} {
  for (std::size_t i = 0; i < final_.size(); ++i) {
    final_[i] = register_module(fmt::format("final{}", i + 1), nn::Conv2d(nn::Conv2dOptions(kNestedChannels[0], 1, 1)));
  }
}

std::vector<Tensor> DnanetImpl::forward(const Tensor& images) {
  CheckImages("dnanet", images, channels_, kDnanetStride);
  const Nodes x = Triangle(images, kNestedLevels);
  return {final_[0](x[0][1]), final_[1](x[0][2]), final_[2](x[0][3]), final_[3](JoinRows(x))};
}

}  // namespace mirst
