// Decoys: dead and blinking pixels, glints, bright cloud edges and birds that look like small targets and are labelled
// as none. They become part of a sequence's background before the targets come, so that every SCR, scene estimate and
// pair sees them. Light from outside goes through the optics; faults of pixels do not.
#pragma once

#include <string>
#include <vector>

#include "core/annotation.h"
#include "core/frame.h"
#include "core/random.h"
#include "fusion/scr_solver.h"
#include "generator/options.h"
#include "generator/track_model.h"

namespace mirst {

enum class DecoyKind { kDeadPixel, kBlinkingPixel, kGlint, kCloudEdge, kBird };
std::string ToString(DecoyKind kind);  ///< "dead_pixel", "blinking_pixel", "glint", "cloud_edge", "bird"

/// One decoy of a sequence, as data.
struct DecoyPlan {
  DecoyKind kind = DecoyKind::kDeadPixel;
  Path path;                    ///< of its centre; pixel faults and glints stay where they are
  double amplitude_counts = 0;  ///< peak of the light it adds; of a blinking pixel its step; of a dead one its level
  double length_px = 0;         ///< full width at half maximum along and across, before the optics; 0 for pixels
  double width_px = 0;
  double angle_deg = 0;    ///< of its length, from x to y
  std::vector<int> shown;  ///< frames in which it shows
  friend bool operator==(const DecoyPlan&, const DecoyPlan&) = default;
};

/// What the decoys of one frame look like.
struct PaintedDecoys {
  std::vector<Decoy> labels;
  std::vector<PixelBox> supports;  ///< of each label: all pixels that it changes
};

/// Draws the decoys of a sequence, the amplitudes after the clutter of the first frame. `keep_clear[k]` are boxes in
/// frame k that no support comes nearer to than `clearance_px`. Throws kBadInput where 200 places were tried for one in
/// vain.
std::vector<DecoyPlan> DrawDecoys(const RandomKey& key, const std::vector<Frame>& frames, CountLimits limits,
                                  const std::vector<std::vector<PixelBox>>& keep_clear, int clearance_px,
                                  const GenerateOptions& options);

/// Adds them to the frames, in whole counts within `limits`; one result a frame.
std::vector<PaintedDecoys> PaintDecoys(const std::vector<DecoyPlan>& plans, CountLimits limits,
                                       const GenerateOptions& options, std::vector<Frame>& frames);

}  // namespace mirst
