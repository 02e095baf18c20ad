#include "metrics/target_patch.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "core/median.h"
#include "metrics/components.h"

namespace mirst {
namespace {

constexpr int kSurroundInnerPx = 2, kSurroundOuterPx = 8;
constexpr int kLeastArea = 4, kMostArea = 200;
constexpr double kLeastSigmas = 3;

struct Moments {
  double sum = 0, squares = 0, count = 0;
  void Add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double mean() const { return count > 0 ? sum / count : 0; }
  double deviation() const { return count > 0 ? std::sqrt(std::max(0.0, squares / count - mean() * mean())) : 0; }
};

// The mean step |I(p) - I(q)| between 4-neighbours p of level `level` or below and q above it.
double StepAcross(const TargetPatch& patch, const Image<int>& levels, int level) {
  Moments steps;
  for (int y = 0; y < levels.height(); ++y) {
    for (int x = 0; x < levels.width(); ++x) {
      const auto visit = [&](int row, int column) {
        if ((levels(y, x) <= level) == (levels(row, column) <= level)) return;
        steps.Add(std::abs(static_cast<double>(patch.image(y, x)) - static_cast<double>(patch.image(row, column))));
      };
      if (x + 1 < levels.width()) visit(y, x + 1);
      if (y + 1 < levels.height()) visit(y + 1, x);
    }
  }
  return steps.mean();
}

// What the mixed second difference [1 -2 1; -2 4 -2; 1 -2 1] leaves of a picture: noise, and little of smooth shapes.
double MixedDifference(const Image<float>& image, int y, int x) {
  const auto at = [&](int dy, int dx) { return static_cast<double>(image(y + dy, x + dx)); };
  return at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1) - 2 * (at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1)) +
         4 * at(0, 0);
}

// Shares of the energy of the patch's middle 16 x 16 px in four rings of the cosine transform, without the mean.
std::array<double, 4> SpectrumShares(const TargetPatch& patch) {
  constexpr int kSize = 16;
  const int top = (patch.image.height() - kSize) / 2, left = (patch.image.width() - kSize) / 2;
  std::array<std::array<double, kSize>, kSize> basis{}, half{};
  for (int k = 0; k < kSize; ++k) {
    for (int i = 0; i < kSize; ++i) {
      basis[static_cast<std::size_t>(k)][static_cast<std::size_t>(i)] =
          (k == 0 ? std::numbers::sqrt2 / 2 : 1) * std::cos(std::numbers::pi * (i + 0.5) * k / kSize);
    }
  }
  for (std::size_t y = 0; y < kSize; ++y) {
    for (std::size_t k = 0; k < kSize; ++k) {
      for (std::size_t i = 0; i < kSize; ++i) {
        half[y][k] +=
            basis[k][i] * static_cast<double>(patch.image(top + static_cast<int>(y), left + static_cast<int>(i)));
      }
    }
  }
  std::array<double, 4> energy{};
  double total = 0;
  for (std::size_t j = 0; j < kSize; ++j) {
    for (std::size_t k = 0; k < kSize; ++k) {
      if (j + k == 0) continue;
      double value = 0;
      for (std::size_t i = 0; i < kSize; ++i) value += basis[j][i] * half[i][k];
      const double radius = std::hypot(static_cast<double>(j), static_cast<double>(k));
      energy[radius < 3 ? 0 : radius < 6 ? 1 : radius < 10 ? 2 : 3] += value * value;
      total += value * value;
    }
  }
  for (double& share : energy) share = total > 0 ? share / total : 0;
  return energy;
}

constexpr std::array<std::string_view, kPatchFeatures> kNames = {
    "profile_inside", "profile_rim",  "profile_1", "profile_2",    "profile_3",       "profile_4",
    "profile_6",      "spread_rim",   "spread_1",  "spread_2",     "spread_3",        "peak",
    "step_inner",     "step_contour", "step_1",    "step_2",       "seam_ratio",      "noise_inside",
    "noise_rim",      "noise_near",   "flat_near", "spectrum_low", "spectrum_middle", "spectrum_high"};

}  // namespace

