#include "datasets/scr_ids.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mirst {
namespace {

struct Background {
  double mean = 0, sigma = Box20Rule::kSigmaFloor;
};

/// Of the pixels inside `outer` and outside `guard` that belong to no target.
Background MeasureBackground(ImageView<const float> image, const Mask& all_targets, const PixelBox& outer,
                             const PixelBox& guard) {
  double sum = 0, squares = 0;
  std::int64_t count = 0;
  const auto for_each = [&](auto&& visit) {
    for (int y = outer.y; y < outer.bottom(); ++y) {
      for (int x = outer.x; x < outer.right(); ++x) {
        if (all_targets(y, x) <= 127 && !guard.Contains(x, y)) visit(static_cast<double>(image(y, x)));
      }
    }
  };
  for_each([&](double value) {
    sum += value;
    ++count;
  });
  if (count == 0) return {};
  const double mean = sum / static_cast<double>(count);
  for_each([&](double value) { squares += (value - mean) * (value - mean); });
  return {mean, std::max(Box20Rule::kSigmaFloor, std::sqrt(squares / static_cast<double>(count)))};
}

}  // namespace

std::map<std::string, double> MeasureIds(ImageView<const float> image, const Mask& target, const Mask& all_targets,
                                         Box20Rule rule) {
  const ScrMeasurement box20 = MeasureBox20(image, target, all_targets, rule);
  const PixelBox frame{0, 0, image.width(), image.height()}, box = BoundingBox(target);
  const auto scr = [&](const PixelBox& outer, const PixelBox& guard) {
    const Background background = MeasureBackground(image, all_targets, Intersect(outer, frame), guard);
    return std::abs(box20.mean_target - background.mean) / background.sigma;
  };
  double peak = 0;
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) {
      if (target(y, x) > 127) peak = std::max(peak, std::abs(static_cast<double>(image(y, x)) - box20.mean_background));
    }
  }
  return {{"bbox5", scr(Grow(box, 5), {})},
          {"bbox10", scr(Grow(box, 10), {})},
          {"bbox20", scr(Grow(box, 20), {})},
          {"box20", box20.scr},
          {"global", scr(frame, {})},
          {"guard3_10", scr(Grow(box, 10), Grow(box, 3))},
          {"peak", peak / (box20.sigma_background + Box20Rule::kSigmaOffset)}};
}

}  // namespace mirst
