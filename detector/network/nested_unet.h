// The densely nested U-Net of DNANet (Li et al., IEEE TIP 32, 2023): a triangle of nodes x(level, column), each fed by
// its row, by the node below and by the node above. Five levels of 16 to 256 channels.
#pragma once

#include <torch/nn.h>

#include <array>
#include <cstddef>

namespace mirst {

inline constexpr std::size_t kNestedLevels = 5;
inline constexpr std::array<std::int64_t, kNestedLevels> kNestedChannels = {16, 32, 64, 128, 256};

class NestedUnet : public torch::nn::Module {
 public:
  /// nodes[level][column], (N, kNestedChannels[level], H >> level, W >> level), for level + column < levels.
  using Nodes = std::array<std::array<torch::Tensor, kNestedLevels>, kNestedLevels>;

 protected:
  explicit NestedUnet(std::int64_t channels);
  /// images: (N, channels, H, W), H and W multiples of 2^(levels - 1).
  Nodes Triangle(const torch::Tensor& images, std::size_t levels);
  /// The ends of all rows, brought to full resolution and joined: (N, 16, H, W). Needs all five levels.
  torch::Tensor JoinRows(const Nodes& nodes);

 private:
  std::array<std::array<torch::nn::Sequential, kNestedLevels>, kNestedLevels> conv_;  // [level][column]
  torch::nn::Sequential join_;
  std::array<torch::nn::Conv2d, kNestedLevels - 1> narrow_;  // of the rows 1..4
};

}  // namespace mirst
