#include "generator/registration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/median.h"
#include "core/parallel.h"
#include "core/units.h"
#include "generator/find_homography.h"

namespace mirst {
namespace {

constexpr int kBlock_px = 32;

double OnGrid(double value, double step) { return std::floor(value / step + 0.5) * step; }

Homography Rounded(Homography map) {
  constexpr double kShift = 1.0 / 1024, kTurn = 1.0 / (1 << 20), kTilt = 1.0 / (1 << 28);
  for (std::size_t i = 0; i < 8; ++i) {
    const double value = map[i] / map[8];
    map[i] = OnGrid(value, i >= 6 ? kTilt : i % 3 == 2 ? kShift : kTurn);
  }
  map[8] = 1;
  return map;
}

// Normal equations of the displacement that is left. The gradients of both frames are multiplied with each other:
// noise, which differs, adds nothing to them in the mean, so that a bare scene is known by its small determinant.
struct Displacement {
  double xx = 0, xy = 0, yy = 0, dx = 0, dy = 0, difference = 0;
  int pixels = 0;

  void Add(const Displacement& other) {
    xx += other.xx;
    xy += other.xy;
    yy += other.yy;
    dx += other.dx;
    dy += other.dy;
    difference += other.difference;
    pixels += other.pixels;
  }
  double LeastEigenvalue() const { return 0.5 * (xx + yy) - std::sqrt(0.25 * (xx - yy) * (xx - yy) + xy * xy); }
  // Along the worse direction; the differences are correlated over the area of the smoothing.
  double Uncertainty() const {
    constexpr double kCorrelated_px = 4 * kPi * kRegistrationSmoothing_px * kRegistrationSmoothing_px;
    const double least = LeastEigenvalue();
    if (!(least > 0) || pixels == 0) return 1e9;
    return std::sqrt(difference / pixels * kCorrelated_px / least);
  }
  Vec2 Solve() const {
    const double determinant = xx * yy - xy * xy;
    return {(yy * dx - xy * dy) / determinant, (xx * dy - xy * dx) / determinant};
  }
};

// Smoothed frames, the second as the first sees it with the first's mean and contrast; `seen`: where it has pixels.
struct AlignedPair {
  cv::Mat first, second, seen;
};

// Weights of Keys' cubic (IEEE T-ASSP 29, 1981) for a place `t` of the way from the second of four pixels to the third.
std::array<double, 4> CubicWeights(double t) {
  return {t * (t * (1 - 0.5 * t) - 0.5), 1 + t * t * (1.5 * t - 2.5), t * (0.5 + t * (2 - 1.5 * t)),
          t * t * 0.5 * (t - 1)};
}

float CubicAt(const cv::Mat& image, int column, int row, const std::array<double, 4>& across,
              const std::array<double, 4>& down) {
  double value = 0;
  for (int v = 0; v < 4; ++v) {
    const float* pixels = image.ptr<float>(row - 1 + v) + column - 1;
    double line = 0;
    for (int u = 0; u < 4; ++u) line += across[static_cast<std::size_t>(u)] * static_cast<double>(pixels[u]);
    value += down[static_cast<std::size_t>(v)] * line;
  }
  return static_cast<float>(value);
}

// Not by OpenCV's warps, which know places to 1/32 px alone: over a sequence that adds up.
AlignedPair Align(const cv::Mat& first, const cv::Mat& second, const Homography& second_from_first) {
  constexpr int kBorder = 4;  // of the smoothing
  AlignedPair pair{first, cv::Mat::zeros(first.size(), CV_32F), cv::Mat::zeros(first.size(), CV_8U)};
  for (int y = kBorder; y < first.rows - kBorder; ++y) {
    for (int x = kBorder; x < first.cols - kBorder; ++x) {
      const Vec2 p = Apply(second_from_first, {static_cast<double>(x), static_cast<double>(y)});
      if (!(p.x >= kBorder && p.y >= kBorder && p.x < first.cols - kBorder && p.y < first.rows - kBorder)) continue;
      const int column = static_cast<int>(p.x), row = static_cast<int>(p.y);
      pair.second.at<float>(y, x) = CubicAt(second, column, row, CubicWeights(p.x - column), CubicWeights(p.y - row));
      pair.seen.at<std::uint8_t>(y, x) = 255;
    }
  }
  cv::Scalar mean_a, sigma_a, mean_b, sigma_b;
  cv::meanStdDev(pair.first, mean_a, sigma_a, pair.seen);
  cv::meanStdDev(pair.second, mean_b, sigma_b, pair.seen);
  const double gain = sigma_b[0] > 0 ? sigma_a[0] / sigma_b[0] : 1;
  pair.second.convertTo(pair.second, CV_32F, gain, mean_a[0] - gain * mean_b[0]);
  cv::erode(pair.seen, pair.seen, cv::Mat::ones(3, 3, CV_8U));  // gradients reach a pixel farther
  return pair;
}

Displacement DisplacementIn(const AlignedPair& pair, const cv::Rect& block) {
  Displacement sums;
  for (int y = block.y; y < block.y + block.height; ++y) {
    for (int x = block.x; x < block.x + block.width; ++x) {
      if (pair.seen.at<std::uint8_t>(y, x) == 0) continue;
      const auto gradient = [&](const cv::Mat& m) {
        return Vec2{0.5 * (static_cast<double>(m.at<float>(y, x + 1)) - static_cast<double>(m.at<float>(y, x - 1))),
                    0.5 * (static_cast<double>(m.at<float>(y + 1, x)) - static_cast<double>(m.at<float>(y - 1, x)))};
      };
      const Vec2 a = gradient(pair.first), b = gradient(pair.second), mean = 0.5 * (a + b);
      const double difference =
          static_cast<double>(pair.first.at<float>(y, x)) - static_cast<double>(pair.second.at<float>(y, x));
      sums.Add({a.x * b.x, 0.5 * (a.x * b.y + a.y * b.x), a.y * b.y, mean.x * difference, mean.y * difference,
                difference * difference, 1});
    }
  }
  return sums;
}

std::vector<Displacement> DisplacementsOfBlocks(const AlignedPair& pair) {
  const int columns = (pair.first.cols - 2) / kBlock_px, rows = (pair.first.rows - 2) / kBlock_px;
  const int left = (pair.first.cols - columns * kBlock_px) / 2, top = (pair.first.rows - rows * kBlock_px) / 2;
  std::vector<Displacement> blocks;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      blocks.push_back(DisplacementIn(pair, {left + column * kBlock_px, top + row * kBlock_px, kBlock_px, kBlock_px}));
    }
  }
  return blocks;
}

