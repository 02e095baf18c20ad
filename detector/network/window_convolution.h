// Convolutions of stride 1 on few channels, over the pixels and the frames of a window, with gradients: forward, and
// for both gradients, by the kernels of direct_kernels.h, without copies of maps side by side. LibTorch's CPU operators
// lose most of the machine there.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace mirst {

/// While one lives, this thread's networks run on LibTorch's operators alone, which can be watched.
class WithoutDirectKernels {
 public:
  WithoutDirectKernels();
  ~WithoutDirectKernels();
  WithoutDirectKernels(const WithoutDirectKernels&) = delete;
  WithoutDirectKernels& operator=(const WithoutDirectKernels&) = delete;
};

/// True on a CPU, in float or double, unless a WithoutDirectKernels lives.
bool HasDirectKernels(const torch::Tensor& x);
/// True where the direct kernels are the faster ones: they run, and the channels do not fill a vector.
bool FewChannels(const torch::Tensor& x, std::int64_t out);

/// x: the last `frames` frames of a window one after the other in the batch, (frames * B, in, h, w); weight (out, in,
/// taps, k, k) with odd taps and k; bias (out), undefined: 0. Result: the last `kept` frames, (kept * B, out, h, w).
/// Zero padding in time and space. CPU, float or double. Equal bit by bit for every number of threads, gradients
/// included.
torch::Tensor WindowConvolution(const torch::Tensor& x, std::int64_t frames, std::int64_t kept,
                                const torch::Tensor& weight, const torch::Tensor& bias);

}  // namespace mirst
