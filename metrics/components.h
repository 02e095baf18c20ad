// Connected components of a binary mask: 8-connected (pixels that touch at a corner belong together), in raster order.
// They are held as runs of pixels, because targets are rare: what a frame holds costs what it has of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

struct Component {
  std::int64_t area_px = 0;
  PixelBox box;
  Vec2 centroid;  ///< unweighted mean of the pixels' centres
  friend bool operator==(const Component&, const Component&) = default;
};

/// The pixels [first, end) of row y.
struct PixelRun {
  int y = 0, first = 0, end = 0;
  std::size_t component = 0;  ///< index of theirs
  friend bool operator==(const PixelRun&, const PixelRun&) = default;
};

struct Labelling {
  int height = 0, width = 0;          ///< of the mask
  std::vector<PixelRun> runs;         ///< in raster order; those of a row do not touch
  std::vector<Component> components;  ///< in raster order of their first pixels

  /// 0 = outside, otherwise 1 + index into `components`; the mask's shape.
  Image<std::int32_t> Labels() const;
  /// The runs of the rows [first, end), which may lie outside the mask.
  std::span<const PixelRun> RunsOfRows(int first, int end) const;
};

/// Labels the pixels above 127 that `ignore` (same shape) does not have above 127.
Labelling LabelComponents(const Mask& mask, const Mask* ignore = nullptr);

/// Calls visit(i, k, pixels) for all runs of component i of `a` and component k of `b`, masks of one shape, that share
/// pixels.
void ForOverlaps(const Labelling& a, const Labelling& b,
                 const std::function<void(std::size_t, std::size_t, std::int64_t)>& visit);

}  // namespace mirst
