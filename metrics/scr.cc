#include "metrics/scr.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

PixelBox RequireTarget(const PixelBox& box) {
  if (box.empty()) throw BadInput("the target mask is empty: no SCR can be measured");
  return box;
}

// The target's mean and extreme.
struct TargetValues {
  int count = 0;
  double mean = 0;
  double highest = -std::numeric_limits<double>::infinity();
  double lowest = std::numeric_limits<double>::infinity();
};

TargetValues ValuesOf(const TargetInImage& target) {
  TargetValues values;
  for (int y = target.box.y; y < target.box.bottom(); ++y) {
    for (int x = target.box.x; x < target.box.right(); ++x) {
      if (target.target(y, x) <= 127) continue;
      const double value = target(y, x);
      values.mean += value;
      values.highest = std::max(values.highest, value);
      values.lowest = std::min(values.lowest, value);
      ++values.count;
    }
  }
  values.mean /= values.count;
  return values;
}

ScrMeasurement Combine(const TargetValues& target, std::int64_t background_px, double mean_background, double sigma,
                       const ScrRule& rule) {
  ScrMeasurement m;
  m.target_px = target.count;
  m.background_px = static_cast<int>(background_px);
  m.mean_target = target.mean;
  m.mean_background = mean_background;
  m.sigma_background = std::max(rule.sigma_floor, sigma);
  m.target_value = m.mean_target;
  if (rule.statistic == ScrRule::Statistic::kHighest) m.target_value = target.highest;
  if (rule.statistic == ScrRule::Statistic::kLowest) m.target_value = target.lowest;
  const double contrast = std::abs(m.target_value - m.mean_background);
  m.scr = contrast == 0 ? 0 : contrast / (m.sigma_background + rule.sigma_offset);
  if (background_px == 0 && rule.background != ScrRule::Background::kBox20)
    m.scr = std::numeric_limits<double>::quiet_NaN();
  if (rule.decibel) m.scr = 20 * std::log10(m.scr);
  return m;
}

ScrMeasurement Combine(const TargetValues& target, const PixelSums& background, const ScrRule& rule) {
  return Combine(target, background.count, background.mean(), background.sigma(), rule);
}

void Join(PixelSums& all, const PixelSums& part) {
  all.count += part.count;
  all.sum += part.sum;
  all.squares += part.squares;
}
void Separate(PixelSums& all, const PixelSums& part) {
  all.count -= part.count;
  all.sum -= part.sum;
  all.squares -= part.squares;
}

// Frames around the target's box, from its middle outwards: up to 3, 5, 10 and 20 px from it.
constexpr std::array<int, 4> kRingEnds = {3, 5, 10, Box20Rule::kMarginPx};

struct WindowSums {
  std::array<PixelSums, kRingEnds.size()> rings;
  PixelSums not_box20;  ///< of them: the image's last row and column, and zeros where they do not count
};

std::size_t RingAt(int distance) {
  std::size_t ring = 0;
  while (distance > kRingEnds[ring]) ++ring;
  return ring;
}

WindowSums SumRings(const TargetInImage& target, Box20Rule rule) {
  const int height = target.image.height(), width = target.image.width();
  const PixelBox window = Intersect(Grow(target.box, Box20Rule::kMarginPx), {0, 0, width, height});
  WindowSums sums;
  const double origin = std::floor(target(window.y, window.x));
  for (PixelSums& ring : sums.rings) ring.origin = origin;
  sums.not_box20.origin = origin;
  std::vector<double> values(static_cast<std::size_t>(window.width));
  std::vector<std::size_t> column_rings;
  for (int x = window.x; x < window.right(); ++x)
    column_rings.push_back(RingAt(std::max({0, target.box.x - x, x - target.box.right() + 1})));
  for (int y = window.y; y < window.bottom(); ++y) {
    const float* row = target.image.row(y) + window.x;
    std::transform(row, row + window.width, values.begin(), [](float value) { return static_cast<double>(value); });
    if (target.patch != nullptr && y >= target.patch_box.y && y < target.patch_box.bottom()) {
      for (int x = std::max(window.x, target.patch_box.x); x < std::min(window.right(), target.patch_box.right()); ++x)
        values[static_cast<std::size_t>(x - window.x)] = target(y, x);
    }
    const std::size_t row_ring = RingAt(std::max({0, target.box.y - y, y - target.box.bottom() + 1}));
    const std::uint8_t *own = target.target.row(y) + window.x, *all = target.all_targets.row(y) + window.x;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (own[i] > 127 || all[i] > 127) continue;
      sums.rings[std::max(row_ring, column_rings[i])].Add(values[i]);
      const bool last_line = y == height - 1 || window.x + static_cast<int>(i) == width - 1;
      if (last_line || (values[i] == 0 && !rule.zeros_are_background)) sums.not_box20.Add(values[i]);
    }
  }
  return sums;
}

