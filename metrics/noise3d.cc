#include "metrics/noise3d.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace mirst {
namespace {

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double SquaresAbout(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum;
}

// Means over the first index.
std::vector<double> MeanOver(const std::vector<std::vector<double>>& rows) {
  std::vector<double> means(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < means.size(); ++i) means[i] += row[i];
  }
  for (double& mean : means) mean /= static_cast<double>(rows.size());
  return means;
}

}  // namespace

void Noise3d::Add(const Image<float>& frame) {
  if (frames() == 0) {
    if (frame.empty()) throw InternalError("3-D noise of an empty frame");
    height_ = frame.height();
    width_ = frame.width();
    offset_ = frame(0, 0);
    pixel_sums_.assign(frame.size(), 0.0);
  } else if (frame.height() != height_ || frame.width() != width_) {
    throw InternalError("3-D noise of frames of different sizes");
  }
  std::vector<double> rows(static_cast<std::size_t>(height_)), columns(static_cast<std::size_t>(width_));
  for (int y = 0; y < height_; ++y) {
    const float* values = frame.row(y);
    double* sums = pixel_sums_.data() + static_cast<std::size_t>(y) * columns.size();
    double row_sum = 0, row_squares = 0;
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const double value = static_cast<double>(values[x]) - offset_;
      sums[x] += value;
      columns[x] += value;
      row_sum += value;
      row_squares += value * value;
    }
    rows[static_cast<std::size_t>(y)] = row_sum / width_;
    square_sum_ += row_squares;
  }
  for (double& column : columns) column /= height_;
  row_means_.push_back(std::move(rows));
  column_means_.push_back(std::move(columns));
}

double Noise3d::Mean() const {
  if (frames() == 0) throw InternalError("3-D noise without frames");
  return offset_ + MeanOf(MeanOver(row_means_));
}

double Noise3d::Total(Noise3dEstimator estimator) const {
  const double mean = Mean() - offset_, count = static_cast<double>(frames()) * height_ * width_;
  const double squares = std::max(0.0, square_sum_ - count * mean * mean);
  return std::sqrt(squares / (estimator == Noise3dEstimator::kSample ? count - 1 : count));
}

Noise3dComponents Noise3d::SumsOfSquares() const {
  const double mean = Mean() - offset_;
  const double t = static_cast<double>(frames()), v = height_, h = width_;
  std::vector<double> frame_means;
  for (const auto& rows : row_means_) frame_means.push_back(MeanOf(rows));
  const std::vector<double> rows = MeanOver(row_means_), columns = MeanOver(column_means_);

  Noise3dComponents squares;
  squares.t = SquaresAbout(frame_means, mean);
  squares.v = SquaresAbout(rows, mean);
  squares.h = SquaresAbout(columns, mean);
  // An array of two axes: its means less those of either axis.
  for (std::size_t frame = 0; frame < row_means_.size(); ++frame) {
    for (std::size_t y = 0; y < rows.size(); ++y) {
      const double value = row_means_[frame][y] - frame_means[frame] - rows[y] + mean;
      squares.tv += value * value;
    }
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const double value = column_means_[frame][x] - frame_means[frame] - columns[x] + mean;
      squares.th += value * value;
    }
  }
  for (std::size_t y = 0; y < rows.size(); ++y) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
      const double value = pixel_sums_[y * columns.size() + x] / t - rows[y] - columns[x] + mean;
      squares.vh += value * value;
    }
  }
  // The arrays are orthogonal: what the others leave of the total.
  const double total = square_sum_ - t * v * h * mean * mean;
  squares.tvh = std::max(0.0, total - h * squares.tv - v * squares.th - t * squares.vh - v * h * squares.t -
                                  t * h * squares.v - t * v * squares.h);
  return squares;
}

Noise3dComponents Noise3d::Sigmas(Noise3dEstimator estimator) const {
  const Noise3dComponents squares = SumsOfSquares();
  const double t = static_cast<double>(frames()), v = height_, h = width_;
  const auto sigma = [&](double sum, double elements) {
    const double divisor = estimator == Noise3dEstimator::kSample ? elements - 1 : elements;
    if (divisor <= 0) throw InternalError("3-D noise by the sample estimator needs two frames, rows and columns");
    return std::sqrt(sum / divisor);
  };
  return {sigma(squares.tvh, t * v * h), sigma(squares.tv, t * v), sigma(squares.th, t * h), sigma(squares.vh, v * h),
          sigma(squares.t, t),           sigma(squares.v, v),      sigma(squares.h, h)};
}

Noise3dComponents Noise3d::AnovaVariances() const {
  const Noise3dComponents squares = SumsOfSquares();
  const double t = static_cast<double>(frames()), v = height_, h = width_;
  if (t < 2 || v < 2 || h < 2) throw InternalError("an analysis of variance needs two frames, rows and columns");
  // Mean squares; an element of a reduced array stands for as many values as were averaged.
  const double tvh = squares.tvh / ((t - 1) * (v - 1) * (h - 1));
  const double tv = h * squares.tv / ((t - 1) * (v - 1)), th = v * squares.th / ((t - 1) * (h - 1));
  const double vh = t * squares.vh / ((v - 1) * (h - 1));
  const double only_t = v * h * squares.t / (t - 1), only_v = t * h * squares.v / (v - 1),
               only_h = t * v * squares.h / (h - 1);
  return {tvh,
          (tv - tvh) / h,
          (th - tvh) / v,
          (vh - tvh) / t,
          (only_t - tv - th + tvh) / (v * h),
          (only_v - tv - vh + tvh) / (t * h),
          (only_h - th - vh + tvh) / (t * v)};
}

}  // namespace mirst
