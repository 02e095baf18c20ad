#include "datasets/procedural_sensor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "datasets/procedural_texture.h"

namespace mirst {
namespace {

// Streams of one source, told apart by RandomKey::object.
constexpr std::uint16_t kPixels = 10, kColumns = 11, kRows = 12, kShading = 13, kTemporal = 14, kGain = 15;

// Shares of the fixed pattern's variance.
constexpr double kPixelShare = 0.5, kColumnShare = 0.25, kRowShare = 0.1, kShadingShare = 0.15;

// The range that the gain control aims at, as in recordings whose video range is 16 ... 235, and how far beyond it the
// flattened ends of its curve reach.
constexpr double kLowCount = 18, kHighCount = 231, kEndCounts = 14;

constexpr int kRawOffset = 8192, kRawMax = 16383;

constexpr int kVeilCell = 8;  // px; the veil is so smooth that a coarse grid holds it

// From the shares 0 ... 1 of the span to counts: lift > 0 gives the dark part more of them, as histogram methods do.
double GainCurve(double share, double lift) {
  const double lifted = share * (1 + lift) / (1 + lift * std::max(share, 0.0));
  const double counts = kLowCount + (kHighCount - kLowCount) * lifted;
  if (counts > kHighCount) return kHighCount + kEndCounts * (counts - kHighCount) / (counts - kHighCount + kEndCounts);
  if (counts < kLowCount) return kLowCount - kEndCounts * (kLowCount - counts) / (kLowCount - counts + kEndCounts);
  return counts;
}

// The mean over 2 * reach + 1 values along a line, which its end values continue.
void BoxAlong(const std::vector<double>& in, int reach, std::vector<double>& out) {
  const int count = static_cast<int>(in.size());
  for (int i = 0; i < count; ++i) {
    double sum = 0;
    for (int j = i - reach; j <= i + reach; ++j) sum += in[static_cast<std::size_t>(std::clamp(j, 0, count - 1))];
    out[static_cast<std::size_t>(i)] = sum / (2 * reach + 1);
  }
}

double Percentile(std::vector<float>& values, double share) {
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), nth, values.end());
  return static_cast<double>(*nth);
}

}  // namespace

ThermalSensor::ThermalSensor(const ProceduralOptions& options, const RandomKey& key,
                             const std::vector<Image<float>>& references)
    : options_(options), key_(key.For(Purpose::kProceduralScene)) {
  MakeFixedPattern(key_);
  RandomStream random(key_.WithObject(kGain));
  SetGain(random, references);
}

void ThermalSensor::MakeFixedPattern(const RandomKey& key) {
  const int height = options_.height, width = options_.width;
  const double sigma_k = options_.fixed_pattern_mk * 1e-3;
  RandomStream shading_stream(key.WithObject(kShading)), pixels(key.WithObject(kPixels));
  RandomStream columns(key.WithObject(kColumns)), rows(key.WithObject(kRows));
  const double cell = 0.5 * std::min(height, width);
  fixed_pattern_ = FractalTexture(height, width, {cell, cell, 5}, shading_stream);
  std::vector<double> column_k(static_cast<std::size_t>(width));
  for (double& value : column_k) value = std::sqrt(kColumnShare) * columns.Normal();
  for (int y = 0; y < height; ++y) {
    const double row_k = std::sqrt(kRowShare) * rows.Normal();
    for (int x = 0; x < width; ++x) {
      float& value = fixed_pattern_(y, x);
      value = static_cast<float>(sigma_k *
                                 (std::sqrt(kShadingShare) * static_cast<double>(value) + row_k +
                                  column_k[static_cast<std::size_t>(x)] + std::sqrt(kPixelShare) * pixels.Normal()));
    }
  }
}

void ThermalSensor::SetGain(RandomStream& random, const std::vector<Image<float>>& references) {
  double sum = 0, count = 0;
  for (const Image<float>& picture : references) {
    for (const float value : picture) sum += static_cast<double>(value);
    count += static_cast<double>(picture.size());
  }
  mean_k_ = sum / count;
  const double raw_counts_per_k = random.Uniform(20, 30), flattening = random.Uniform(0.35, 0.8);
  const double median_target = random.Uniform(0.18, 0.5);
  // Gain controls are held below some gain; a low limit lets an empty picture drown in its noise.
  const double least_span_k = random.Integer(6) == 0 ? random.Uniform(0.4, 1) : random.Uniform(1.2, 4);
  if (options_.bit_depth != 8) {
    counts_per_k_ = raw_counts_per_k;
    return;
  }
  flattening_ = flattening;
  std::vector<float> values;
  for (const Image<float>& picture : references) {
    const Image<float> veil = Veil(picture);
    for (std::size_t i = 0; i < picture.size(); i += 3) values.push_back(picture.data()[i] - veil.data()[i]);
  }
  const double low = Percentile(values, 0.01), median = Percentile(values, 0.5), high = Percentile(values, 0.99);
  span_k_ = std::max(high - low, least_span_k);
  low_k_ = 0.5 * (low + high - span_k_);
  counts_per_k_ = (kHighCount - kLowCount) / span_k_;
  // GainCurve(median_share) = median_target, solved for the lift.
  const double median_share = std::max((median - low_k_) / span_k_, 0.01);
  lift_ = std::clamp((median_target - median_share) / (median_share * (1 - median_target)), 0.0, 4.0);
}

