#include "fusion/fuse.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "fusion/quantise.h"

namespace mirst {
namespace {

// Sorts the window's pixels into mask, leak and fixed.
ScrProblem MakeProblem(ImageView<const float> background, const FusedTarget& fused, CountLimits limits,
                       Box20Rule rule) {
  ScrProblem problem;
  problem.limits = limits;
  problem.rule = rule;
  const PixelBox mask_box = BoundingBox(fused.mask);
  const PixelBox window =
      Box20Window({mask_box.x + fused.box.x, mask_box.y + fused.box.y, mask_box.width, mask_box.height},
                  background.height(), background.width());
  for (int y = 0; y < fused.box.height; ++y) {
    for (int x = 0; x < fused.box.width; ++x) {
      const ScrProblem::Pixel pixel{fused.base(y, x), static_cast<double>(fused.contrast(y, x))};
      if (fused.mask(y, x) > 127) {
        problem.mask.push_back(pixel);
      } else if (window.Contains(fused.box.x + x, fused.box.y + y)) {
        problem.leak.push_back(pixel);
      }
    }
  }
  if (!window.empty()) problem.origin = static_cast<double>(background(window.y, window.x));
  for (int y = window.y; y < window.bottom(); ++y) {
    const float* row = background.row(y);
    for (int x = window.x; x < window.right(); ++x) {
      if (fused.box.Contains(x, y)) continue;
      const auto value = static_cast<double>(row[x]);
      if (value == 0 && !rule.zeros_are_background) continue;
      ++problem.fixed_count;
      problem.fixed_sum += value - problem.origin;
      problem.fixed_squares += (value - problem.origin) * (value - problem.origin);
    }
  }
  return problem;
}

}  // namespace

double SceneLevel(const SensorTemplate& target, const Image<float>& scene) {
  double sum = 0, weight = 0;
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      sum += target.opacity(y, x) * static_cast<double>(scene(y, x));
      weight += target.opacity(y, x);
    }
  }
  return sum / weight;
}

FusedTarget Fuse(ImageView<const float> background, const SensorTemplate& target, const Image<float>& scene,
                 double reference_level, CountLimits limits, Box20Rule rule) {
  if (!PixelBox{0, 0, background.width(), background.height()}.Contains(target.box)) {
    throw InternalError("the target's support leaves the frame");
  }
  FusedTarget fused;
  fused.box = target.box;
  fused.contrast = target.contrast;
  fused.mask = HalfMaxMask(target.coverage);
  fused.base = Image<double>(target.box.height, target.box.width);
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      const auto b = static_cast<double>(background(target.box.y + y, target.box.x + x));
      fused.base(y, x) = b + target.opacity(y, x) * (reference_level - static_cast<double>(scene(y, x)));
    }
  }
  fused.problem = MakeProblem(background, fused, limits, rule);
  return fused;
}

Image<double> Compose(const FusedTarget& fused, double gain) {
  Image<double> composed(fused.box.height, fused.box.width);
  const CountLimits limits = fused.problem.limits;
  for (std::size_t i = 0; i < composed.size(); ++i) {
    const double value = fused.base.data()[i] + gain * static_cast<double>(fused.contrast.data()[i]);
    composed.data()[i] = std::clamp(value, limits.low, limits.high);
  }
  return composed;
}

Image<std::uint16_t> ComposeWritten(const FusedTarget& fused, double gain, std::optional<double> scr, int polarity) {
  const Image<double> composed = Compose(fused, gain);
  const CountLimits limits = fused.problem.limits;
  if (!scr) return RoundKeepingSum(composed, fused.mask, limits);
  // The background as it will be measured: every touched pixel of the window rounded to nearest, as RoundKeepingSum
  // does.
  ScrProblem written = fused.problem;
  for (auto& pixel : written.leak) {
    pixel = {std::floor(std::clamp(pixel.base + gain * pixel.slope, limits.low, limits.high) + 0.5), 0};
  }
  const ScrMeasurement measured = Measure(written, gain);
  const double mean =
      measured.mean_background + polarity * *scr * (measured.sigma_background + Box20Rule::kSigmaOffset);
  const double sum = mean * static_cast<double>(written.mask.size());
  return RoundKeepingSum(composed, fused.mask, limits, static_cast<std::int64_t>(std::floor(sum + 0.5)));
}

}  // namespace mirst
