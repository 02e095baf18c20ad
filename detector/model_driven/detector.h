// Classical (model-driven) detectors of small targets: no training, no LibTorch. A detector gives a score a pixel;
// making a mask of it is the caller's choice (HalfMaximumMask below, or a threshold fixed on validation data).
#pragma once

#include <string_view>
#include <vector>

#include "core/image.h"

namespace mirst {

class ModelDrivenDetector {
 public:
  virtual ~ModelDrivenDetector() = default;

  /// Names the method and its parameters in results, "top_hat_5x5".
  virtual std::string_view id() const = 0;
  /// Meets all frames of a sequence, (height, width) each, before the first Score; forgets the sequence before. Methods
  /// that look at one frame at a time need not override it.
  virtual void Prepare(const std::vector<Image<float>>& /*frames*/) {}
  /// Scores of frame `index` of the prepared sequence; same shape, >= 0, larger = more like a target, in the unit of
  /// the frame where the method has one.
  virtual Image<float> Score(const Image<float>& frame, int index) = 0;
};

/// The compatibility choice of most published tables: 255 where the score exceeds half of the frame's largest score. An
/// all-zero map gives an empty mask. A poor operating point: report thresholds at a fixed false-alarm rate beside it.
Mask HalfMaximumMask(ImageView<const float> scores);

/// 255 where score > threshold.
Mask ThresholdMask(ImageView<const float> scores, float threshold);

}  // namespace mirst
