// Masks as COCO writes them: runs of pixels column by column, beginning with the zeros; as a list of lengths or packed
// into text. Polygons are read, too.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/image.h"

namespace mirst {

/// Lengths of runs of 0, 1, 0, ... in column-major order; their sum is the number of pixels.
std::vector<std::uint32_t> EncodeRle(const Mask& mask);

/// Throws kBadInput when the sum of the runs is not height * width.
Mask DecodeRle(const std::vector<std::uint32_t>& runs, int height, int width);

/// COCO's packed form: five bits a character from '0', low bits first, bit 5 = more follows; from the fourth run on the
/// difference to the run two before it. Throws kBadInput.
std::vector<std::uint32_t> UnpackRle(std::string_view text);

/// Pixels whose centre (x + 0.5, y + 0.5) lies inside by the even-odd rule; `polygon` = x0, y0, x1, y1, ... in COCO's
/// coordinates, whose origin is the corner of the first pixel. Adds to `mask`. Throws kBadInput for fewer than three
/// points.
void FillPolygon(const std::vector<double>& polygon, Mask& mask);

}  // namespace mirst
