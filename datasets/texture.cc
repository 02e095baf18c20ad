#include "datasets/texture.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>
#include <string>

#include "core/error.h"

namespace mirst {
namespace {

constexpr int kLeastExtent = 8;

std::vector<double> Hann(int count) {
  std::vector<double> weights;
  for (int i = 0; i < count; ++i) weights.push_back(0.5 - 0.5 * std::cos(2 * std::numbers::pi * (i + 0.5) / count));
  return weights;
}

/// Signed frequency of coefficient `i` of `count`, cycles a pixel.
double Frequency(int i, int count) { return static_cast<double>(i <= count / 2 ? i : i - count) / count; }

}  // namespace

double EntropyBits(ImageView<const float> counts) {
  std::vector<double> histogram(65536, 0.0);
  for (int y = 0; y < counts.height(); ++y) {
    for (int x = 0; x < counts.width(); ++x)
      histogram[static_cast<std::size_t>(std::clamp(counts(y, x), 0.0F, 65535.0F))] += 1;
  }
  const double total = static_cast<double>(counts.height()) * counts.width();
  double bits = 0;
  for (const double count : histogram) {
    if (count > 0) bits -= count / total * std::log2(count / total);
  }
  return std::max(0.0, bits);
}

std::vector<double> RadialSpectrum(ImageView<const float> counts) {
  const int height = counts.height(), width = counts.width();
  if (height < kLeastExtent || width < kLeastExtent) return {};
  const std::vector<double> rows = Hann(height), columns = Hann(width);
  double mean = 0, weight = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) mean += static_cast<double>(counts(y, x));
  }
  mean /= static_cast<double>(height) * width;
  std::vector<double> power(kSpectrumBins, 0.0), cells(kSpectrumBins, 0.0);
  try {
    cv::Mat windowed(height, width, CV_64F), transform;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double w = rows[static_cast<std::size_t>(y)] * columns[static_cast<std::size_t>(x)];
        windowed.at<double>(y, x) = w * (static_cast<double>(counts(y, x)) - mean);
        weight += w * w;
      }
    }
    cv::dft(windowed, transform, cv::DFT_COMPLEX_OUTPUT);
    for (int v = 0; v < height; ++v) {
      for (int u = 0; u < width; ++u) {
        const double frequency = std::hypot(Frequency(u, width), Frequency(v, height));
        const auto bin = static_cast<std::size_t>(frequency * 2 * kSpectrumBins);
        if ((u == 0 && v == 0) || bin >= power.size()) continue;
        const auto& value = transform.at<cv::Vec2d>(v, u);
        power[bin] += value[0] * value[0] + value[1] * value[1];
        cells[bin] += 1;
      }
    }
  } catch (const cv::Exception& error) {
    throw InternalError("the power spectrum failed: " + std::string(error.what()));
  }
  for (std::size_t i = 0; i < power.size(); ++i) power[i] = cells[i] > 0 ? power[i] / cells[i] / weight : 0;
  return power;
}

double SpectralSlope(const std::vector<double>& spectrum) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < spectrum.size(); ++i) {
    const double frequency = (static_cast<double>(i) + 0.5) / (2 * kSpectrumBins);
    if (frequency < 0.03 || frequency > 0.4 || !(spectrum[i] > 0)) continue;
    const double x = std::log(frequency), y = std::log(spectrum[i]);
    n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  return n < 3 ? 0 : (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

}  // namespace mirst
