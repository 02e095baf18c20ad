#include "fusion/quantise.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mirst {

Image<std::uint16_t> RoundKeepingSum(const Image<double>& values, const Mask& mask, CountLimits limits,
                                     std::optional<std::int64_t> mask_sum) {
  Image<std::uint16_t> rounded(values.height(), values.width());
  struct MaskPixel {
    std::size_t index;
    double remainder;
  };
  std::vector<MaskPixel> pixels;
  double real_sum = 0;
  std::int64_t floor_sum = 0;
  const auto clipped = [&](double value) {
    return static_cast<std::uint16_t>(std::clamp(value, limits.low, limits.high));
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = std::clamp(values.data()[i], limits.low, limits.high);
    if (mask.data()[i] > 127) {
      pixels.push_back({i, value - std::floor(value)});
      real_sum += value;
      floor_sum += static_cast<std::int64_t>(std::floor(value));
    } else {
      rounded.data()[i] = clipped(std::floor(value + 0.5));
    }
  }
  if (pixels.empty()) return rounded;
  const auto count = static_cast<std::int64_t>(pixels.size());
  const std::int64_t wanted = mask_sum ? *mask_sum : static_cast<std::int64_t>(std::floor(real_sum + 0.5));
  // wanted = floor_sum + whole * count + rest, 0 <= rest < count
  std::int64_t whole = (wanted - floor_sum) / count, rest = (wanted - floor_sum) % count;
  if (rest < 0) {
    rest += count;
    --whole;
  }
  std::stable_sort(pixels.begin(), pixels.end(),
                   [](const MaskPixel& a, const MaskPixel& b) { return a.remainder > b.remainder; });
  for (std::size_t k = 0; k < pixels.size(); ++k) {
    const double value = std::clamp(values.data()[pixels[k].index], limits.low, limits.high);
    const double step = static_cast<double>(whole) + (static_cast<std::int64_t>(k) < rest ? 1.0 : 0.0);
    rounded.data()[pixels[k].index] = clipped(std::floor(value) + step);
  }
  return rounded;
}

Image<std::uint16_t> RoundToNearest(const Image<double>& values, CountLimits limits) {
  Image<std::uint16_t> rounded(values.height(), values.width());
  std::transform(values.begin(), values.end(), rounded.begin(), [limits](double value) {
    return static_cast<std::uint16_t>(std::floor(std::clamp(value, limits.low, limits.high) + 0.5));
  });
  return rounded;
}

std::int64_t MaskSumForScr(const ScrProblem& problem, double gain, double scr, int polarity) {
  ScrProblem written = problem;
  for (auto& pixel : written.leak) {
    const double value = std::clamp(pixel.base + gain * pixel.slope, problem.limits.low, problem.limits.high);
    pixel = {std::floor(value + 0.5), 0};
  }
  const ScrMeasurement measured = Measure(written, gain);
  const double mean =
      measured.mean_background + polarity * scr * (measured.sigma_background + problem.rule.sigma_offset);
  return static_cast<std::int64_t>(std::floor(mean * static_cast<double>(written.mask.size()) + 0.5));
}

}  // namespace mirst