Image<int> ContourLevels(const Mask& mask) {
  const int height = mask.height(), width = mask.width();
  Image<int> levels(height, width, 0);
  const auto inside = [&](int y, int x) { return y >= 0 && x >= 0 && y < height && x < width && mask(y, x) > 127; };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool own = inside(y, x);
      int reach = 1;
      for (bool met = false; !met && reach < height + width; ++reach) {
        for (int row = y - reach; row <= y + reach && !met; ++row) {
          const bool edge = row == y - reach || row == y + reach;
          for (int column = x - reach; column <= x + reach && !met; column += edge ? 1 : 2 * reach)
            met = inside(row, column) != own;
        }
        if (met) break;
      }
      levels(y, x) = own ? 1 - reach : reach;
    }
  }
  return levels;
}

std::optional<TargetPatch> SegmentTarget(ImageView<const float> frame, const PixelBox& hint, int bit_depth) {
  const PixelBox whole{0, 0, frame.width(), frame.height()};
  const PixelBox core = Grow(hint, kSurroundInnerPx), outer = Grow(hint, kSurroundOuterPx);
  if (hint.empty() || !whole.Contains(outer)) return std::nullopt;
  std::vector<float> around;
  Moments spread;
  for (int y = outer.y; y < outer.bottom(); ++y) {
    for (int x = outer.x; x < outer.right(); ++x) {
      if (core.Contains(x, y)) continue;
      around.push_back(frame(y, x));
      spread.Add(static_cast<double>(frame(y, x)));
    }
  }
  TargetPatch patch;
  patch.mean_background = static_cast<double>(UpperMedian(around));
  double seed = 0;
  int seed_x = hint.x, seed_y = hint.y;
  for (int y = hint.y; y < hint.bottom(); ++y) {
    for (int x = hint.x; x < hint.right(); ++x) {
      const double value = static_cast<double>(frame(y, x)) - patch.mean_background;
      if (std::abs(value) <= std::abs(seed)) continue;
      seed = value;
      seed_x = x;
      seed_y = y;
    }
  }
  if (std::abs(seed) < kLeastSigmas * std::max(spread.deviation(), 0.5)) return std::nullopt;
  patch.polarity = seed > 0 ? 1 : -1;
  Mask candidates(core.height, core.width);
  for (int y = 0; y < core.height; ++y) {
    for (int x = 0; x < core.width; ++x) {
      const double value = static_cast<double>(frame(core.y + y, core.x + x)) - patch.mean_background;
      candidates(y, x) = patch.polarity * value >= 0.5 * std::abs(seed) ? 255 : 0;
    }
  }
  const Labelling labelling = LabelComponents(candidates);
  const Image<std::int32_t> labels = labelling.Labels();
  const std::int32_t label = labels(seed_y - core.y, seed_x - core.x);
  const Component& own = labelling.components[static_cast<std::size_t>(label - 1)];
  if (own.area_px < kLeastArea || own.area_px > kMostArea) return std::nullopt;
  if (own.box.x == 0 || own.box.y == 0 || own.box.right() == core.width || own.box.bottom() == core.height)
    return std::nullopt;
  patch.area_px = static_cast<int>(own.area_px);
  patch.box = Grow({core.x + own.box.x, core.y + own.box.y, own.box.width, own.box.height}, kPatchMarginPx);
  if (!whole.Contains(patch.box)) return std::nullopt;

  patch.image = Image<float>(patch.box.height, patch.box.width);
  patch.mask = Mask(patch.box.height, patch.box.width);
  Mask in_frame(frame.height(), frame.width());
  for (int y = 0; y < patch.box.height; ++y) {
    for (int x = 0; x < patch.box.width; ++x) {
      const int row = patch.box.y + y, column = patch.box.x + x;
      patch.image(y, x) = frame(row, column);
      if (!core.Contains(column, row) || labels(row - core.y, column - core.x) != label) continue;
      patch.mask(y, x) = in_frame(row, column) = 255;
      patch.contrast +=
          patch.polarity * (static_cast<double>(frame(row, column)) - patch.mean_background) / patch.area_px;
    }
  }
  Moments off;
  const Image<int> levels = ContourLevels(patch.mask);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels.data()[i] > 3) off.Add(static_cast<double>(patch.image.data()[i]));
  }
  patch.sigma = off.deviation();
  patch.scr = MeasureBox20(frame, in_frame, in_frame, Box20Rule::ForBitDepth(bit_depth)).scr;
  return patch;
}

