// Matrix products by this program's own vector kernels (direct_kernels.h), with gradients. The speed of LibTorch's
// depends on whether the BLAS library beside it knows the processor: where it does not, they run at a tenth.
#pragma once

#include <torch/types.h>

namespace mirst {

/// a (..., M, K) times b (..., K, N) -> (..., M, N), with the same leading extents; any strides. On a CPU in float or
/// double equal bit by bit for every number of threads; elsewhere torch::matmul.
torch::Tensor MatrixProduct(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace mirst
