#include "generator/sensor_chain.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "renderer/portable_math.h"

namespace mirst {
namespace {

// Streams of one sequence, told apart by RandomKey::object.
enum Stream : std::uint16_t {
  kPixels = 1,
  kRows,
  kColumns,
  kGains,
  kTemporal,
  kTemporalRows,
  kTemporalColumns,
  kFrame,
  kShot,
  kFlicker
};

// Time constants, frames, of the processes whose sum is the 1/f noise.
constexpr std::array<double, 4> kFlickerTimes = {1, 4, 16, 64};

std::vector<double> Normals(const RandomKey& key, Stream stream, std::size_t count, double sigma) {
  std::vector<double> values(sigma > 0 ? count : 0);
  RandomStream random(key.WithObject(stream));
  for (double& value : values) value = sigma * random.Normal();
  return values;
}

double At(const std::vector<double>& values, std::size_t index) { return values.empty() ? 0 : values[index]; }

// A stationary first-order process of each pixel for each time constant; their sum has variance sigma^2.
class Flicker {
 public:
  Flicker(double sigma, std::size_t pixels) : sigma_(sigma / std::sqrt(static_cast<double>(kFlickerTimes.size()))) {
    if (sigma > 0) states_.fill(std::vector<double>(pixels, 0));
  }
  void Advance(const RandomKey& key, bool first) {
    if (sigma_ == 0) return;
    RandomStream random(key.WithObject(kFlicker));
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const double kept = first ? 0 : ExpOfMinus(1 / kFlickerTimes[i]), fresh = std::sqrt(1 - kept * kept) * sigma_;
      for (double& value : states_[i]) value = kept * value + fresh * random.Normal();
    }
  }
  double operator()(std::size_t pixel) const {
    double sum = 0;
    if (sigma_ > 0) {
      for (const auto& state : states_) sum += state[pixel];
    }
    return sum;
  }

 private:
  double sigma_;
  std::array<std::vector<double>, kFlickerTimes.size()> states_;
};

double MeanOf(const std::vector<Frame>& frames) {
  double sum = 0, count = 0;
  for (const Frame& frame : frames) {
    for (const float value : frame.pixels) sum += static_cast<double>(value);
    count += static_cast<double>(frame.pixels.size());
  }
  return sum / count;
}

}  // namespace

