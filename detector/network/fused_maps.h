// Passes over whole maps that inference does in one go where LibTorch's operators would read and write them several
// times: at full resolution that costs as much as a convolution. Maps are (N, C, h, w); on a CPU own loops, equal for
// every number of threads, on another device LibTorch's operators. No gradients.
#pragma once

#include <torch/types.h>

#include <vector>

namespace mirst {

/// ReLU of the sum of maps of one shape.
torch::Tensor ReluOfSum(const std::vector<torch::Tensor>& maps);

/// Mean and maximum over the channels of map * weight, weight (N, C, 1, 1): (N, 2, h, w).
torch::Tensor ChannelMeanAndMaximum(const torch::Tensor& map, const torch::Tensor& weight);

/// ReLU(map * channel_weight * pixel_weight + summand); channel_weight (N, C, 1, 1), pixel_weight (N, 1, h, w). Works
/// in the memory of `map`.
torch::Tensor ReluOfWeighted(torch::Tensor map, const torch::Tensor& channel_weight, const torch::Tensor& pixel_weight,
                             const torch::Tensor& summand);

/// map + map * product over `scores` of sigmoid(score). Works in the memory of `scores`.
torch::Tensor PlusWeighted(const torch::Tensor& map, std::vector<torch::Tensor> scores);

}  // namespace mirst
