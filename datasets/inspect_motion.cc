#include "datasets/inspect_motion.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "core/median.h"
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

/// The second frame as the first sees it.
cv::Mat MovedBack(const cv::Mat& b, Vec2 shift) {
  cv::Mat moved;
  const cv::Mat warp = (cv::Mat_<double>(2, 3) << 1, 0, shift.x, 0, 1, shift.y);
  cv::warpAffine(b, moved, warp, b.size(), cv::INTER_CUBIC | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return moved;
}

/// Where both frames have pixels, less a border for gradients and interpolation.
cv::Rect InnerOverlap(Vec2 shift, const cv::Mat& image) {
  constexpr int kBorder = 3;
  const cv::Rect overlap = OverlapAt(shift, image);
  if (overlap.width <= 4 * kBorder || overlap.height <= 4 * kBorder) return {};
  return {overlap.x + kBorder, overlap.y + kBorder, overlap.width - 2 * kBorder, overlap.height - 2 * kBorder};
}

/// Gauss-Newton steps on the squared difference, mean and gain of the second frame fitted too (a camera's AGC).
Vec2 RefinedShift(const cv::Mat& a, const cv::Mat& b, Vec2 shift) {
  constexpr int kMostSteps = 12;
  constexpr double kLastStepPx = 0.003, kFarthestPx = 3;
  const Vec2 start = shift;
  for (int step = 0; step < kMostSteps; ++step) {
    const cv::Rect part = InnerOverlap(shift, a);
    if (part.empty()) return start;
    const cv::Mat moved = MovedBack(b, shift);
    cv::Mat gx, gy;
    cv::Sobel(moved, gx, CV_32F, 1, 0, 1, 0.5);
    cv::Sobel(moved, gy, CV_32F, 0, 1, 1, 0.5);
    const cv::Mat x = gx(part), y = gy(part);
    const cv::Mat first = a(part) - cv::mean(a(part)), second = moved(part) - cv::mean(moved(part));
    const double variance = second.dot(second);
    if (variance <= 0) return start;
    const double gain = first.dot(second) / variance;
    const cv::Mat difference = first - gain * second;
    const double xx = gain * x.dot(x), xy = gain * x.dot(y), yy = gain * y.dot(y), dx = x.dot(difference),
                 dy = y.dot(difference), determinant = xx * yy - xy * xy;
    if (!(std::abs(determinant) > 1e-9 * xx * yy)) return start;
    const Vec2 move{(yy * dx - xy * dy) / determinant, (xx * dy - xy * dx) / determinant};
    shift = shift + move;
    if (!(std::hypot(shift.x - start.x, shift.y - start.y) < kFarthestPx)) return start;
    if (std::hypot(move.x, move.y) < kLastStepPx) break;
  }
  return shift;
}

/// Correlation and residual after a shift by parts of a pixel.
FrameShift Judged(const cv::Mat& a, const cv::Mat& b, Vec2 shift) {
  FrameShift result;
  result.shift_px = shift;
  const cv::Rect part = InnerOverlap(shift, a);
  if (4.0 * part.area() < static_cast<double>(a.total())) return result;
  const cv::Mat moved = MovedBack(b, shift);
  cv::Mat correlation;
  cv::matchTemplate(a(part), moved(part), correlation, cv::TM_CCOEFF_NORMED);
  const double value = static_cast<double>(correlation.at<float>(0));
  if (std::isfinite(value)) result.correlation = value;
  cv::Scalar mean, sigma;
  cv::meanStdDev(moved(part) - a(part), mean, sigma);
  result.residual_counts = sigma[0];
  result.registered = result.correlation >= kLeastCorrelation;
  return result;
}

double MedianOrZero(std::vector<double>& values) { return values.empty() ? 0 : UpperMedian(values); }

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
  if (IsFlat(a) || IsFlat(b)) return {};  // no phase, no correlation
  const Vec2 coarse = CoarseShift(a, b);
  const FrameShift start = Judged(a, b, coarse), refined = Judged(a, b, RefinedShift(a, b, coarse));
  return refined.correlation >= start.correlation ? refined : start;
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
  motion.median_shift_px = MedianOrZero(lengths);
  motion.largest_shift_px = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  motion.median_correlation = MedianOrZero(correlations);
  motion.median_residual_counts = MedianOrZero(residuals);
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
