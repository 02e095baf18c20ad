// One target in one picture, from the template behind the optics to written counts: resample, estimate the scene, fuse,
// solve the gain for the SCR asked for, round, measure again (docs/embedding.md).
#pragma once

#include <cstdint>

#include "core/frame.h"
#include "core/template.h"
#include "fusion/fuse.h"
#include "fusion/scene_estimate.h"
#include "metrics/scr.h"

namespace mirst {

struct EmbedRequest {
  Vec2 centre_px;    ///< where the template's anchor goes
  double scr = 3;    ///< box20, > 0
  int polarity = 1;  ///< +1 hot, -1 cold
  CountLimits limits;
  Box20Rule rule;
  SceneMethod scene = SceneMethod::kMedian;  ///< kTemporal has no neighbours here: the median
  int scene_radius_px = 3;
};

struct EmbeddedTarget {
  Image<float> image;         ///< the picture with the target, whole counts
  Mask mask;                  ///< half_max, the picture's shape
  Vec2 centroid_px;           ///< of the flux
  double gain = 0;            ///< counts per mean contrast of the template
  ScrMeasurement written;     ///< box20 of `image`
  double scr_float = 0;       ///< before rounding
  double scr_empty = 0;       ///< box20 of the same mask on the picture without target
  double scr_delta = 0;       ///< what the target adds, with its sign
  double rounding_bound = 0;  ///< 1 / (2 N sigma_b), on |SCR written - asked for|
  double clipped_share = 0;   ///< of the mask's pixels
  /// Whether the target adds less than half of the SCR asked for, or the other polarity: the clutter made the SCR.
  bool weak = false;
};

/// The target's footprint at `centre_px`, in fixed point, in units of the template's mean contrast. Throws kBadInput:
/// hot and cold parts cancel, or it leaves a picture of `picture_box`.
SensorTemplate PlaceTemplate(const Template& blurred, Vec2 centre_px, const PixelBox& picture_box);

/// `target` laid into `background` above its own scene level (b0 = the mean scene under it). The gain is free yet.
FusedTarget LayTarget(const Frame& background, const SensorTemplate& target, const EmbedRequest& request);

/// The picture at `gain`, rounded for the SCR asked for, and all that is measured on it.
EmbeddedTarget WriteTarget(const Frame& background, const FusedTarget& fused, double gain, const EmbedRequest& request);

/// All of it. Throws kBadInput also when no gain reaches the SCR, with the largest that one does.
EmbeddedTarget EmbedTarget(const Frame& background, const Template& blurred, const EmbedRequest& request);

}  // namespace mirst
