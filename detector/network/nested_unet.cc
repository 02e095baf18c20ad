#include "detector/network/nested_unet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <vector>

#include "detector/network/network_input.h"
#include "detector/network/residual_block.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

constexpr std::int64_t kReduction = 16;

nn::Sequential Node(std::int64_t in, std::int64_t out, int blocks) {
  nn::Sequential node;
  for (int i = 0; i < blocks; ++i) node->push_back(ResidualBlock(i == 0 ? in : out, out, Cbam::kOn, kReduction));
  return node;
}

/// Channels that reach a node: its row so far, the row below, the row above.
std::int64_t InputChannels(std::size_t level, std::size_t column, std::int64_t images) {
  if (column == 0) return level == 0 ? images : kNestedChannels[level - 1];
  const std::int64_t above = level > 0 ? kNestedChannels[level - 1] : 0;
  return static_cast<std::int64_t>(column) * kNestedChannels[level] + kNestedChannels[level + 1] + above;
}

Tensor AtSizeOf(const Tensor& x, const Tensor& other) {
  return Bilinear(x, other.size(2), other.size(3), Corners::kAligned);
}

}  // namespace

NestedUnet::NestedUnet(std::int64_t channels) : narrow_{nullptr, nullptr, nullptr, nullptr} {
  for (std::size_t column = 0; column < kNestedLevels; ++column) {
    for (std::size_t level = 0; level + column < kNestedLevels; ++level) {
      conv_[level][column] =
          register_module(fmt::format("conv{}_{}", level, column),
                          Node(InputChannels(level, column, channels), kNestedChannels[level], level == 0 ? 1 : 2));
    }
  }
  const std::int64_t finest = kNestedChannels[0];
  join_ = register_module("conv0_4_final", Node(5 * finest, finest, 1));
  for (std::size_t level = kNestedLevels - 1; level > 0; --level) {
    narrow_[level - 1] = register_module(fmt::format("conv0_{}_1x1", level),
                                         nn::Conv2d(nn::Conv2dOptions(kNestedChannels[level], finest, 1)));
  }
}

NestedUnet::Nodes NestedUnet::Triangle(const Tensor& images, std::size_t levels) {
  Nodes x;
  for (std::size_t depth = 0; depth < levels; ++depth) {
    x[depth][0] = conv_[depth][0]->forward(depth == 0 ? images : torch::max_pool2d(x[depth - 1][0], {2, 2}));
    for (std::size_t column = 1; column <= depth; ++column) {
      const std::size_t level = depth - column;
      const Tensor& first = x[level][0];
      std::vector<Tensor> inputs(x[level].begin(), x[level].begin() + static_cast<std::ptrdiff_t>(column));
      inputs.push_back(AtSizeOf(x[level + 1][column - 1], first));
      if (level > 0) inputs.push_back(AtSizeOf(x[level - 1][column], first));
      x[level][column] = conv_[level][column]->forward(torch::cat(inputs, 1));
    }
  }
  return x;
}

Tensor NestedUnet::JoinRows(const Nodes& nodes) {
  const Tensor& finest = nodes[0][kNestedLevels - 1];
  std::vector<Tensor> rows;
  for (std::size_t level = kNestedLevels - 1; level > 0; --level) {
    rows.push_back(AtSizeOf(narrow_[level - 1](nodes[level][kNestedLevels - 1 - level]), finest));
  }
  rows.push_back(finest);
  return join_->forward(torch::cat(rows, 1));
}

}  // namespace mirst
