// Suspected real targets in a background: small bright or dark things that stand out from their surroundings, frame
// after frame, on a path. A proposal for a person to review, not a detector to score: it rather shows a lamp too much
// than lets an aircraft pass.
#pragma once

#include <vector>

#include "core/geometry.h"
#include "datasets/inspect_levels.h"

namespace mirst {

struct SuspectBox {
  int frame = 0;  ///< index in the frames that were given
  PixelBox box;
};

struct Suspect {
  std::vector<SuspectBox> boxes;  ///< of the frames in which it was seen, in order
  int polarity = 1;               ///< +1 hot, -1 cold
  double mean_contrast = 0;       ///< top-hat over the rms of its surroundings, mean over the boxes
  double scene_travel_px = 0;     ///< how far it went against the scene, between its first and its last boxes
  /// It kept its place in the picture to 2 px while that moved over the scene by more than 8 px: rather a cluster of
  /// defective pixels than a target.
  bool fixed_to_sensor = false;
  double seen_share = 0;  ///< of the frames between its first and its last box
  double score = 0;       ///< the order of the list, descending
};

/// `scene_positions[k]`: the origin of frame k in the scene's coordinates (inspect_motion.h). `noise_counts`: temporal
/// noise of a pixel. At most `limit` suspects.
std::vector<Suspect> FindSuspects(FrameSpan frames, const std::vector<Vec2>& scene_positions, double noise_counts,
                                  std::size_t limit);

}  // namespace mirst
