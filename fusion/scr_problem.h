// One target in one frame as a function of its gain: all that a definition of the SCR sees of I(g) = clip(I0 + g m),
// with every pixel that the gain cannot change already summed up.
#pragma once

#include <vector>

#include "core/image.h"
#include "metrics/scr.h"

namespace mirst {

/// The counts that a written file may hold; low < high.
struct CountLimits {
  double low = 0;
  double high = 255;
};

struct ScrProblem {
  struct Pixel {
    double base = 0;   ///< I0, counts
    double slope = 0;  ///< m
  };
  std::vector<Pixel> mask;  ///< the target's pixels
  std::vector<Pixel> leak;  ///< background pixels that the target touches
  // The other background pixels never change: count, sum and sum of squares of (value - origin).
  int fixed_count = 0;
  double origin = 0;
  double fixed_sum = 0;
  double fixed_squares = 0;
  CountLimits limits;
  ScrRule rule;
};

/// A target's support in a frame; shapes are (box.height, box.width).
struct TargetSupport {
  const PixelBox& box;  ///< inside the frame
  const Image<double>& base;
  const Image<float>& contrast;
  const Mask& mask;
};

/// Sorts a frame's pixels into mask, leak and fixed. `others` (frame's shape, > 127) marks other targets: no
/// background. `frame_sums` (SumsOf the background), where known, spares `global` a pass over the frame.
ScrProblem MakeProblem(ImageView<const float> background, const TargetSupport& support, CountLimits limits,
                       const ScrRule& rule, const Mask* others = nullptr, const PixelSums* frame_sums = nullptr);

/// The SCR of the image at `gain`, before rounding, by the problem's rule.
ScrMeasurement Measure(const ScrProblem& problem, double gain);

/// Share of the mask's pixels that `gain` drives outside the limits.
double ClippedShare(const ScrProblem& problem, double gain);

}  // namespace mirst
