// One target laid along its path into a stretch of background, with its gain solved for the SCR asked for, and the
// judgement whether it is what it claims to be.
#pragma once

#include <optional>
#include <vector>

#include "core/frame.h"
#include "core/sample.h"
#include "fusion/fuse.h"
#include "generator/options.h"
#include "generator/scenario.h"
#include "generator/target_view.h"

namespace mirst {

/// The background of one sequence.
struct Backdrop {
  std::vector<Frame> frames;
  std::vector<PixelSums> frame_sums;                ///< of each frame, for the SCR `global`
  std::vector<std::vector<PixelBox>> real_targets;  ///< a frame's boxes of real targets
  CountLimits limits;
  Box20Rule rule;
  double frame_rate_hz = 25;
};

/// Counts that a target may reach: what the format holds, or with `auto` 16..235 where all frames keep to it (video
/// range) and 14 bits where they fit.
CountLimits FindCountLimits(const std::vector<Frame>& frames, CountLimitRule rule);

struct EmbeddedTrack {
  std::vector<int> frames;  ///< which of the backdrop; the vectors below go with it
  std::vector<SensorTemplate> templates;
  std::vector<FusedTarget> fused;
  std::vector<double> gains;  ///< counts per mean contrast; empty when the SCR cannot be reached
  double unit_contrast = 1;   ///< the template's mean contrast that a gain of 1 stands for
  double largest_scr = 0;     ///< that any gain reaches (only set when gains is empty)
  double weak_share = 0;      ///< share of the frames that do not show what they claim
  double clipped_share = 0;   ///< share of the frames with clipped pixels
  bool acceptable() const { return !gains.empty() && weak_share == 0 && clipped_share == 0; }
};

/// Why a path cannot be used at all.
enum class PlacementFault { kNone, kLeavesFrame, kNearRealTarget, kNoContrast };

/// Lays the target into every `frame_step`-th frame of the backdrop (1 = all; more = a quick look) and solves its gain
/// (one for the sequence, or one a frame); the result's vectors hold those frames only. A frame is weak when what the
/// target adds lacks the declared polarity, or in per_frame mode is less than half of the SCR asked for; in
/// sequence_mean mode the mean of what it adds must reach half, else all frames count as weak.
PlacementFault EmbedTrack(const Scenario& scenario, TargetViews& views, const Backdrop& backdrop,
                          const GenerateOptions& options, int frame_step, EmbeddedTrack& result);

/// The finished sequence from a track of all frames: frames with the target written in whole counts, labels, and every
/// measurement repeated on the written counts.
Sample ComposeSample(const Scenario& scenario, const EmbeddedTrack& track, const Backdrop& backdrop,
                     const GenerateOptions& options, const std::string& class_name, const std::string& model_path);

}  // namespace mirst
