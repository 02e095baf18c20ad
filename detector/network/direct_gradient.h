// The gradient of a direct convolution's weights (direct_convolution.h).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "detector/network/direct_convolution.h"

namespace mirst {

/// inputs: (N, in, h, w) in all, gradient of the result: (N, out, h, w) -> gradient of the weight (out, in, kernel,
/// kernel). CPU, float or double. Equal bit by bit for every number of threads: partial sums belong to stripes of rows.
torch::Tensor DirectWeightGradient(const std::vector<ConvInput>& inputs, const torch::Tensor& gradient,
                                   std::int64_t kernel);

}  // namespace mirst
