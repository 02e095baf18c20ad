// From responses to masks: the rules that published tables use. All look at the positive part of the response.
#pragma once

#include <string>

#include "core/config.h"
#include "core/image.h"

namespace mirst {

enum class SegmentationRule { kRelative, kMeanStd, kFixed };

/// Default: the compatibility choice of most published tables, half of the frame's largest response. A poor operating
/// point: report thresholds at a fixed false-alarm rate beside it.
struct SegmentationOptions {
  SegmentationRule rule = SegmentationRule::kRelative;
  double relative = 0.5;  ///< share of the frame's largest response
  double k = 3;           ///< mean + k standard deviations of the frame's response
  double threshold = 0;   ///< in the unit of the response
  friend bool operator==(const SegmentationOptions&, const SegmentationOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, SegmentationOptions& o) {
  visitor.Choice("rule", o.rule, {"relative", "mean_std", "fixed"},
                 "a target where the response exceeds: a share of the frame's largest | mean + k std | a fixed value");
  visitor.Real("relative", o.relative, {0, 1}, "rule relative: share of the frame's largest response");
  visitor.Real("k", o.k, {0, 1e3}, "rule mean_std: standard deviations above the frame's mean");
  visitor.Real("threshold", o.threshold, {0, 1e30}, "rule fixed: threshold in the unit of the response");
}

/// What max(response, 0) must exceed in this frame.
double SegmentationThreshold(ImageView<const float> response, const SegmentationOptions& options);
/// 255 where max(response, 0) exceeds the rule's threshold; a frame without a positive response gives an empty mask.
Mask Segment(ImageView<const float> response, const SegmentationOptions& options);
/// "score > half of the frame's maximum".
std::string Describe(const SegmentationOptions& options);

/// 255 where score > threshold.
Mask ThresholdMask(ImageView<const float> scores, float threshold);

}  // namespace mirst
