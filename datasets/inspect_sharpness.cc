#include "datasets/inspect_sharpness.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

constexpr int kHalfWindow = 7;      // px
constexpr int kBinsPerPixel = 4;    // of the edge spread function
constexpr int kEdgesPerFrame = 60;  // looked at, strongest first
constexpr double kLeastFit = 0.99;  // share of the variance that the model explains
constexpr int kBinsPerDecade = 16;  // of frequency

cv::Mat Matrix(Image<float>& frame) { return {frame.height(), frame.width(), CV_32F, frame.data()}; }

/// Up to `count` frames, evenly spread.
std::vector<Image<float>> Spread(FrameSpan frames, std::size_t count) {
  std::vector<Image<float>> chosen;
  const std::size_t n = std::min(count, frames.size());
  for (std::size_t i = 0; i < n; ++i) chosen.push_back(frames[(2 * i + 1) * frames.size() / (2 * n)]);
  return chosen;
}

struct Sample {
  double distance_px = 0, value = 0;
};

/// Means in bins of distance from the line through (x, y) with the normal (nx, ny).
std::vector<Sample> EdgeSpread(const cv::Mat& image, int x, int y, double nx, double ny) {
  constexpr int kBins = 2 * kHalfWindow * kBinsPerPixel;
  std::vector<Sample> sums(kBins);
  std::vector<int> counts(kBins, 0);
  for (int dy = -kHalfWindow; dy <= kHalfWindow; ++dy) {
    for (int dx = -kHalfWindow; dx <= kHalfWindow; ++dx) {
      const double distance = dx * nx + dy * ny, along = dy * nx - dx * ny;
      const int bin = static_cast<int>(std::floor((distance + kHalfWindow) * kBinsPerPixel));
      // A square of the line's own direction: at a slant the corners would see the ends of the profile alone.
      if (bin < 0 || bin >= kBins || std::abs(along) > kHalfWindow - 2) continue;
      const auto i = static_cast<std::size_t>(bin);
      sums[i].distance_px += distance;
      sums[i].value += static_cast<double>(image.at<float>(y + dy, x + dx));
      ++counts[i];
    }
  }
  std::vector<Sample> profile;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (counts[i] > 0) profile.push_back({sums[i].distance_px / counts[i], sums[i].value / counts[i]});
  }
  return profile;
}

struct EdgeFit {
  double sigma_px = 0, centre_px = 0, step = 0, explained = -1;
};

/// Best A and B for one centre and sigma: a linear regression on Phi.
EdgeFit Regress(const std::vector<Sample>& profile, double centre, double sigma) {
  const double n = static_cast<double>(profile.size());
  double sum_p = 0, sum_v = 0, pp = 0, pv = 0, vv = 0;
  for (const Sample& sample : profile) {
    const double phi = 0.5 * std::erfc((centre - sample.distance_px) / (sigma * std::sqrt(2.0)));
    sum_p += phi;
    sum_v += sample.value;
    pp += phi * phi;
    pv += phi * sample.value;
    vv += sample.value * sample.value;
  }
  const double var_p = pp - sum_p * sum_p / n, cov = pv - sum_p * sum_v / n, var_v = vv - sum_v * sum_v / n;
  if (var_p <= 0 || var_v <= 0) return {};
  return {sigma, centre, cov / var_p, cov * cov / (var_p * var_v)};
}

/// Search over centre and sigma on grids that become finer: the fit is smooth in both.
EdgeFit FitEdge(const std::vector<Sample>& profile) {
  EdgeFit best;
  double centre = 0, log_sigma = std::log(1.2), centre_step = 0.4, log_step = 0.35;
  for (int level = 0; level < 6; ++level, centre_step *= 0.4, log_step *= 0.4) {
    const double centre0 = centre, log0 = log_sigma;
    for (int i = -4; i <= 4; ++i) {
      for (int j = -4; j <= 4; ++j) {
        const EdgeFit fit = Regress(profile, centre0 + i * centre_step, std::exp(log0 + j * log_step));
        if (fit.explained <= best.explained) continue;
        best = fit;
        centre = fit.centre_px;
        log_sigma = std::log(fit.sigma_px);
      }
    }
  }
  return best;
}

