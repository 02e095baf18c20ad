// Targets laid along their paths into a stretch of background, with their gains solved for the SCR asked for, and the
// judgement whether they are what they claim to be.
#pragma once

#include <optional>
#include <vector>

#include "core/frame.h"
#include "fusion/fuse.h"
#include "generator/decoys.h"
#include "generator/occlusion.h"
#include "generator/options.h"
#include "generator/scenario.h"
#include "generator/target_view.h"

namespace mirst {

/// The background of one sequence, decoys in it.
struct Backdrop {
  std::vector<Frame> frames;
  std::vector<PixelSums> frame_sums;                ///< of each frame, for the SCR `global`; empty: not known
  std::vector<std::vector<PixelBox>> real_targets;  ///< a frame's boxes of real targets
  std::vector<PaintedDecoys> decoys;                ///< one a frame
  std::vector<Transmission> layers;                 ///< before the targets: one a frame, or none at all
  Excision excision;                                ///< what became of the real targets
  CountLimits limits;
  Box20Rule rule;
  double frame_rate_hz = 25;
};

/// Counts that a target may reach: what the format holds, or with `auto` 16..235 where all frames keep to it (video
/// range) and 14 bits where they fit; and no more than `saturation_counts`, or the brightest pixel where that is more.
CountLimits FindCountLimits(const std::vector<Frame>& frames, CountLimitRule rule,
                            std::optional<double> saturation_counts = {});

/// Finds frame_sums.
void SumFrames(Backdrop& backdrop);

struct EmbeddedTrack {
  std::vector<int> frames;  ///< those of the backdrop in which the target is seen; the vectors below go with it
  std::vector<SensorTemplate> templates;  ///< what is left of it behind whatever hides it
  std::vector<double> visibility;         ///< share of its coverage that is left
  std::vector<Image<float>> scenes;       ///< S, on the template's box
  std::vector<double> references;         ///< b0, counts
  std::vector<FusedTarget> fused;
  std::vector<double> gains;  ///< counts per mean contrast; empty when the SCR cannot be reached
  ScrRule rule;               ///< what its SCR is measured by
  double unit_contrast = 1;   ///< the template's mean contrast that a gain of 1 stands for
  double largest_scr = 0;     ///< that any gain reaches (only set when gains is empty)
  double weak_share = 0;      ///< share of the frames that do not show what they claim
  double clipped_share = 0;   ///< share of the frames with clipped pixels
};

/// Why paths cannot be used at all; kSeenShare: a target is hidden in all frames, or in more or fewer than asked for.
enum class PlacementFault { kNone, kLeavesFrame, kNearRealTarget, kNearDecoy, kNoContrast, kSeenShare };

/// Lays the targets into every `frame_step`-th frame of the backdrop (1 = all; more = a quick look) and solves their
/// gains (one for the sequence, or one a frame); the tracks' vectors hold those of these frames in which a target is
/// seen. Where targets stand in each other's windows, their gains are solved in turn until none changes by more than
/// 1e-9 of itself; where 40 rounds do not do it, the last one's count as not reached. A frame is weak when what the
/// target adds lacks the declared polarity, or in per_frame mode is less than half of the SCR asked for; in
/// sequence_mean mode the mean of what it adds (in radiometric mode the first frame's) must reach half, else all frames
/// count as weak.
PlacementFault EmbedTracks(const Scenario& scenario, std::vector<TargetViews>& views, const Backdrop& backdrop,
                           const GenerateOptions& options, int frame_step, std::vector<EmbeddedTrack>& tracks);

/// Whether a frame counts as weak; `added`: polarity * scr_delta.
bool IsWeak(double added, double scr, ScrMode mode);

}  // namespace mirst
