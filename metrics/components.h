// Connected components of a binary mask: 8-connected (pixels that touch at a corner belong together), in raster order.
#pragma once

#include <cstdint>
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

struct Labelling {
  Image<std::int32_t> labels;         ///< 0 = outside, otherwise 1 + index into `components`; the mask's shape
  std::vector<Component> components;  ///< in raster order of their first pixels
};

/// Labels the pixels above 127.
Labelling LabelComponents(const Mask& mask);

}  // namespace mirst
