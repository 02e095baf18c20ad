#include "generator/find_homography.h"

#include <fmt/format.h>

#include <cmath>
#include <opencv2/calib3d.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <vector>

#include "core/error.h"
#include "datasets/inspect_motion.h"

namespace mirst {
namespace {

cv::Mat Matrix(Image<float> image) {  // a copy: OpenCV has no read-only matrix
  return cv::Mat(image.height(), image.width(), CV_32F, image.data()).clone();
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
  cv::normalize(Matrix(SmoothedForRegistration(image)), bytes, 0, 255, cv::NORM_MINMAX, CV_8U);
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

}  // namespace

Image<float> SmoothedForRegistration(const Image<float>& image) {
  Image<float> smooth(image.height(), image.width());
  cv::Mat view(image.height(), image.width(), CV_32F, smooth.data());
  cv::GaussianBlur(Matrix(image), view, {}, kRegistrationSmoothing_px);
  return smooth;
}

std::optional<Homography> FindHomography(const Image<float>& first, const Image<float>& second,
                                         RegistrationMethod method) {
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

}  // namespace mirst
