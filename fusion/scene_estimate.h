// What the scene would be without the sensor's own residual (noise, fixed pattern, codec traces): the S of
// I = B + a (b0 - S) + g m. Its quality decides how much scene detail shines through an opaque target.
#pragma once

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

/// Spatial median over (2 radius + 1)^2 pixels, cut at the image's border, for the pixels of `box` (inside the image);
/// shape (box.height, box.width). Keeps edges; detail narrower than the radius stays in the residual.
/// radius_px in [0, 50]; throws kBadInput outside, and when `box` leaves the image.
Image<float> MedianScene(ImageView<const float> background, const PixelBox& box, int radius_px);

}  // namespace mirst
