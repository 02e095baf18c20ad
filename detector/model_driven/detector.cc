#include "detector/model_driven/detector.h"

#include <algorithm>

namespace mirst {

Mask ThresholdMask(ImageView<const float> scores, float threshold) {
  Mask mask(scores.height(), scores.width());
  for (int y = 0; y < scores.height(); ++y) {
    for (int x = 0; x < scores.width(); ++x) mask(y, x) = scores(y, x) > threshold ? 255 : 0;
  }
  return mask;
}

Mask HalfMaximumMask(ImageView<const float> scores) {
  float maximum = 0;
  for (int y = 0; y < scores.height(); ++y)
    maximum = std::max(maximum, *std::max_element(scores.row(y), scores.row(y) + scores.width()));
  return ThresholdMask(scores, maximum / 2);
}

}  // namespace mirst
