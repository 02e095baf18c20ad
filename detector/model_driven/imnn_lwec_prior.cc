#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "detector/model_driven/image_filter.h"
#include "detector/model_driven/imnn_lwec.h"

namespace mirst {
namespace {

constexpr int kWindow = 7, kRadius = kWindow / 2, kWindowArea = kWindow * kWindow;

// Entropy of the levels in the window, each weighted by its squared distance from the centre, over the window's
// standard deviation.
Image<double> WeightedEntropy(const Image<double>& image) {
  const Image<double> padded = Pad(image, kRadius, Border::kSymmetric);
  std::vector<double> levels(image.begin(), image.end());
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  Image<int> level_of(padded.height(), padded.width());
  for (std::size_t i = 0; i < padded.size(); ++i)
    level_of.data()[i] =
        static_cast<int>(std::lower_bound(levels.begin(), levels.end(), padded.data()[i]) - levels.begin());
  std::array<double, kWindowArea + 1> log_share{};
  for (int count = 1; count <= kWindowArea; ++count)
    log_share[static_cast<std::size_t>(count)] = std::log(static_cast<double>(count) / kWindowArea);

  Image<double> result(image.height(), image.width());
  ParallelFor(static_cast<std::size_t>(image.height()), [&](std::size_t row) {
    const int y = static_cast<int>(row);
    std::vector<int> count(levels.size());
    const auto add_column = [&](int x, int change) {
      for (int v = y; v < y + kWindow; ++v) count[static_cast<std::size_t>(level_of(v, x))] += change;
    };
    for (int x = 0; x < kWindow - 1; ++x) add_column(x, 1);
    for (int x = 0; x < image.width(); ++x) {
      add_column(x + kWindow - 1, 1);
      double sum = 0;
      for (int v = y; v < y + kWindow; ++v) {
        for (int u = x; u < x + kWindow; ++u) sum += padded(v, u);
      }
      const double mean = sum / kWindowArea, centre = image(y, x);
      double entropy = 0, squares = 0;
      for (int v = y; v < y + kWindow; ++v) {
        for (int u = x; u < x + kWindow; ++u) {
          const double value = padded(v, u);
          const int occurrences = count[static_cast<std::size_t>(level_of(v, u))];
          entropy -= (value - centre) * (value - centre) * log_share[static_cast<std::size_t>(occurrences)];
          squares += (value - mean) * (value - mean);
        }
      }
      result(y, x) = entropy / kWindowArea / (std::sqrt(squares / kWindowArea) + 0.01);
      add_column(x, -1);
    }
  });
  return result;
}

// The frame to the power of its contrast: mean of 3 x 3 px over the mean of each of three rings around it.
Image<double> ContrastPower(const Image<double>& image) {
  std::array<Image<double>, 4> sums;
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = BoxSum(image, 3 + 2 * static_cast<int>(i), Border::kSymmetric);
  Image<double> result(image.height(), image.width());
  for (std::size_t p = 0; p < result.size(); ++p) {
    const double centre = sums[0].data()[p] / 9;
    double contrast = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < sums.size(); ++i) {
      const double ring = (sums[i].data()[p] - sums[i - 1].data()[p]) / (8 + 8 * static_cast<double>(i));
      const double ratio = centre / ring;
      if (!std::isnan(ratio)) contrast = std::max(contrast, ratio);
    }
    if (std::isinf(contrast) && contrast < 0) contrast = 2;  // black everywhere
    result.data()[p] = std::pow(image.data()[p], contrast);
  }
  return result;
}

// min + share (max - min) over finite values.
double RangeLevel(const Image<double>& image, double share) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double value : image) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return low + share * (high - low);
}

}  // namespace

Image<double> ImnnLwecPrior(ImageView<const float> frame) {
  const Image<double> image = ToDouble(frame);
  const std::vector<double> gaussian = GaussianWeights(3, 3);
  const StructureEigenvalues entropy = StructureTensor(WeightedEntropy(image), gaussian, gaussian);
  Image<double> prior(frame.height(), frame.width());
  for (std::size_t i = 0; i < prior.size(); ++i) {
    const double l1 = entropy.larger.data()[i], l2 = entropy.smaller.data()[i];
    const double corner = l1 * l2 / (l1 + l2 + 1e-4);
    prior.data()[i] = 2 * l1 * corner / (l1 + corner + 1e-3);
  }
  StretchToUnit(prior);

  const StructureEigenvalues contrast = StructureTensor(ContrastPower(image), gaussian, gaussian);
  Image<double> trace(frame.height(), frame.width()), determinant(frame.height(), frame.width());
  for (std::size_t i = 0; i < prior.size(); ++i) {
    trace.data()[i] = contrast.larger.data()[i] + contrast.smaller.data()[i];
    determinant.data()[i] = contrast.larger.data()[i] * contrast.smaller.data()[i];
  }
  const double line_trace = RangeLevel(trace, 0.13), line_determinant = RangeLevel(determinant, 0.01);
  const double point_trace = RangeLevel(trace, 0.10), point_determinant = RangeLevel(determinant, 0.008);
  for (std::size_t i = 0; i < prior.size(); ++i) {
    const double tr = trace.data()[i], de = determinant.data()[i];
    const bool line = tr >= line_trace && de <= line_determinant;
    const bool point = tr >= point_trace && de >= point_determinant;
    prior.data()[i] *= (point ? 3 : 0) + (line ? 0 : 1);
  }
  return prior;
}

}  // namespace mirst