Displacement SumOf(const std::vector<Displacement>& blocks) {
  Displacement all;
  for (const Displacement& block : blocks) all.Add(block);
  return all;
}

double Length(Vec2 v) { return std::sqrt(v.x * v.x + v.y * v.y); }

// Of smoothed frames: the map with its shift refined (Gauss-Newton), and how far the aligned frames still are from each
// other.
PairMotion Judged(Image<float> first_frame, Image<float> second_frame, Homography map) {
  const cv::Mat first(first_frame.height(), first_frame.width(), CV_32F, first_frame.data());
  const cv::Mat second(second_frame.height(), second_frame.width(), CV_32F, second_frame.data());
  constexpr double kBlockTells_px = 0.3, kFarthestStep_px = 1;
  constexpr int kSteps = 3;
  PairMotion motion;
  std::vector<Displacement> blocks;
  for (int step = 0; step <= kSteps; ++step) {
    if (step == kSteps) map = Rounded(map);
    blocks = DisplacementsOfBlocks(Align(first, second, map));
    const Displacement all = SumOf(blocks);
    motion.uncertainty_px = all.Uncertainty();
    motion.registered = motion.uncertainty_px <= kMostUncertain_px && 4 * all.pixels >= first.rows * first.cols;
    if (step == kSteps || !motion.registered) break;
    const Vec2 d = all.Solve();
    if (Length(d) > kFarthestStep_px) break;
    map = Homography{1, 0, d.x, 0, 1, d.y, 0, 0, 1} * map;
  }
  motion.second_from_first = Rounded(map);
  if (!motion.registered) return motion;
  std::vector<double> left;
  for (const Displacement& block : blocks) {
    if (2 * block.pixels >= kBlock_px * kBlock_px && block.Uncertainty() <= kBlockTells_px)
      left.push_back(Length(block.Solve()));
  }
  motion.residual_px = left.empty() ? Length(SumOf(blocks).Solve()) : UpperMedian(left);
  return motion;
}

