// Whether what was filled into a picture would be seen: as a step along its border, or as a thing in it.
#pragma once

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

/// `hole`: what was filled, in the pixels of `patch` (counts), which should show 8 px more on each side; sides with
/// less have no border to judge. False where the second difference across a side of the hole is, on average, more than
/// chance (four sigma) and more than three times the largest on parallel lines 2 to 6 px farther out, to half a count;
/// and where something in the hole differs from its spatial median (7 x 7 px) by more than half as much again as
/// anything around does.
bool LooksUntouched(const Image<float>& patch, const PixelBox& hole);

}  // namespace mirst
