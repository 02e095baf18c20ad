#include "generator/registration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/calib3d.hpp>
#include <opencv2/core.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <optional>

#include "core/error.h"
#include "core/median.h"
#include "core/parallel.h"
#include "core/units.h"
#include "datasets/inspect_motion.h"

namespace mirst {
namespace {

constexpr double kSmoothing_px = 1.2;
constexpr int kBlock_px = 32;

cv::Mat Matrix(Image<float> image) {  // a copy: OpenCV has no read-only matrix
  return cv::Mat(image.height(), image.width(), CV_32F, image.data()).clone();
}

cv::Mat Smoothed(const Image<float>& image) {
  cv::Mat smooth;
  cv::GaussianBlur(Matrix(image), smooth, {}, kSmoothing_px);
  return smooth;
}

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

std::optional<Homography> ByPhase(const Image<float>& first, const Image<float>& second) {
  const FrameShift shift = RegisterFrames(first, second);
  return Homography{1, 0, shift.shift_px.x, 0, 1, shift.shift_px.y, 0, 0, 1};
}

// A rotation and shift, then any affine map, where that fits better.
std::optional<Homography> ByEcc(const Image<float>& first, const Image<float>& second) {
  const cv::Mat a = Matrix(first), b = Matrix(second);
  const Vec2 start = RegisterFrames(first, second).shift_px;
  cv::Mat warp = (cv::Mat_<float>(2, 3) << 1, 0, static_cast<float>(start.x), 0, 1, static_cast<float>(start.y));
  const cv::TermCriteria until(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 30, 1e-6);
  try {
    for (const int model : {cv::MOTION_EUCLIDEAN, cv::MOTION_AFFINE})
      cv::findTransformECC(a, b, warp, model, until, cv::noArray(), 5);
  } catch (const cv::Exception&) {  // it does not converge, or there is nothing to converge on
    return std::nullopt;
  }
  Homography map = kIdentity;
  for (int i = 0; i < 6; ++i) map[static_cast<std::size_t>(i)] = static_cast<double>(warp.at<float>(i / 3, i % 3));
  return map;
}

cv::Mat Bytes(const Image<float>& image) {
  cv::Mat bytes;
  cv::normalize(Smoothed(image), bytes, 0, 255, cv::NORM_MINMAX, CV_8U);
  return bytes;
}

std::optional<Homography> ByFeatures(const Image<float>& first, const Image<float>& second) {
  constexpr int kFeatures = 1000;
  constexpr std::size_t kFewestMatches = 12;
  constexpr double kInlier_px = 1.5;
  const cv::Ptr<cv::ORB> orb = cv::ORB::create(kFeatures, 1.2F, 6, 15, 0, 2, cv::ORB::HARRIS_SCORE, 31, 8);
  std::vector<cv::KeyPoint> points_a, points_b;
  cv::Mat words_a, words_b;
  orb->detectAndCompute(Bytes(first), cv::noArray(), points_a, words_a);
  orb->detectAndCompute(Bytes(second), cv::noArray(), points_b, words_b);
  if (points_a.size() < kFewestMatches || points_b.size() < kFewestMatches) return std::nullopt;
  std::vector<cv::DMatch> matches;
  cv::BFMatcher(cv::NORM_HAMMING, true).match(words_a, words_b, matches);
  std::vector<cv::Point2f> from, to;
  for (const cv::DMatch& match : matches) {
    from.push_back(points_a[static_cast<std::size_t>(match.queryIdx)].pt);
    to.push_back(points_b[static_cast<std::size_t>(match.trainIdx)].pt);
  }
  if (from.size() < kFewestMatches) return std::nullopt;
  cv::Mat inliers;
  const cv::Mat found = cv::findHomography(from, to, cv::RANSAC, kInlier_px, inliers, 2000, 0.999);
  if (found.empty() || cv::countNonZero(inliers) < static_cast<int>(kFewestMatches)) return std::nullopt;
  cv::Mat refined;
  found.convertTo(refined, CV_32F);
  try {
    const cv::TermCriteria until(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 30, 1e-6);
    cv::findTransformECC(Matrix(first), Matrix(second), refined, cv::MOTION_HOMOGRAPHY, until, cv::noArray(), 5);
  } catch (const cv::Exception&) {
    found.convertTo(refined, CV_32F);  // the features alone, then
  }
  Homography map{};
  for (int i = 0; i < 9; ++i) map[static_cast<std::size_t>(i)] = static_cast<double>(refined.at<float>(i / 3, i % 3));
  return std::abs(map[8]) > 1e-6 ? std::optional(map) : std::nullopt;
}

std::optional<Homography> FindMap(const Image<float>& first, const Image<float>& second, RegistrationMethod method) {
  try {
    switch (method) {
      case RegistrationMethod::kPhase:
        return ByPhase(first, second);
      case RegistrationMethod::kEcc:
        return ByEcc(first, second);
      case RegistrationMethod::kFeatures:
        return ByFeatures(first, second);
      case RegistrationMethod::kNone:
      case RegistrationMethod::kAuto:
        break;
    }
  } catch (const cv::Exception& error) {
    throw InternalError(fmt::format("registration: {}", error.what()));
  }
  throw InternalError("a registration by no method");
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
    constexpr double kCorrelated_px = 4 * kPi * kSmoothing_px * kSmoothing_px;
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

// The map with its shift refined (Gauss-Newton), and how far the aligned frames still are from each other.
PairMotion Judged(const cv::Mat& first, const cv::Mat& second, Homography map) {
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
  const std::optional<Homography> map = FindMap(first, second, method);
  PairMotion motion = Judged(Smoothed(first), Smoothed(second), map ? Rounded(*map) : kIdentity);
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
