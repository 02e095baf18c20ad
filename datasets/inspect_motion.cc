#include "datasets/inspect_motion.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

cv::Mat Smoothed(Image<float> frame, double sigma_px) {  // a copy: OpenCV has no read-only matrix
  cv::Mat smooth;
  cv::GaussianBlur(cv::Mat(frame.height(), frame.width(), CV_32F, frame.data()), smooth, {}, sigma_px);
  return smooth;
}

cv::Mat Half(const cv::Mat& image) {
  cv::Mat half;
  cv::resize(image, half, {}, 0.5, 0.5, cv::INTER_AREA);
  return half;
}

bool IsFlat(const cv::Mat& image) {
  double low = 0, high = 0;
  cv::minMaxLoc(image, &low, &high);
  return high - low < 1e-3;
}

cv::Rect OverlapAt(Vec2 shift, const cv::Mat& image) {
  const int dx = static_cast<int>(std::lround(shift.x)), dy = static_cast<int>(std::lround(shift.y));
  const cv::Rect frame(0, 0, image.cols, image.rows);
  return frame & (frame - cv::Point(dx, dy));  // in the first frame
}

/// Correlation of a at p with b at p + shift, shift rounded to whole pixels; 0 where less than a quarter overlaps.
double CorrelationAt(const cv::Mat& a, const cv::Mat& b, Vec2 shift) {
  const cv::Rect first = OverlapAt(shift, a);
  if (4.0 * first.area() < static_cast<double>(a.total())) return 0;
  const cv::Rect second =
      first + cv::Point(static_cast<int>(std::lround(shift.x)), static_cast<int>(std::lround(shift.y)));
  cv::Mat correlation;
  cv::matchTemplate(a(first), b(second), correlation, cv::TM_CCOEFF_NORMED);
  const double value = static_cast<double>(correlation.at<float>(0));
  return std::isfinite(value) ? value : 0;
}

/// Phase correlation at half the resolution, where the fixed pattern of single pixels does not vote for "no shift".
Vec2 CoarseShift(const cv::Mat& a, const cv::Mat& b) {
  const cv::Mat first = Half(a), second = Half(b);
  cv::Mat window;
  cv::createHanningWindow(window, first.size(), CV_32F);
  const cv::Point2d shift = cv::phaseCorrelate(first, second, window);
  const Vec2 found{2 * shift.x, 2 * shift.y};
  return CorrelationAt(a, b, found) > CorrelationAt(a, b, {}) ? found : Vec2{};
}

double ResidualAt(const cv::Mat& a, const cv::Mat& b, Vec2 shift) {
  cv::Mat moved, difference;
  const cv::Mat warp = (cv::Mat_<double>(2, 3) << 1, 0, shift.x, 0, 1, shift.y);
  cv::warpAffine(b, moved, warp, b.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  const cv::Rect overlap = OverlapAt(shift, a);
  if (overlap.empty()) return 0;
  cv::Scalar mean, sigma;
  cv::meanStdDev(moved(overlap) - a(overlap), mean, sigma);
  return sigma[0];
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double StructureShare(Image<float> frame) {
  cv::Scalar mean, coarse, all;
  cv::meanStdDev(Smoothed(frame, 4), mean, coarse);
  cv::meanStdDev(cv::Mat(frame.height(), frame.width(), CV_32F, frame.data()), mean, all);
  return all[0] > 0 ? coarse[0] * coarse[0] / (all[0] * all[0]) : 0;
}

}  // namespace

FrameShift RegisterFrames(const Image<float>& first, const Image<float>& second) {
  constexpr double kSmoothingPx = 1.2;
  const cv::Mat a = Smoothed(first, kSmoothingPx), b = Smoothed(second, kSmoothingPx);
  FrameShift result;
  if (IsFlat(a) || IsFlat(b)) return result;  // no phase, no correlation
  result.shift_px = CoarseShift(a, b);
  result.correlation = CorrelationAt(a, b, result.shift_px);
  try {
    cv::Mat warp = (cv::Mat_<float>(2, 3) << 1, 0, result.shift_px.x, 0, 1, result.shift_px.y);
    const double correlation =
        cv::findTransformECC(a, b, warp, cv::MOTION_TRANSLATION,
                             {cv::TermCriteria::COUNT | cv::TermCriteria::EPS, 20, 1e-4}, cv::noArray(), 1);
    if (correlation >= result.correlation - 0.02) {
      result.correlation = correlation;
      result.shift_px = {static_cast<double>(warp.at<float>(0, 2)), static_cast<double>(warp.at<float>(1, 2))};
    }
  } catch (const cv::Exception&) {  // it does not converge, or the frames are flat: the coarse shift stands
  }
  result.residual_counts = ResidualAt(a, b, result.shift_px);
  result.registered = result.correlation >= kLeastCorrelation;
  return result;
}

std::vector<Vec2> ScenePositions(const MotionStatistics& motion) {
  std::vector<Vec2> positions(motion.shifts.size() + 1);
  for (std::size_t i = 0; i < motion.shifts.size(); ++i)
    positions[i + 1] = motion.shifts[i].registered ? positions[i] - motion.shifts[i].shift_px : positions[i];
  return positions;
}

MotionStatistics MeasureMotion(FrameSpan frames) {
  MotionStatistics motion;
  if (frames.empty()) throw InternalError("motion of no frames");
  motion.structure_share = StructureShare(frames[frames.size() / 2]);
  if (frames.size() < 2) return motion;
  motion.shifts.resize(frames.size() - 1);
  ParallelFor(motion.shifts.size(),
              [&](std::size_t i) { motion.shifts[i] = RegisterFrames(frames[i], frames[i + 1]); });

  std::vector<double> lengths, correlations, residuals;
  for (const FrameShift& shift : motion.shifts) {
    correlations.push_back(shift.correlation);
    residuals.push_back(shift.residual_counts);
    if (shift.registered) lengths.push_back(std::hypot(shift.shift_px.x, shift.shift_px.y));
  }
  motion.median_shift_px = Median(lengths);
  motion.largest_shift_px = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  motion.median_correlation = Median(correlations);
  motion.median_residual_counts = Median(residuals);
  motion.failed_share = 1 - static_cast<double>(lengths.size()) / static_cast<double>(motion.shifts.size());
  const std::vector<Vec2> path = ScenePositions(motion);
  const auto extent = [&](double Vec2::*axis) {
    const auto [low, high] =
        std::minmax_element(path.begin(), path.end(), [&](Vec2 p, Vec2 q) { return p.*axis < q.*axis; });
    return (*high).*axis - (*low).*axis;
  };
  motion.travel_px = std::hypot(extent(&Vec2::x), extent(&Vec2::y));
  return motion;
}

}  // namespace mirst
