#include "datasets/label_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "metrics/components.h"

namespace mirst {
namespace {

constexpr int kGuardPx = 3, kOuterPx = 8;

template <class Labels>
std::vector<TargetPixels> Collect(const Labels& labels) {
  std::map<int, TargetPixels> targets;
  for (int y = 0; y < labels.height(); ++y) {
    const auto* row = labels.row(y);
    for (int x = 0; x < labels.width(); ++x) {
      if (row[x] == 0) continue;
      TargetPixels& target = targets[static_cast<int>(row[x])];
      target.box = Enclose(target.box, {x, y, 1, 1});
      target.yx.emplace_back(y, x);
    }
  }
  std::vector<TargetPixels> list;
  for (auto& [id, target] : targets) list.push_back(std::move(target));
  return list;
}

/// What lies around a target: the plane that fits best, so that a slope of the background is no contrast.
struct Surroundings {
  double x = 0, y = 0, mean = 0, slope_x = 0, slope_y = 0;
  double sigma = 1;  ///< of the values about the plane, at least one count
  double noise = 1;  ///< of a pixel beside its neighbour: rms difference / sqrt(2), at least one count
  double At(int row, int column) const { return mean + slope_x * (column - x) + slope_y * (row - y); }
};

std::optional<Surroundings> SurroundingsOf(ImageView<const float> image, const Mask& mask, const PixelBox& box) {
  const PixelBox guard = Grow(box, kGuardPx);
  const PixelBox outer = Intersect(Grow(box, kOuterPx), {0, 0, image.width(), image.height()});
  const auto is_around = [&](int y, int x) {
    return outer.Contains(x, y) && !guard.Contains(x, y) && mask(y, x) <= 127;
  };
  const auto for_each = [&](auto&& visit) {
    for (int y = outer.y; y < outer.bottom(); ++y) {
      for (int x = outer.x; x < outer.right(); ++x) {
        if (is_around(y, x)) visit(y, x, static_cast<double>(image(y, x)));
      }
    }
  };
  Surroundings around;
  double count = 0;
  for_each([&](int y, int x, double value) {
    around.x += x, around.y += y, around.mean += value;
    ++count;
  });
  if (count == 0) return std::nullopt;
  around.x /= count, around.y /= count, around.mean /= count;
  double xx = 0, xy = 0, yy = 0, xv = 0, yv = 0, differences = 0, pairs = 0;
  for_each([&](int y, int x, double value) {
    const double u = x - around.x, v = y - around.y, w = value - around.mean;
    xx += u * u, xy += u * v, yy += v * v, xv += u * w, yv += v * w;
    for (const auto& [next_y, next_x] : {std::pair(y + 1, x), std::pair(y, x + 1)}) {
      if (!is_around(next_y, next_x)) continue;
      const double difference = static_cast<double>(image(next_y, next_x)) - value;
      differences += difference * difference;
      ++pairs;
    }
  });
  // Pixels on one line define no plane.
  if (const double determinant = xx * yy - xy * xy; determinant > 1e-9 * xx * yy) {
    around.slope_x = (xv * yy - yv * xy) / determinant;
    around.slope_y = (yv * xx - xv * xy) / determinant;
  }
  double squares = 0;
  for_each([&](int y, int x, double value) { squares += (value - around.At(y, x)) * (value - around.At(y, x)); });
  around.sigma = std::max(1.0, std::sqrt(squares / count));
  if (pairs > 0) around.noise = std::max(1.0, std::sqrt(differences / pairs / 2));
  return around;
}

/// Mean over the target's pixels, moved by (dx, dy), of what they have above the surroundings; 0 outside of the image.
double MeanAbove(ImageView<const float> image, const Surroundings& around, const TargetPixels& target, int dx, int dy) {
  double sum = 0;
  for (const auto& [y, x] : target.yx) {
    const int row = y + dy, column = x + dx;
    if (row >= 0 && row < image.height() && column >= 0 && column < image.width())
      sum += static_cast<double>(image(row, column)) - around.At(row, column);
  }
  return sum / static_cast<double>(target.yx.size());
}

/// Pixels that belong to the target or to the shifted target, not to both.
double DifferingPixels(const std::set<std::pair<int, int>>& pixels, int dx, int dy) {
  double both = 0;
  for (const auto& [y, x] : pixels) both += pixels.contains({y + dy, x + dx}) ? 1 : 0;
  return 2 * (static_cast<double>(pixels.size()) - both);
}

}  // namespace

std::vector<TargetPixels> TargetsOf(const Image<std::uint16_t>& ids) { return Collect(ids); }
std::vector<TargetPixels> TargetsOf(const Mask& mask) {
  if (std::none_of(mask.begin(), mask.end(), [](std::uint8_t value) { return value > 127; })) return {};
  return Collect(LabelComponents(mask).Labels());
}

std::optional<double> ContrastOf(ImageView<const float> image, const Mask& mask, const TargetPixels& target) {
  const std::optional<Surroundings> around = SurroundingsOf(image, mask, target.box);
  if (!around) return std::nullopt;
  return MeanAbove(image, *around, target, 0, 0) / around->sigma;
}

void LabelFit::Add(ImageView<const float> image, const Mask& mask, const std::vector<TargetPixels>& targets) {
  for (const TargetPixels& target : targets) {
    const std::optional<Surroundings> around = SurroundingsOf(image, mask, target.box);
    if (!around) continue;
    const std::set<std::pair<int, int>> pixels(target.yx.begin(), target.yx.end());
    const auto count = static_cast<double>(pixels.size());
    std::array<double, kSide * kSide> contrast{};
    double strongest = 0;
    for (int i = 0; i < kSide * kSide; ++i) {
      const int dx = i % kSide - kShiftRadiusPx, dy = i / kSide - kShiftRadiusPx;
      const auto k = static_cast<std::size_t>(i);
      contrast[k] = MeanAbove(image, *around, target, dx, dy) / around->noise;
      variance_[k] += DifferingPixels(pixels, dx, dy) / (count * count);
      if (std::abs(contrast[k]) > std::abs(strongest)) strongest = contrast[k];
    }
    for (std::size_t k = 0; k < contrast.size(); ++k) contrast_[k] += strongest < 0 ? -contrast[k] : contrast[k];
    ++targets_;
  }
}

void LabelFit::Add(const LabelFit& other) {
  for (std::size_t k = 0; k < contrast_.size(); ++k) {
    contrast_[k] += other.contrast_[k];
    variance_[k] += other.variance_[k];
  }
  targets_ += other.targets_;
}

std::optional<LabelShift> LabelFit::Shift() const {
  const auto best = static_cast<std::size_t>(std::max_element(contrast_.begin(), contrast_.end()) - contrast_.begin());
  const double here = contrast_[contrast_.size() / 2], won = contrast_[best] - here;
  if (won <= 0) return std::nullopt;
  const int place = static_cast<int>(best);
  const LabelShift shift{place % kSide - kShiftRadiusPx, place / kSide - kShiftRadiusPx, here / targets_,
                         contrast_[best] / targets_, won / std::sqrt(variance_[best])};
  if (won < kLeastGain * contrast_[best] || shift.significance < kLeastSignificance) return std::nullopt;
  return shift;
}

}  // namespace mirst
