// A frame as a network takes it: looked at for faults, normalised, padded.
#pragma once

#include <torch/types.h>

#include "core/image.h"
#include "detector/infer.h"

namespace mirst {

/// Throws kBadInput for a frame below kLeastFramePx in height or width, or with a pixel that is not finite.
void CheckFrame(ImageView<const float> frame);

/// (1, 1, H, W) = (counts - mean) / sigma, padded on the right and below by reflection to multiples of `stride`.
torch::Tensor FrameTensor(ImageView<const float> frame, Normalisation normalisation, int stride);

}  // namespace mirst
