#include "detector/model_driven/image_filter.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mirst {

int BorderIndex(int index, int size, Border border) {
  if (border == Border::kReplicate) return std::clamp(index, 0, size - 1);
  const int period = 2 * size, wrapped = ((index % period) + period) % period;
  return wrapped < size ? wrapped : period - 1 - wrapped;
}

Image<double> ToDouble(ImageView<const float> image) {
  Image<double> result(image.height(), image.width());
  for (int y = 0; y < image.height(); ++y) std::copy_n(image.row(y), image.width(), result.row(y));
  return result;
}

Image<float> ToFloat(const Image<double>& image) {
  Image<float> result(image.height(), image.width());
  std::transform(image.begin(), image.end(), result.begin(), [](double value) { return static_cast<float>(value); });
  return result;
}

Image<double> Pad(const Image<double>& image, int margin, Border border) {
  Image<double> result(image.height() + 2 * margin, image.width() + 2 * margin);
  std::vector<int> columns;
  for (int x = 0; x < result.width(); ++x) columns.push_back(BorderIndex(x - margin, image.width(), border));
  for (int y = 0; y < result.height(); ++y) {
    const double* source = image.row(BorderIndex(y - margin, image.height(), border));
    double* target = result.row(y);
    for (const int x : columns) *target++ = source[x];
  }
  return result;
}

std::vector<double> GaussianWeights(int size, double sigma) {
  std::vector<double> weights;
  double sum = 0;
  for (int x = -(size / 2); x <= size / 2; ++x) {
    weights.push_back(std::exp(-x * x / (2 * sigma * sigma)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

Image<double> FilterSeparably(const Image<double>& image, const std::vector<double>& weights, Border border) {
  const int margin = static_cast<int>(weights.size() / 2), height = image.height(), width = image.width();
  const Image<double> padded = Pad(image, margin, border);
  Image<double> rows(padded.height(), width), result(height, width);
  for (int y = 0; y < padded.height(); ++y) {
    double* target = rows.row(y);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double* source = padded.row(y) + i;
      for (int x = 0; x < width; ++x) target[x] += weights[i] * source[x];
    }
  }
  for (int y = 0; y < height; ++y) {
    double* target = result.row(y);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double* source = rows.row(y + static_cast<int>(i));
      for (int x = 0; x < width; ++x) target[x] += weights[i] * source[x];
    }
  }
  return result;
}

Image<double> BoxSum(const Image<double>& image, int size, Border border) {
  return FilterSeparably(image, std::vector<double>(static_cast<std::size_t>(size), 1.0), border);
}

namespace {

Image<double> Gradient(const Image<double>& u, int step_y, int step_x) {
  const int height = u.height(), width = u.width();
  Image<double> result(height, width);
  for (int y = 0; y < height; ++y) {
    const int above = std::max(0, y - step_y), below = std::min(height - 1, y + step_y);
    for (int x = 0; x < width; ++x) {
      const int left = std::max(0, x - step_x), right = std::min(width - 1, x + step_x);
      const int distance = below - above + right - left;
      result(y, x) = distance == 0 ? 0.0 : (u(below, right) - u(above, left)) / distance;
    }
  }
  return result;
}

Image<double> ProductOf(const Image<double>& a, const Image<double>& b) {
  Image<double> result(a.height(), a.width());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), [](double u, double v) { return u * v; });
  return result;
}

}  // namespace

StructureEigenvalues StructureTensor(const Image<double>& image, const std::vector<double>& smoothing,
                                     const std::vector<double>& integration) {
  const Image<double> u = FilterSeparably(image, smoothing, Border::kSymmetric);
  const Image<double> gx = Gradient(u, 0, 1), gy = Gradient(u, 1, 0);
  const Image<double> j11 = FilterSeparably(ProductOf(gx, gx), integration, Border::kSymmetric);
  const Image<double> j12 = FilterSeparably(ProductOf(gx, gy), integration, Border::kSymmetric);
  const Image<double> j22 = FilterSeparably(ProductOf(gy, gy), integration, Border::kSymmetric);
  StructureEigenvalues result{Image<double>(image.height(), image.width()),
                              Image<double>(image.height(), image.width())};
  for (std::size_t i = 0; i < image.size(); ++i) {
    const double a = j11.data()[i], b = j12.data()[i], c = j22.data()[i];
    const double root = std::sqrt((a - c) * (a - c) + 4 * b * b);
    result.larger.data()[i] = (a + c + root) / 2;
    result.smaller.data()[i] = (a + c - root) / 2;
  }
  return result;
}

void StretchToUnit(Image<double>& image) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double value : image) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  for (double& value : image) {
    value = (value - low) / (high - low);
    if (std::isnan(value)) value = 0;
  }
}

}  // namespace mirst
