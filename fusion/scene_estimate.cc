#include "fusion/scene_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/error.h"

namespace mirst {

Image<float> MedianScene(ImageView<const float> background, const PixelBox& box, int radius_px) {
  const PixelBox image{0, 0, background.width(), background.height()};
  if (radius_px < 0 || radius_px > 50)
    throw BadInput(fmt::format("median radius is {} px, allowed: 0 to 50", radius_px));
  if (!image.Contains(box)) throw BadInput("the scene estimate's box leaves the image");
  Image<float> scene(box.height, box.width);
  std::vector<float> values;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      const PixelBox window = Intersect(Grow({box.x + x, box.y + y, 1, 1}, radius_px), image);
      values.clear();
      for (int row = window.y; row < window.bottom(); ++row) {
        const float* pixels = background.row(row);
        values.insert(values.end(), pixels + window.x, pixels + window.right());
      }
      const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
      std::nth_element(values.begin(), middle, values.end());
      scene(y, x) = *middle;
    }
  }
  return scene;
}

}  // namespace mirst
