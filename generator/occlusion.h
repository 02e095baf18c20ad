// What lies between the camera and a target, as the share of the target's light that gets through at each pixel: 0
// behind trees, buildings or the shore, between 0 and 1 behind clouds, 255/255 in the open. Estimated from the
// background itself or given as pictures. It dims targets before they are fused; the background stays as it is.
#pragma once

#include <vector>

#include "core/frame.h"
#include "datasets/sequence_source.h"
#include "generator/options.h"

namespace mirst {

/// 8-bit transmission, 255 = everything gets through; the frame's shape.
using Transmission = Image<std::uint8_t>;

/// Estimate of what stands on the ground before the sky: in each column all rows from the topmost edge of a textured
/// region that reaches the bottom of the frame, or lies low and is large (1 % of the frame). Texture = local mean
/// (5 x 5 px) of |pixel - mean of 3 x 3| above `texture_limit` times the frame's quiet fifth, and above one count; the
/// edge lies where the column passes half the step from sky to structure. Blind to structures as smooth as the sky;
/// gaps between branches count as structure, sharp clouds that touch the ground do, too. Whole numbers only: the same
/// on every machine. 255 = foreground.
Mask EstimateForeground(ImageView<const float> frame, double texture_limit);

/// Estimate of a cloud layer: a cloud of emissivity e shines with e L_cloud + (1 - e) L_clear, so its transmission
/// 1 - e is linear in brightness. L_clear and L_cloud are the 5th and 99th percentile of the 5 x 5 px means outside
/// `foreground`; at L_cloud the transmission is 1 - `opacity`. A clear sky that brightens towards the horizon is taken
/// for a cloud. opacity in [0, 1].
Transmission EstimateClouds(ImageView<const float> frame, const Mask& foreground, double opacity);

/// The layers of consecutive frames of a source by the options, all multiplied; empty when they ask for none. The rims
/// of estimated structures are softened by a 3 x 3 binomial. Throws kBadInput: a given layer that is missing for this
/// source, corrupt, not of 8 bits, or not of the frames' size.
std::vector<Transmission> FindLayers(const std::vector<Frame>& frames, const SourceInfo& source,
                                     const OcclusionOptions& options);

}  // namespace mirst
