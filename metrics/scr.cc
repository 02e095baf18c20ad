#include "metrics/scr.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace mirst {
namespace {

void RequireTarget(const PixelBox& box) {
  if (box.empty()) throw BadInput("the target mask is empty: no SCR can be measured");
}

}  // namespace

PixelBox Box20Window(const PixelBox& box, int image_height, int image_width) {
  // The published rule ends at min(H - 1, ...), exclusive: at the lower and right border the last line stays out.
  const int left = std::max(0, box.x - Box20Rule::kMarginPx), top = std::max(0, box.y - Box20Rule::kMarginPx);
  const int right = std::min(image_width - 1, box.right() + Box20Rule::kMarginPx);
  const int bottom = std::min(image_height - 1, box.bottom() + Box20Rule::kMarginPx);
  return {left, top, right - left, bottom - top};
}

ScrMeasurement MeasureBox20(ImageView<const float> image, const Mask& target, const Mask& all_targets, Box20Rule rule) {
  const PixelBox box = BoundingBox(target);
  RequireTarget(box);
  ScrMeasurement m;
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) {
      if (target(y, x) <= 127) continue;
      m.mean_target += static_cast<double>(image(y, x));
      ++m.target_px;
    }
  }
  m.mean_target /= m.target_px;

  const PixelBox window = Box20Window(box, image.height(), image.width());
  const auto for_each_background = [&](auto&& visit) {
    for (int y = window.y; y < window.bottom(); ++y) {
      for (int x = window.x; x < window.right(); ++x) {
        const auto value = static_cast<double>(image(y, x));
        if (all_targets(y, x) <= 127 && target(y, x) <= 127 && (rule.zeros_are_background || value != 0)) visit(value);
      }
    }
  };
  for_each_background([&](double value) {
    m.mean_background += value;
    ++m.background_px;
  });
  double squares = 0;
  if (m.background_px > 0) {
    m.mean_background /= m.background_px;
    for_each_background([&](double value) { squares += (value - m.mean_background) * (value - m.mean_background); });
    squares /= m.background_px;
  }
  m.sigma_background = std::max(Box20Rule::kSigmaFloor, std::sqrt(squares));
  m.scr = std::abs(m.mean_target - m.mean_background) / (m.sigma_background + Box20Rule::kSigmaOffset);
  return m;
}

double ScrDelta(ImageView<const float> image, ImageView<const float> background, const Mask& target,
                double sigma_background) {
  const PixelBox box = BoundingBox(target);
  RequireTarget(box);
  double sum = 0;
  int count = 0;
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) {
      if (target(y, x) <= 127) continue;
      sum += static_cast<double>(image(y, x)) - static_cast<double>(background(y, x));
      ++count;
    }
  }
  return sum / count / (sigma_background + Box20Rule::kSigmaOffset);
}

}  // namespace mirst
