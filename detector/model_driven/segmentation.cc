#include "detector/model_driven/segmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mirst {

double SegmentationThreshold(ImageView<const float> response, const SegmentationOptions& options) {
  if (options.rule == SegmentationRule::kFixed) return options.threshold;
  double maximum = 0, sum = 0, squares = 0;
  for (int y = 0; y < response.height(); ++y) {
    for (int x = 0; x < response.width(); ++x) {
      const double value = std::max(response(y, x), 0.0F);
      maximum = std::max(maximum, value);
      sum += value;
      squares += value * value;
    }
  }
  if (options.rule == SegmentationRule::kRelative) return options.relative * maximum;
  const double pixels = static_cast<double>(response.height()) * response.width(), mean = sum / pixels;
  return mean + options.k * std::sqrt(std::max(0.0, squares / pixels - mean * mean));
}

Mask Segment(ImageView<const float> response, const SegmentationOptions& options) {
  const double threshold = SegmentationThreshold(response, options);
  Mask mask(response.height(), response.width());
  for (int y = 0; y < response.height(); ++y) {
    for (int x = 0; x < response.width(); ++x) {
      const double value = response(y, x);
      mask(y, x) = value > 0 && value > threshold ? 255 : 0;
    }
  }
  return mask;
}

std::string Describe(const SegmentationOptions& options) {
  switch (options.rule) {
    case SegmentationRule::kMeanStd:
      return fmt::format("score > mean + {:g} std of the frame", options.k);
    case SegmentationRule::kFixed:
      return fmt::format("score > {:.6g}", options.threshold);
    case SegmentationRule::kRelative:
      break;
  }
  if (options.relative == 0.5) return "score > half of the frame's maximum";
  return fmt::format("score > {:g} of the frame's maximum", options.relative);
}

Mask ThresholdMask(ImageView<const float> scores, float threshold) {
  Mask mask(scores.height(), scores.width());
  for (int y = 0; y < scores.height(); ++y) {
    const float* const row = scores.row(y);
    int above = 0;  // most rows hold none: a sum, at which compilers look at several pixels at once
    for (int x = 0; x < scores.width(); ++x) above += row[x] > threshold ? 1 : 0;
    if (above == 0) continue;
    std::uint8_t* const out = mask.row(y);
    for (int x = 0; x < scores.width(); ++x) out[x] = row[x] > threshold ? 255 : 0;
  }
  return mask;
}

}  // namespace mirst
