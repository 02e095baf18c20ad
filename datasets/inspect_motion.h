// How the picture moves from frame to frame as a whole: a shift by phase correlation, refined to a fraction of a pixel
// by least squares (Lucas and Kanade 1981). Rotation, zoom and parallax are not modelled: they show in the residual.
#pragma once

#include <vector>

#include "core/geometry.h"
#include "datasets/inspect_levels.h"

namespace mirst {

/// The second frame shows at p + shift what the first shows at p.
struct FrameShift {
  Vec2 shift_px;
  double correlation = 0;      ///< of the frames where they overlap, after the shift and smoothing; -1..1
  double residual_counts = 0;  ///< rms of the difference that the shift leaves, mean removed
  bool registered = false;     ///< correlation of at least kLeastCorrelation
};
inline constexpr double kLeastCorrelation = 0.7;

FrameShift RegisterFrames(const Image<float>& first, const Image<float>& second);

struct MotionStatistics {
  std::vector<FrameShift> shifts;  ///< of each pair of successive frames
  double median_shift_px = 0, largest_shift_px = 0;
  double travel_px = 0;  ///< distance between the extreme positions of the camera's path
  double median_correlation = 0;
  double median_residual_counts = 0;
  double failed_share = 0;  ///< of the pairs that are not registered
  /// Share of the middle frame's variance in structures coarser than 8 px: a frame of noise has next to none, and
  /// nothing to register on.
  double structure_share = 0;
};
MotionStatistics MeasureMotion(FrameSpan frames);

/// Where each frame's origin lies in the first frame's coordinates; pairs that are not registered count as no motion.
std::vector<Vec2> ScenePositions(const MotionStatistics& motion);

}  // namespace mirst
