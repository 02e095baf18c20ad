#include "core/image.h"

namespace mirst {

PixelBox BoundingBox(const Mask& mask) {
  PixelBox box;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (mask(y, x) > 127) box = Enclose(box, {x, y, 1, 1});
    }
  }
  return box;
}

std::int64_t CountPixels(const Mask& mask) {
  return std::count_if(mask.begin(), mask.end(), [](std::uint8_t value) { return value > 127; });
}

}  // namespace mirst