void ExposeFrames(const SensorOptions& o, const RandomKey& key, std::vector<Frame>& frames) {
  if (frames.empty()) return;
  if (frames.front().bit_depth <= 8) {
    throw BadInput(
        "sensor.enabled needs frames of more than 8 bits: 8-bit ones carry a sensor and a gain control already "
        "(procedural ones have raw counts with backgrounds.procedural.bit_depth: 14)");
  }
  const int height = frames.front().pixels.height(), width = frames.front().pixels.width();
  const auto rows = static_cast<std::size_t>(height), columns = static_cast<std::size_t>(width);
  const double per_mk = 1e-3 * o.counts_per_kelvin, mean = MeanOf(frames);
  const RandomKey fixed = key.For(Purpose::kFixedPatternNoise);
  const std::vector<double> pixel = Normals(fixed, kPixels, rows * columns, o.pixel_pattern_mk * per_mk);
  const std::vector<double> row = Normals(fixed, kRows, rows, o.row_pattern_mk * per_mk);
  const std::vector<double> column = Normals(fixed, kColumns, columns, o.column_pattern_mk * per_mk);
  const std::vector<double> gain = Normals(fixed, kGains, rows * columns, o.gain_spread);
  const double lsb = std::ldexp(o.full_scale_counts, -o.adc_bits), most = std::ldexp(1.0, o.adc_bits) - 1;
  const double read_variance = o.read_noise_electrons * o.read_noise_electrons;
  Flicker flicker(o.flicker_mk * per_mk, rows * columns);
  for (std::size_t k = 0; k < frames.size(); ++k) {
    const RandomKey now = key.For(Purpose::kTemporalNoise).WithFrame(static_cast<std::uint32_t>(k));
    const std::vector<double> noise = Normals(now, kTemporal, rows * columns, o.netd_mk * per_mk);
    const std::vector<double> row_noise = Normals(now, kTemporalRows, rows, o.row_noise_mk * per_mk);
    const std::vector<double> column_noise = Normals(now, kTemporalColumns, columns, o.column_noise_mk * per_mk);
    const double frame_noise = At(Normals(now, kFrame, 1, o.frame_noise_mk * per_mk), 0);
    const std::vector<double> shot = Normals(now, kShot, rows * columns, o.electrons_per_count > 0 ? 1 : 0);
    flicker.Advance(now, k == 0);
    for (std::size_t i = 0; i < frames[k].pixels.size(); ++i) {
      const std::size_t y = i / columns, x = i % columns;
      const auto scene = static_cast<double>(frames[k].pixels.data()[i]);
      double value = mean + o.gain * (1 + At(gain, i)) * (scene - mean) + o.offset_counts + At(pixel, i) + At(row, y) +
                     At(column, x) + At(noise, i) + At(row_noise, y) + At(column_noise, x) + frame_noise + flicker(i);
      if (o.electrons_per_count > 0) {
        const double electrons = std::max(0.0, scene) * o.electrons_per_count;
        value += At(shot, i) * std::sqrt(electrons + read_variance) / o.electrons_per_count;
      }
      frames[k].pixels.data()[i] = static_cast<float>(std::clamp(std::floor(value / lsb + 0.5), 0.0, most));
    }
  }
}

DisplayCurve PlateauCurve(const std::vector<std::int64_t>& histogram, double plateau) {
  std::vector<double> sums;
  double sum = 0;
  for (const std::int64_t count : histogram) sums.push_back(sum += std::min(static_cast<double>(count), plateau));
  DisplayCurve curve;
  for (const double value : sums)
    curve.push_back(static_cast<std::uint8_t>(sum > 0 ? std::floor(255 * value / sum) : 0));
  return curve;
}

DisplayCurve MakeDisplayCurve(const SensorOptions& o, const std::vector<Frame>& frames) {
  std::vector<std::int64_t> histogram(std::size_t{1} << o.adc_bits, 0);
  std::int64_t pixels = 0;
  for (const Frame& frame : frames) {
    for (const float value : frame.pixels) {
      ++histogram[std::min(static_cast<std::size_t>(value), histogram.size() - 1)];
      ++pixels;
    }
  }
  if (o.agc == GainControl::kPlateau) return PlateauCurve(histogram, o.plateau_share * static_cast<double>(pixels));
  // The first count at or below which the share of the pixels lies.
  const auto percentile = [&](double percent) {
    std::int64_t below = 0;
    std::size_t count = 0;
    while (count + 1 < histogram.size() &&
           static_cast<double>(below += histogram[count]) < 0.01 * percent * static_cast<double>(pixels))
      ++count;
    return static_cast<double>(count);
  };
  const double low = percentile(o.percentiles.first), high = std::max(low + 1, percentile(o.percentiles.second));
  DisplayCurve curve(histogram.size());
  for (std::size_t k = 0; k < curve.size(); ++k) {
    const double share = (static_cast<double>(k) - low) / (high - low);
    curve[k] = static_cast<std::uint8_t>(std::floor(255 * std::clamp(share, 0.0, 1.0) + 0.5));
  }
  return curve;
}

Image<float> Display(const Image<float>& counts, const DisplayCurve& curve) {
  Image<float> shown(counts.height(), counts.width());
  std::transform(counts.begin(), counts.end(), shown.begin(), [&](float value) {
    return static_cast<float>(curve[std::min(static_cast<std::size_t>(value), curve.size() - 1)]);
  });
  return shown;
}

}  // namespace mirst