double ThermalSensor::CountsPerKelvin(double count) const {
  const double lifted = (count - kLowCount) / (kHighCount - kLowCount), root = 1 + lift_ * (1 - lifted);
  return counts_per_k_ * root * root / (1 + lift_);
}

Image<float> ThermalSensor::Veil(const Image<float>& temperature_k) const {
  const int height = options_.height, width = options_.width;
  const int rows = (height + kVeilCell - 1) / kVeilCell, columns = (width + kVeilCell - 1) / kVeilCell;
  Image<double> coarse(rows, columns);
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      const int bottom = std::min(height, (j + 1) * kVeilCell), right = std::min(width, (i + 1) * kVeilCell);
      double sum = 0;
      for (int y = j * kVeilCell; y < bottom; ++y) {
        for (int x = i * kVeilCell; x < right; ++x) sum += static_cast<double>(temperature_k(y, x));
      }
      coarse(j, i) = sum / ((bottom - j * kVeilCell) * (right - i * kVeilCell)) - mean_k_;
    }
  }
  const int reach = std::max(1, static_cast<int>(std::lround(height / 85.0)));
  std::vector<double> line, smooth;
  for (int pass = 0; pass < 3; ++pass) {
    line.resize(static_cast<std::size_t>(columns));
    smooth.resize(line.size());
    for (int j = 0; j < rows; ++j) {
      std::copy_n(coarse.row(j), columns, line.begin());
      BoxAlong(line, reach, smooth);
      std::copy(smooth.begin(), smooth.end(), coarse.row(j));
    }
    line.resize(static_cast<std::size_t>(rows));
    smooth.resize(line.size());
    for (int i = 0; i < columns; ++i) {
      for (int j = 0; j < rows; ++j) line[static_cast<std::size_t>(j)] = coarse(j, i);
      BoxAlong(line, reach, smooth);
      for (int j = 0; j < rows; ++j) coarse(j, i) = smooth[static_cast<std::size_t>(j)];
    }
  }
  Image<float> veil(height, width);
  for (int y = 0; y < height; ++y) {
    const double v = std::clamp((y + 0.5) / kVeilCell - 0.5, 0.0, rows - 1.0);
    const int j = static_cast<int>(v), below = std::min(j + 1, rows - 1);
    for (int x = 0; x < width; ++x) {
      const double u = std::clamp((x + 0.5) / kVeilCell - 0.5, 0.0, columns - 1.0);
      const int i = static_cast<int>(u), right = std::min(i + 1, columns - 1);
      const double upper = coarse(j, i) + (u - i) * (coarse(j, right) - coarse(j, i));
      const double lower = coarse(below, i) + (u - i) * (coarse(below, right) - coarse(below, i));
      veil(y, x) = static_cast<float>(flattening_ * (upper + (v - j) * (lower - upper)));
    }
  }
  return veil;
}

Image<float> ThermalSensor::Counts(const Image<float>& temperature_k, int frame) const {
  Image<float> counts(options_.height, options_.width);
  RandomStream noise(key_.WithObject(kTemporal).WithFrame(static_cast<std::uint32_t>(frame)));
  const double netd_k = options_.netd_mk * 1e-3;
  const bool raw = options_.bit_depth != 8;
  const Image<float> veil = raw ? Image<float>{} : Veil(temperature_k);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double seen_k = static_cast<double>(temperature_k.data()[i]) + static_cast<double>(fixed_pattern_.data()[i]) +
                          netd_k * noise.Normal();
    const double value =
        raw ? std::clamp(kRawOffset + counts_per_k_ * (seen_k - mean_k_), 1.0, static_cast<double>(kRawMax))
            : GainCurve((seen_k - static_cast<double>(veil.data()[i]) - low_k_) / span_k_, lift_);
    counts.data()[i] = static_cast<float>(std::floor(value + 0.5));
  }
  return counts;
}

}  // namespace mirst