double SeamRatio(const TargetPatch& patch) {
  const Image<int> levels = ContourLevels(patch.mask);
  const double outer = StepAcross(patch, levels, 2), inner = StepAcross(patch, levels, -2);
  const double parallel = inner > 0 ? 0.5 * (outer + inner) : outer;
  return parallel < 1e-6 ? 0 : StepAcross(patch, levels, 0) / parallel;
}

PatchFeatures FeaturesOf(const TargetPatch& patch) {
  const Image<int> levels = ContourLevels(patch.mask);
  const double scale = 1 / patch.contrast;
  std::array<Moments, 7> profile;  // levels < 0, 0, 1, 2, 3, 4 and 5, 6 to 8
  std::array<Moments, 3> noise;    // inside, at the rim (levels 0 and 1), 4 to 8 px off
  Moments flat;
  double peak = 0;
  for (int y = 1; y + 1 < levels.height(); ++y) {
    for (int x = 1; x + 1 < levels.width(); ++x) {
      const int level = levels(y, x);
      if (level > 8) continue;
      const double value = patch.polarity * (static_cast<double>(patch.image(y, x)) - patch.mean_background) * scale;
      peak = std::max(peak, value);
      const int ring = level < 0 ? 0 : level < 4 ? level + 1 : level < 6 ? 5 : 6;
      profile[static_cast<std::size_t>(ring)].Add(value);
      const double rough = std::abs(MixedDifference(patch.image, y, x)) * scale;
      if (level < 0) noise[0].Add(rough);
      if (level == 0 || level == 1) noise[1].Add(rough);
      if (level >= 4) noise[2].Add(rough);
      if (level >= 1) flat.Add(patch.image(y, x) == patch.image(y, x + 1) ? 1 : 0);
    }
  }
  const std::array<double, 4> spectrum = SpectrumShares(patch);
  const std::array<double, kPatchFeatures> values = {profile[0].mean(),
                                                     profile[1].mean(),
                                                     profile[2].mean(),
                                                     profile[3].mean(),
                                                     profile[4].mean(),
                                                     profile[5].mean(),
                                                     profile[6].mean(),
                                                     profile[1].deviation(),
                                                     profile[2].deviation(),
                                                     profile[3].deviation(),
                                                     profile[4].deviation(),
                                                     peak,
                                                     StepAcross(patch, levels, -1) * scale,
                                                     StepAcross(patch, levels, 0) * scale,
                                                     StepAcross(patch, levels, 1) * scale,
                                                     StepAcross(patch, levels, 2) * scale,
                                                     SeamRatio(patch),
                                                     noise[0].mean(),
                                                     noise[1].mean(),
                                                     noise[2].mean(),
                                                     flat.mean(),
                                                     spectrum[0],
                                                     spectrum[1],
                                                     spectrum[3]};
  PatchFeatures features{};
  std::transform(values.begin(), values.end(), features.begin(), [](double v) { return static_cast<float>(v); });
  return features;
}

std::string_view PatchFeatureName(std::size_t index) {
  if (index >= kNames.size()) throw InternalError("a patch has no such feature");
  return kNames[index];
}

}  // namespace mirst
