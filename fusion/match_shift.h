// How far the scene moved between two frames of a sequence, about one place: block matching, so that what lies nearer
// may move otherwise. Whole arithmetic in a fixed order: the same shift on every machine.
#pragma once

#include <optional>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

/// The shift d, in quarters of a pixel, for which other(u + d) looks like image(u) in `window` (inside the image): the
/// least mean squared difference among whole shifts up to 8 px from `guess`, then the vertex of the paraboloid about
/// it. Where the difference does not rise by more than its own scatter (six standard deviations) the scene is too bare
/// to tell: the guess, rounded, stands. Along an edge the shift is not known, and does not matter. Both images of one
/// shape. nullopt: no shift leaves half of the window in the image.
std::optional<Vec2> MatchShift(ImageView<const float> image, ImageView<const float> other, const PixelBox& window,
                               Vec2 guess);

/// other(u + shift) for u in `box`, bilinear (exact for whole shifts); nullopt when that leaves the image.
std::optional<Image<float>> ShiftedPart(ImageView<const float> other, const PixelBox& box, Vec2 shift);

}  // namespace mirst
