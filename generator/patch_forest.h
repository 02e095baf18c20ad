// A random forest (OpenCV) that tells two kinds of patches apart, each scored by trees that never saw its fold.
#pragma once

#include <cstddef>
#include <vector>

#include "metrics/target_patch.h"

namespace mirst {

struct PatchCase {
  PatchFeatures features;
  bool positive = false;
  int fold = 0;
};

/// A score for each case, higher = more likely positive; 0.5 where training lacks one of the kinds. The same on every
/// run: the forest's random numbers are fixed.
std::vector<double> HeldOutScores(const std::vector<PatchCase>& cases, int folds);

}  // namespace mirst
