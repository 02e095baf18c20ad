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

cv::Mat ToOpenCv(const Homography& map) { return cv::Mat(3, 3, CV_64F, const_cast<double*>(map.data())).clone(); }

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
  const cv::TermCriteria until(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 60, 1e-6);
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
  Homography map{};
  for (int i = 0; i < 9; ++i) map[static_cast<std::size_t>(i)] = found.at<double>(i / 3, i % 3);
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

AlignedPair Align(const Image<float>& first, const Image<float>& second, const Homography& second_from_first) {
  constexpr int kBorder = 4;
  AlignedPair pair{Smoothed(first), {}, {}};
  const cv::Mat map = ToOpenCv(second_from_first);
  cv::warpPerspective(Smoothed(second), pair.second, map, pair.first.size(), cv::INTER_CUBIC | cv::WARP_INVERSE_MAP,
                      cv::BORDER_REPLICATE);
  cv::Mat inside = cv::Mat::zeros(pair.first.size(), CV_8U);
  inside(cv::Rect(kBorder, kBorder, inside.cols - 2 * kBorder, inside.rows - 2 * kBorder)) = 255;
  cv::warpPerspective(inside, pair.seen, map, pair.first.size(), cv::INTER_NEAREST | cv::WARP_INVERSE_MAP);
  pair.seen &= inside;
  cv::Scalar mean_a, sigma_a, mean_b, sigma_b;
  cv::meanStdDev(pair.first, mean_a, sigma_a, pair.seen);
  cv::meanStdDev(pair.second, mean_b, sigma_b, pair.seen);
  const double gain = sigma_b[0] > 0 ? sigma_a[0] / sigma_b[0] : 1;
  pair.second.convertTo(pair.second, CV_32F, gain, mean_a[0] - gain * mean_b[0]);
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

// How far the aligned frames still are from each other, block by block.
void Judge(const Image<float>& first, const Image<float>& second, PairMotion& motion) {
  constexpr double kBlockTells_px = 0.3;
  const AlignedPair pair = Align(first, second, motion.second_from_first);
  Displacement all;
  std::vector<double> left;
  for (int y = 1; y + kBlock_px < pair.first.rows; y += kBlock_px) {
    for (int x = 1; x + kBlock_px < pair.first.cols; x += kBlock_px) {
      const Displacement block = DisplacementIn(pair, {x, y, kBlock_px, kBlock_px});
      all.Add(block);
      if (2 * block.pixels < kBlock_px * kBlock_px || block.Uncertainty() > kBlockTells_px) continue;
      const Vec2 d = block.Solve();
      left.push_back(std::sqrt(d.x * d.x + d.y * d.y));
    }
  }
  motion.uncertainty_px = all.Uncertainty();
  const bool tells = motion.uncertainty_px <= kMostUncertain_px;
  if (!left.empty()) {
    motion.residual_px = UpperMedian(left);
  } else if (tells) {
    const Vec2 d = all.Solve();
    motion.residual_px = std::sqrt(d.x * d.x + d.y * d.y);
  }
  motion.registered = tells && 4 * all.pixels >= pair.first.rows * pair.first.cols;
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
  PairMotion motion;
  const std::optional<Homography> map = FindMap(first, second, method);
  motion.second_from_first = map ? Rounded(*map) : kIdentity;
  Judge(first, second, motion);
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
