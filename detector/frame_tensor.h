// A frame on its way into a network and its answer on the way out: looked at for faults, normalised, padded, cropped.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "core/image.h"
#include "detector/infer.h"

namespace mirst {

/// Throws kBadInput for a frame below kLeastFramePx in height or width, which `taker` ("PSTFNet") does not take, or
/// with a pixel that is not finite.
void CheckFrame(ImageView<const float> frame, std::string_view taker);

/// Throws kBadInput for a frame of another size than those before it in the sequence.
void CheckSameSize(ImageView<const float> frame, int height, int width);

/// What is missing to the next multiple of `stride`.
constexpr int PaddingOf(int extent, int stride) { return (stride - extent % stride) % stride; }

/// (1, 1, H, W) = (counts - mean) / sigma, padded on the right and below by reflection to multiples of `stride`.
torch::Tensor FrameTensor(ImageView<const float> frame, Normalisation normalisation, int stride);

/// The first height x width px of a map (1, 1, H, W) on any device.
Image<float> ImageOf(const torch::Tensor& map, int height, int width);

}  // namespace mirst