SceneMotion Chain(const std::vector<PairMotion>& pairs, RegistrationMethod method) {
  constexpr double kMostFailed = 0.1;
  SceneMotion motion;
  motion.method = method;
  std::vector<double> residuals, uncertainties;
  Homography step = kIdentity;
  motion.frame_from_scene.push_back(kIdentity);
  for (const PairMotion& pair : pairs) {
    if (pair.registered) {
      step = pair.second_from_first;
      residuals.push_back(pair.residual_px);
    }
    uncertainties.push_back(pair.uncertainty_px);
    motion.frame_from_scene.push_back(step * motion.frame_from_scene.back());
  }
  motion.failed_share = 1 - static_cast<double>(residuals.size()) / static_cast<double>(pairs.size());
  if (!residuals.empty()) motion.residual_px = OnGrid(UpperMedian(residuals), 1e-4);
  if (motion.failed_share > kMostFailed) {
    motion.reason = fmt::format(
        "{:.0f} % of its frames have too little structure in common with the one before (a shift "
        "is known to {:.2g} px, allowed: {})",
        100 * motion.failed_share, std::min(99.0, UpperMedian(uncertainties)), kMostUncertain_px);
  } else if (motion.residual_px > kMostResidual_px) {
    motion.reason =
        fmt::format("{:.2f} px are left between its frames, allowed: {}", motion.residual_px, kMostResidual_px);
  }
  motion.registered = motion.reason.empty();
  if (!motion.registered) motion.frame_from_scene.clear();
  return motion;
}

}  // namespace

std::string ToString(RegistrationMethod method) {
  constexpr std::array<const char*, 5> kNames = {"none", "phase", "ecc", "features", "auto"};
  return kNames.at(static_cast<std::size_t>(method));
}

Homography operator*(const Homography& a, const Homography& b) {
  Homography product{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      for (std::size_t k = 0; k < 3; ++k) product[3 * row + column] += a[3 * row + k] * b[3 * k + column];
    }
  }
  for (std::size_t i = 0; i < 8; ++i) product[i] /= product[8];
  product[8] = 1;
  return product;
}

Vec2 Apply(const Homography& map, Vec2 p) {
  const double w = map[6] * p.x + map[7] * p.y + map[8];
  return {(map[0] * p.x + map[1] * p.y + map[2]) / w, (map[3] * p.x + map[4] * p.y + map[5]) / w};
}

PairMotion RegisterPair(const Image<float>& first, const Image<float>& second, RegistrationMethod method) {
  const std::optional<Homography> map = FindHomography(first, second, method);
  PairMotion motion =
      Judged(SmoothedForRegistration(first), SmoothedForRegistration(second), map ? Rounded(*map) : kIdentity);
  motion.registered = motion.registered && map.has_value();
  return motion;
}

SceneMotion RegisterScene(std::span<const Frame> frames, RegistrationMethod method) {
  constexpr double kGood_px = 0.25;
  if (method == RegistrationMethod::kAuto) {
    SceneMotion best;
    for (const auto candidate : {RegistrationMethod::kPhase, RegistrationMethod::kEcc, RegistrationMethod::kFeatures}) {
      SceneMotion motion = RegisterScene(frames, candidate);
      const bool better = motion.registered && (!best.registered || motion.residual_px < best.residual_px);
      if (better || best.method == RegistrationMethod::kNone) best = std::move(motion);
      if (best.registered && best.residual_px <= kGood_px) break;
    }
    return best;
  }
  std::vector<PairMotion> pairs(frames.size() - 1);
  ParallelFor(pairs.size(),
              [&](std::size_t i) { pairs[i] = RegisterPair(frames[i].pixels, frames[i + 1].pixels, method); });
  return Chain(pairs, method);
}

}  // namespace mirst