std::vector<double> EdgeSigmas(Image<float>& frame, double least_step) {
  std::vector<double> sigmas;
  const cv::Mat image = Matrix(frame);
  cv::Mat smooth, gx, gy, magnitude;
  cv::GaussianBlur(image, smooth, {}, 0.8);
  cv::Sobel(smooth, gx, CV_32F, 1, 0);
  cv::Sobel(smooth, gy, CV_32F, 0, 1);
  cv::magnitude(gx, gy, magnitude);
  constexpr int kBorder = kHalfWindow + 1;
  if (image.cols <= 2 * kBorder || image.rows <= 2 * kBorder) return sigmas;
  const auto clear = [&](int x, int y, int reach) {
    cv::rectangle(magnitude, {x - reach, y - reach}, {x + reach, y + reach}, cv::Scalar(0), cv::FILLED);
  };
  magnitude.rowRange(0, kBorder).setTo(0);
  magnitude.rowRange(image.rows - kBorder, image.rows).setTo(0);
  magnitude.colRange(0, kBorder).setTo(0);
  magnitude.colRange(image.cols - kBorder, image.cols).setTo(0);
  for (int edge = 0; edge < kEdgesPerFrame; ++edge) {
    double strongest = 0;
    cv::Point at;
    cv::minMaxLoc(magnitude, nullptr, &strongest, nullptr, &at);
    if (strongest <= 0) break;
    clear(at.x, at.y, kHalfWindow);
    const cv::Rect window(at.x - kHalfWindow, at.y - kHalfWindow, 2 * kHalfWindow + 1, 2 * kHalfWindow + 1);
    const double xx = gx(window).dot(gx(window)), yy = gy(window).dot(gy(window)), xy = gx(window).dot(gy(window));
    const double coherence = std::hypot(xx - yy, 2 * xy) / (xx + yy);
    if (coherence < 0.85) continue;  // a corner, or texture
    const double angle = 0.5 * std::atan2(2 * xy, xx - yy);
    const EdgeFit fit = FitEdge(EdgeSpread(image, at.x, at.y, std::cos(angle), std::sin(angle)));
    if (fit.explained >= kLeastFit && std::abs(fit.step) >= least_step && std::abs(fit.centre_px) < 1.5 &&
        fit.sigma_px < kHalfWindow / 2.0)
      sigmas.push_back(fit.sigma_px);
  }
  return sigmas;
}

}  // namespace

SharpnessStatistics MeasureSharpness(FrameSpan frames, double noise_counts) {
  std::vector<Image<float>> chosen = Spread(frames, 8);
  std::vector<std::vector<double>> found(chosen.size());
  ParallelFor(chosen.size(),
              [&](std::size_t i) { found[i] = EdgeSigmas(chosen[i], 12 * std::max(1.0, noise_counts)); });
  std::vector<double> sigmas;
  for (const auto& part : found) sigmas.insert(sigmas.end(), part.begin(), part.end());
  std::sort(sigmas.begin(), sigmas.end());
  SharpnessStatistics result;
  result.edges = static_cast<int>(sigmas.size());
  if (sigmas.size() < 5) return result;
  result.blur_sigma_px = sigmas[sigmas.size() / 10];
  result.median_sigma_px = sigmas[sigmas.size() / 2];
  result.psf_sigma_px = std::sqrt(std::max(0.0, *result.blur_sigma_px * *result.blur_sigma_px - 1.0 / 12));
  return result;
}

SpectrumStatistics MeasureSpectrum(FrameSpan frames) {
  if (frames.empty()) throw InternalError("spectrum of no frames");
  const int height = frames.front().height(), width = frames.front().width();
  std::vector<double> power(3 * kBinsPerDecade), log_frequency(power.size());
  std::vector<std::int64_t> counts(power.size());
  cv::Mat window;
  cv::createHanningWindow(window, {width, height}, CV_32F);
  const double window_energy = window.dot(window);
  for (Image<float>& frame : Spread(frames, 12)) {
    const cv::Mat image = Matrix(frame);
    cv::Mat transform;
    cv::dft((image - cv::mean(image)).mul(window), transform, cv::DFT_COMPLEX_OUTPUT);
    for (int v = 0; v < height; ++v) {
      const double fy = static_cast<double>(v <= height / 2 ? v : v - height) / height;
      for (int u = 0; u < width; ++u) {
        const double fx = static_cast<double>(u <= width / 2 ? u : u - width) / width, f = std::hypot(fx, fy);
        if (f <= 0 || f > 0.5) continue;
        const auto bin = std::floor((std::log10(f) + 3) * kBinsPerDecade);  // from 0.001 cycles/px
        if (bin < 0) continue;
        const auto i = static_cast<std::size_t>(bin);
        const cv::Vec2f& z = transform.at<cv::Vec2f>(v, u);
        power[i] += (static_cast<double>(z[0]) * static_cast<double>(z[0]) +
                     static_cast<double>(z[1]) * static_cast<double>(z[1])) /
                    window_energy;
        log_frequency[i] += std::log10(f);
        ++counts[i];
      }
    }
  }
  SpectrumStatistics spectrum;
  double n = 0, sum_x = 0, sum_y = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < power.size(); ++i) {
    if (counts[i] == 0) continue;
    const double x = log_frequency[i] / static_cast<double>(counts[i]),
                 mean = power[i] / static_cast<double>(counts[i]);
    spectrum.frequency.push_back(std::pow(10, x));
    spectrum.power.push_back(mean);
    if (spectrum.frequency.back() < 0.02 || spectrum.frequency.back() > 0.25 || mean <= 0) continue;
    const double y = std::log10(mean);
    n += 1;
    sum_x += x;
    sum_y += y;
    xx += x * x;
    xy += x * y;
  }
  if (n > 1) spectrum.slope = (xy - sum_x * sum_y / n) / (xx - sum_x * sum_x / n);
  return spectrum;
}

}  // namespace mirst
