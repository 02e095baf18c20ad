// How a large frame is cut into overlapping tiles, so that a network's memory does not grow with the frame. No
// LibTorch.
#pragma once

#include <vector>

namespace mirst {

/// Pixels [first, first + size) of a row or column go through the network; of these [keep_first, keep_last) are used.
struct TileSpan {
  int first = 0, size = 0, keep_first = 0, keep_last = 0;
  friend bool operator==(const TileSpan&, const TileSpan&) = default;
};

/// Tiles of `tile` pixels along `extent` pixels, beginning at multiples of `step`: what they keep covers every pixel
/// once and lies at least `margin` pixels inside the tile, but for the frame's own borders. One tile where the frame
/// is no larger. Throws kUsage where `tile` is no multiple of `step` or less than 2 margin + step.
std::vector<TileSpan> PlanTiles(int extent, int tile, int margin, int step);

}  // namespace mirst