PixelSums SumAllButTargets(const TargetInImage& target) {
  PixelSums sums;
  sums.origin = std::floor(target(0, 0));
  for (int y = 0; y < target.image.height(); ++y) {
    for (int x = 0; x < target.image.width(); ++x) {
      if (target.target(y, x) <= 127 && target.all_targets(y, x) <= 127) sums.Add(target(y, x));
    }
  }
  return sums;
}

}  // namespace

void PixelSums::Add(double value) {
  const double v = value - origin;
  ++count;
  sum += v;
  squares += v * v;
}
void PixelSums::Remove(double value) {
  const double v = value - origin;
  --count;
  sum -= v;
  squares -= v * v;
}
double PixelSums::mean() const { return count > 0 ? origin + sum / static_cast<double>(count) : 0; }
double PixelSums::sigma() const {
  if (count == 0) return 0;
  const auto n = static_cast<double>(count);
  return std::sqrt(std::max(0.0, n * squares - sum * sum)) / n;  // exact for a flat background of whole counts
}

PixelSums SumsOf(ImageView<const float> image) {
  PixelSums sums;
  if (image.height() == 0 || image.width() == 0) return sums;
  sums.origin = std::floor(static_cast<double>(image(0, 0)));
  // Each column has sums of its own, so that several go side by side: whole counts add up exactly in any order.
  std::vector<double> column_sums(static_cast<std::size_t>(image.width())), column_squares(column_sums.size());
  double *const sum = column_sums.data(), *const squares = column_squares.data();
  for (int y = 0; y < image.height(); ++y) {
    const float* const row = image.row(y);
    for (std::size_t x = 0; x < column_sums.size(); ++x) {
      const double value = static_cast<double>(row[x]) - sums.origin;
      sum[x] += value;
      squares[x] += value * value;
    }
  }
  sums.count = static_cast<std::int64_t>(image.height()) * image.width();
  sums.sum = std::accumulate(column_sums.begin(), column_sums.end(), 0.0);
  sums.squares = std::accumulate(column_squares.begin(), column_squares.end(), 0.0);
  return sums;
}

TargetInImage::TargetInImage(ImageView<const float> image_, const Mask& target_, const Mask& all_targets_)
    : TargetInImage(image_, target_, all_targets_, BoundingBox(target_)) {}

TargetInImage::TargetInImage(ImageView<const float> image_, const Mask& target_, const Mask& all_targets_,
                             const PixelBox& box_)
    : image(image_), target(target_), all_targets(all_targets_), box(RequireTarget(box_)) {}

PixelBox Box20Window(const PixelBox& box, int image_height, int image_width) {
  // The published rule ends at min(H - 1, ...), exclusive: at the lower and right border the last line stays out.
  const int left = std::max(0, box.x - Box20Rule::kMarginPx), top = std::max(0, box.y - Box20Rule::kMarginPx);
  const int right = std::min(image_width - 1, box.right() + Box20Rule::kMarginPx);
  const int bottom = std::min(image_height - 1, box.bottom() + Box20Rule::kMarginPx);
  return {left, top, right - left, bottom - top};
}

BackgroundRegion RegionOf(const ScrRule& rule, const PixelBox& target_box, int image_height, int image_width) {
  const PixelBox image{0, 0, image_width, image_height};
  switch (rule.background) {
    case ScrRule::Background::kBox20:
      return {Box20Window(target_box, image_height, image_width), {}};
    case ScrRule::Background::kBox:
      return {Intersect(Grow(target_box, rule.margin_px), image), {}};
    case ScrRule::Background::kGuard:
      return {Intersect(Grow(target_box, rule.margin_px), image), Grow(target_box, rule.guard_px)};
    case ScrRule::Background::kGlobal:
      break;
  }
  return {image, {}};
}

