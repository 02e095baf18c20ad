// What is known about one target in one frame, and its canonical JSON form (docs/formats.md). Values only: the SCR is
// measured in metrics/scr.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry.h"
#include "core/random.h"

namespace mirst {

/// The radiometry behind a target's template (docs/physics.md), in the camera's band. Radiances in W m-2 sr-1.
struct TargetRadiometry {
  double target_radiance = 0;      ///< mean over its silhouette, at the target
  double background_radiance = 0;  ///< that it hides, at the target
  double transmission = 1;         ///< of the path, tau
  double contrast = 0;             ///< mean over its silhouette, at the camera: tau (target - background)
  double coverage_px = 0;          ///< area of the whole silhouette on the detector; visibility times it is seen
  friend bool operator==(const TargetRadiometry&, const TargetRadiometry&) = default;
};

/// Something a user should know about a label: "quantised" (rounding to whole counts may move the SCR by more than 2 %;
/// value = the bound on |dS|), "clipped" (value = share of the mask's pixels beyond the limits of the counts),
/// "lowered" (value = the SCR asked for at first), "weak" (what the target adds lacks the declared polarity or, with
/// the SCR held in each frame, half of it; value = scr_delta).
struct Flag {
  std::string name;
  double value = 0;
  friend bool operator==(const Flag&, const Flag&) = default;
};

struct Annotation {
  int id = 1;
  std::string class_name;
  PixelBox box;              ///< of the mask
  Vec2 centroid_xy;          ///< flux-weighted sub-pixel truth, not the mask's centroid
  int area_px = 0;           ///< of the mask
  double visibility = 1;     ///< share of its coverage that nothing hides; 0: hidden, no pixel, no box, no measurement
  int polarity = 1;          ///< +1 hot, -1 cold
  std::string scr_id;        ///< the definition that was controlled
  double scr_requested = 0;  ///< of this frame (per_frame) or the sequence's mean (sequence_mean)
  std::map<std::string, double> scr;        ///< id -> value measured on the written integers
  std::map<std::string, double> scr_float;  ///< id -> value before rounding
  double scr_empty = 0;                     ///< the same mask on the background without target
  double scr_delta = 0;                     ///< mean_M(I - B) / sigma_b on the written integers, with its sign
  double sigma_b = 0;                       ///< the background's sigma (floored) that `scr[scr_id]` used, counts
  std::optional<double> dprime;             ///< detectability of the known target in its background; where known
  std::vector<Flag> flags;
  Attitude attitude;
  double range_m = 0;
  std::string model;
  double gain = 0;  ///< counts per unit of the template's contrast
  Vec2 velocity_px_per_frame;
  std::optional<TargetRadiometry> radiometry = {};  ///< where known
  friend bool operator==(const Annotation&, const Annotation&) = default;

  const Flag* FindFlag(std::string_view name) const;
  /// Whether any pixel of the mask is its own.
  bool seen() const { return area_px > 0; }
};

/// Something in one frame that looks like a target and is none; it stands in no mask.
struct Decoy {
  int id = 1;        ///< from 1, the same in all frames of a sequence
  std::string kind;  ///< "dead_pixel", "blinking_pixel", "glint", "cloud_edge", "bird"
  PixelBox box;      ///< of the pixels with at least half of its peak
  Vec2 centre_xy;
  double amplitude = 0;  ///< largest difference to the frame without it, counts, with its sign
  friend bool operator==(const Decoy&, const Decoy&) = default;
};

/// All targets of one frame, hidden ones too, and its decoys.
struct FrameAnnotation {
  std::string frame;  ///< file name
  int index = 0;
  double time_s = 0;
  std::vector<Annotation> targets;
  std::vector<Decoy> decoys = {};
  std::optional<RandomKey> random_key = {};  ///< seed, sequence and frame from which all its numbers are drawn
  friend bool operator==(const FrameAnnotation&, const FrameAnnotation&) = default;
};

/// A number for a label: ten significant digits keep libm's last bit out of the data set's identity.
double LabelNumber(double value);

/// One line without line break, keys in a fixed order, shortest round-trip numbers: equal values give equal bytes.
/// Throws kInternal when a number is not finite.
std::string ToJsonLine(const FrameAnnotation& annotation);

/// Reads a line of annotations/<seq>.jsonl. Unknown keys are kept out. Throws kBadInput with the key at fault.
FrameAnnotation ParseFrameAnnotation(std::string_view line);

}  // namespace mirst
