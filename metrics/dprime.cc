#include "metrics/dprime.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

constexpr std::size_t kOrder = ClutterModel::kTaps.size();
constexpr int kReachPx = 2;
constexpr int kLeastSamples = 4 * static_cast<int>(kOrder);

using Vector = std::array<double, kOrder>;
using Matrix = std::array<Vector, kOrder>;

// Solves A x = b for a symmetric positive definite A by Cholesky's decomposition, in a fixed order of operations.
Vector SolvePositive(Matrix a, Vector b) {
  for (std::size_t i = 0; i < kOrder; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = a[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= a[i][k] * a[j][k];
      a[i][j] = i == j ? std::sqrt(rest) : rest / a[j][j];
    }
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (std::size_t i = kOrder; i-- > 0;) {
    for (std::size_t k = i + 1; k < kOrder; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return b;
}

// Counts above their mean, in double.
std::vector<double> CentredWindow(ImageView<const float> image, const PixelBox& window) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(window.area()));
  double mean = 0;
  for (int y = window.y; y < window.bottom(); ++y) {
    for (int x = window.x; x < window.right(); ++x) {
      values.push_back(static_cast<double>(image(y, x)));
      mean += values.back();
    }
  }
  mean /= static_cast<double>(values.size());
  for (double& value : values) value -= mean;
  return values;
}

}  // namespace

ClutterModel FitClutter(ImageView<const float> background, const PixelBox& window, double noise_variance) {
  ClutterModel model;
  model.innovation_variance = noise_variance;
  if (window.empty()) return model;
  const std::vector<double> values = CentredWindow(background, window);
  const int columns = window.width - 2 * kReachPx, rows = window.height - kReachPx;
  if (columns < 1 || rows < 1 || columns * rows < kLeastSamples) {
    double squares = 0;
    for (const double value : values) squares += value * value;
    model.innovation_variance = std::max(noise_variance, squares / static_cast<double>(values.size()));
    return model;
  }
  // Means of the products of a pixel and its neighbours, lower triangle.
  Matrix products{};
  Vector with_pixel{};
  double power = 0;
  std::array<std::ptrdiff_t, kOrder> offsets{};
  for (std::size_t j = 0; j < kOrder; ++j)
    offsets[j] = ClutterModel::kTaps[j].y * window.width + ClutterModel::kTaps[j].x;
  for (int y = kReachPx; y < window.height; ++y) {
    const double* pixel = values.data() + static_cast<std::ptrdiff_t>(y) * window.width + kReachPx;
    for (int x = 0; x < columns; ++x, ++pixel) {
      Vector v;
      for (std::size_t j = 0; j < kOrder; ++j) v[j] = pixel[offsets[j]];
      power += *pixel * *pixel;
      for (std::size_t i = 0; i < kOrder; ++i) {
        with_pixel[i] += *pixel * v[i];
        for (std::size_t j = 0; j < kOrder; ++j) products[i][j] += v[i] * v[j];
      }
    }
  }
  const double n = columns * rows;
  for (std::size_t i = 0; i < kOrder; ++i) products[i][i] += n * noise_variance;
  model.weights = SolvePositive(products, with_pixel);
  // The residual's sum of squares with these weights; `products` holds the ridge too, which does not belong to it.
  double residual = power;
  for (std::size_t i = 0; i < kOrder; ++i) {
    double predicted = -n * noise_variance * model.weights[i];
    for (std::size_t j = 0; j < kOrder; ++j) predicted += products[i][j] * model.weights[j];
    residual += model.weights[i] * (predicted - 2 * with_pixel[i]);
  }
  model.innovation_variance = std::max(noise_variance, residual / (n - static_cast<double>(kOrder)));
  return model;
}

double Detectability(const ClutterModel& model, const Image<double>& signal, const PixelBox& box, int image_height,
                     int image_width) {
  const auto signal_at = [&](int y, int x) { return box.Contains(x, y) ? signal(y - box.y, x - box.x) : 0.0; };
  // Where a neighbour, or the pixel itself, can lie on the signal and all of them inside the image.
  const int top = std::max(kReachPx, box.y), bottom = std::min(image_height, box.bottom() + kReachPx);
  const int left = std::max(kReachPx, box.x - kReachPx),
            right = std::min(image_width - kReachPx, box.right() + kReachPx);
  double energy = 0;
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      double innovation = signal_at(y, x);
      for (std::size_t j = 0; j < kOrder; ++j)
        innovation -= model.weights[j] * signal_at(y + ClutterModel::kTaps[j].y, x + ClutterModel::kTaps[j].x);
      energy += innovation * innovation;
    }
  }
  return std::sqrt(energy / model.innovation_variance);
}

double TrackDetectability(std::span<const double> dprime, double correlation) {
  if (!(correlation >= 0 && correlation < 1))
    throw BadInput(fmt::format("temporal correlation is {}, allowed: 0 to below 1", correlation));
  // A first-order sequence whitened frame by frame.
  double squares = 0, before = 0;
  for (std::size_t k = 0; k < dprime.size(); ++k) {
    const double fresh = dprime[k] - correlation * before;
    squares += k == 0 ? dprime[k] * dprime[k] : fresh * fresh / (1 - correlation * correlation);
    before = dprime[k];
  }
  return std::sqrt(squares);
}

}  // namespace mirst