ScrMeasurement MeasureScr(const TargetInImage& target, const ScrRule& rule) {
  const BackgroundRegion region = RegionOf(rule, target.box, target.image.height(), target.image.width());
  const auto for_each_background = [&](auto&& visit) {
    for (int y = region.window.y; y < region.window.bottom(); ++y) {
      for (int x = region.window.x; x < region.window.right(); ++x) {
        if (target.target(y, x) > 127 || target.all_targets(y, x) > 127 || region.hole.Contains(x, y)) continue;
        const double value = target(y, x);
        if (rule.zeros_are_background || value != 0) visit(value);
      }
    }
  };
  std::int64_t count = 0;
  double mean = 0, squares = 0;
  for_each_background([&](double value) {
    mean += value;
    ++count;
  });
  if (count > 0) {
    mean /= static_cast<double>(count);
    for_each_background([&](double value) { squares += (value - mean) * (value - mean); });
    squares /= static_cast<double>(count);
  }
  return Combine(ValuesOf(target), count, mean, std::sqrt(squares), rule);
}

std::map<std::string, ScrMeasurement> MeasureEveryScr(const TargetInImage& target, Box20Rule rule, int polarity) {
  const TargetValues values = ValuesOf(target);
  const WindowSums sums = SumRings(target, rule);
  PixelSums guard = sums.rings[1], box = sums.rings[0];
  Join(guard, sums.rings[2]);
  std::map<std::string, ScrMeasurement> all;
  const auto measure = [&](const std::string& id, const PixelSums& background) {
    all.emplace(id, Combine(values, background, ScrRule::Named(id, rule, polarity)));
  };
  measure("guard3_10", guard);
  Join(box, sums.rings[1]);
  measure("bbox5", box);
  Join(box, sums.rings[2]);
  measure("bbox10", box);
  Join(box, sums.rings[3]);
  measure("bbox20", box);
  Separate(box, sums.not_box20);
  measure("box20", box);
  measure("peak", box);
  measure("db", box);
  measure("global", target.global_sums != nullptr ? *target.global_sums : SumAllButTargets(target));
  return all;
}

std::map<std::string, double> ScrValues(const TargetInImage& target, Box20Rule rule, int polarity) {
  std::map<std::string, double> values;
  for (const auto& [id, measured] : MeasureEveryScr(target, rule, polarity)) {
    if (std::isfinite(measured.scr)) values.emplace(id, measured.scr);
  }
  return values;
}

PixelSums GlobalSums(const PixelSums& background_sums, ImageView<const float> background, const TargetInImage& target,
                     std::span<const PixelBox> supports) {
  PixelSums sums = background_sums;
  for (std::size_t i = 0; i < supports.size(); ++i) {
    for (int y = supports[i].y; y < supports[i].bottom(); ++y) {
      for (int x = supports[i].x; x < supports[i].right(); ++x) {
        const auto earlier = supports.first(i);
        if (std::any_of(earlier.begin(), earlier.end(), [&](const PixelBox& box) { return box.Contains(x, y); }))
          continue;
        sums.Remove(static_cast<double>(background(y, x)));
        if (target.target(y, x) <= 127 && target.all_targets(y, x) <= 127) sums.Add(target(y, x));
      }
    }
  }
  return sums;
}

ScrMeasurement MeasureBox20(ImageView<const float> image, const Mask& target, const Mask& all_targets, Box20Rule rule) {
  return MeasureScr({image, target, all_targets}, rule);
}

double RoundingBound(const ScrRule& rule, int target_px, double sigma_background) {
  const int pixels = rule.statistic == ScrRule::Statistic::kMean ? target_px : 1;
  return 1 / (2.0 * pixels * sigma_background);
}

double ScrDelta(ImageView<const float> image, ImageView<const float> background, const Mask& target,
                double sigma_background, double sigma_offset) {
  const PixelBox box = RequireTarget(BoundingBox(target));
  double sum = 0;
  int count = 0;
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) {
      if (target(y, x) <= 127) continue;
      sum += static_cast<double>(image(y, x)) - static_cast<double>(background(y, x));
      ++count;
    }
  }
  return sum / count / (sigma_background + sigma_offset);
}

}  // namespace mirst
