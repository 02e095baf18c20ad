// What can be told of a target's surroundings in written frames: the step at its contour, and what repeats from frame
// to frame inside and around it.
#pragma once

#include <vector>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst::bench {

/// Pixels of two consecutive frames inside the mask, or in a ring of 6 px about the target's support.
struct FrameChange {
  double repeated = 0;  ///< pixels that are the same in both frames
  double squares = 0;   ///< sum of squared differences
  int pixels = 0;
  double repeated_share() const { return repeated / pixels; }
  double mean_square() const { return squares / pixels; }
  void Add(double difference);
};
FrameChange ChangeInside(const Image<float>& first, const Image<float>& second, const Mask& mask);
FrameChange ChangeAround(const Image<float>& first, const Image<float>& second, const PixelBox& support);

/// Mean |difference| of the pixel pairs across the mask's contour over that across the contour one pixel further out:
/// a step sits on its contour alone, a blurred rim on both. 0 where neither changes.
double ContourRatio(const Image<float>& image, const Mask& mask);

/// The q-quantile of `values` (taken by value: they are sorted), by the nearest rank; 0 of none.
double Quantile(std::vector<double> values, double q);

}  // namespace mirst::bench
