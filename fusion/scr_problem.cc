#include "fusion/scr_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mirst {
namespace {

PixelSums SumFixed(ImageView<const float> background, const PixelBox& support, const BackgroundRegion& region,
                   const ScrRule& rule, const Mask* others) {
  PixelSums sums;
  const PixelBox& window = region.window;
  if (!window.empty()) sums.origin = std::floor(static_cast<double>(background(window.y, window.x)));
  for (int y = window.y; y < window.bottom(); ++y) {
    const float* row = background.row(y);
    for (int x = window.x; x < window.right(); ++x) {
      if (support.Contains(x, y) || region.hole.Contains(x, y)) continue;
      if (others != nullptr && (*others)(y, x) > 127) continue;
      const auto value = static_cast<double>(row[x]);
      if (value != 0 || rule.zeros_are_background) sums.Add(value);
    }
  }
  return sums;
}

// About the mean, where squares cancel least; whole counts stay exact.
PixelSums Recentred(PixelSums sums) {
  if (sums.count == 0) return sums;
  const auto n = static_cast<double>(sums.count);
  const double shift = std::floor(sums.sum / n);
  sums.squares += shift * (n * shift - 2 * sums.sum);
  sums.sum -= n * shift;
  sums.origin += shift;
  return sums;
}

// The whole frame's sums without the support and the other targets.
PixelSums TakeOut(PixelSums sums, ImageView<const float> background, const PixelBox& support, const Mask* others) {
  for (int y = support.y; y < support.bottom(); ++y) {
    for (int x = support.x; x < support.right(); ++x) sums.Remove(static_cast<double>(background(y, x)));
  }
  if (others == nullptr) return sums;
  for (int y = 0; y < background.height(); ++y) {
    for (int x = 0; x < background.width(); ++x) {
      if ((*others)(y, x) > 127 && !support.Contains(x, y)) sums.Remove(static_cast<double>(background(y, x)));
    }
  }
  return sums;
}

}  // namespace

ScrProblem MakeProblem(ImageView<const float> background, const TargetSupport& support, CountLimits limits,
                       const ScrRule& rule, const Mask* others, const PixelSums* frame_sums) {
  ScrProblem problem;
  problem.limits = limits;
  problem.rule = rule;
  const PixelBox mask_box = BoundingBox(support.mask);
  const BackgroundRegion region =
      RegionOf(rule, {mask_box.x + support.box.x, mask_box.y + support.box.y, mask_box.width, mask_box.height},
               background.height(), background.width());
  for (int y = 0; y < support.box.height; ++y) {
    for (int x = 0; x < support.box.width; ++x) {
      const int row = support.box.y + y, column = support.box.x + x;
      const ScrProblem::Pixel pixel{support.base(y, x), static_cast<double>(support.contrast(y, x))};
      if (support.mask(y, x) > 127) {
        problem.mask.push_back(pixel);
      } else if (region.window.Contains(column, row) && !region.hole.Contains(column, row) &&
                 (others == nullptr || (*others)(row, column) <= 127)) {
        problem.leak.push_back(pixel);
      }
    }
  }
  const bool known = rule.background == ScrRule::Background::kGlobal && frame_sums != nullptr;
  const PixelSums fixed = Recentred(known ? TakeOut(*frame_sums, background, support.box, others)
                                          : SumFixed(background, support.box, region, rule, others));
  problem.fixed_count = static_cast<int>(fixed.count);
  problem.origin = fixed.origin;
  problem.fixed_sum = fixed.sum;
  problem.fixed_squares = fixed.squares;
  return problem;
}

ScrMeasurement Measure(const ScrProblem& p, double gain) {
  const auto value_of = [&](const ScrProblem::Pixel& pixel) {
    return std::clamp(pixel.base + gain * pixel.slope, p.limits.low, p.limits.high);
  };
  ScrMeasurement m;
  m.target_px = static_cast<int>(p.mask.size());
  double highest = p.limits.low, lowest = p.limits.high;
  for (const auto& pixel : p.mask) {
    const double value = value_of(pixel);
    m.mean_target += value;
    highest = std::max(highest, value);
    lowest = std::min(lowest, value);
  }
  m.mean_target /= m.target_px;
  m.target_value = p.rule.statistic == ScrRule::Statistic::kMean      ? m.mean_target
                   : p.rule.statistic == ScrRule::Statistic::kHighest ? highest
                                                                      : lowest;
  double sum = p.fixed_sum, squares = p.fixed_squares;
  int count = p.fixed_count;
  for (const auto& pixel : p.leak) {
    const double value = value_of(pixel);
    if (value == 0 && !p.rule.zeros_are_background) continue;
    sum += value - p.origin;
    squares += (value - p.origin) * (value - p.origin);
    ++count;
  }
  m.background_px = count;
  double variance = 0;
  if (count > 0) {
    const double mean = sum / count;
    m.mean_background = mean + p.origin;
    variance = std::max(0.0, squares / count - mean * mean);
  }
  m.sigma_background = std::max(p.rule.sigma_floor, std::sqrt(variance));
  m.scr = std::abs(m.target_value - m.mean_background) / (m.sigma_background + p.rule.sigma_offset);
  if (count == 0 && p.rule.background != ScrRule::Background::kBox20) m.scr = std::numeric_limits<double>::quiet_NaN();
  return m;
}

double ClippedShare(const ScrProblem& p, double gain) {
  const auto clipped = std::count_if(p.mask.begin(), p.mask.end(), [&](const ScrProblem::Pixel& pixel) {
    const double value = pixel.base + gain * pixel.slope;
    return value < p.limits.low || value > p.limits.high;
  });
  return static_cast<double>(clipped) / static_cast<double>(p.mask.size());
}

}  // namespace mirst
