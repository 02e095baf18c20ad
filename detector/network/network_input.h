// What networks ask of their inputs, said in one sentence where it is not so, and bilinear resampling.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace mirst {

/// Throws kBadInput unless `images` is (batch, channels, height, width) with height and width positive multiples of
/// `multiple`.
void CheckImages(const char* network, const torch::Tensor& images, std::int64_t channels, std::int64_t multiple);

/// Frames (batch, 1 or 3, 5, height, width) as three channels; one channel is repeated. Throws kBadInput for another
/// shape, or height and width that are no multiples of `multiple`.
torch::Tensor ThreeChannelFrames(const char* network, const torch::Tensor& frames, std::int64_t multiple);

enum class Corners {
  kAligned,  ///< the centres of the corner pixels stay where they are
  kScaled,   ///< the corners of the image stay where they are
};

/// (N, C, h, w) -> (N, C, height, width) by bilinear interpolation.
torch::Tensor Bilinear(const torch::Tensor& x, std::int64_t height, std::int64_t width, Corners corners);

}  // namespace mirst
