// The single checks of Audit: each meets every sequence once and then judges.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/sample.h"
#include "datasets/background_frames.h"
#include "generator/audit.h"
#include "generator/redraw.h"
#include "metrics/target_patch.h"

namespace mirst {

/// One sequence with all that could be found about it.
struct AuditSequence {
  const ManifestSequence* entry = nullptr;
  std::vector<LabelledFrame> frames;
  BackgroundFrames backgrounds;
  int scene_radius_px = 3;
  bool coded = false;  ///< a codec has changed frames and backgrounds, beside the targets as well
  /// [frame][target], empty where the models are not at hand.
  std::vector<std::vector<std::optional<RedrawnTarget>>> redrawn;
};

/// (a) Where there is no coverage, the frame is the background bit for bit.
class UntouchedCheck {
 public:
  void Add(const AuditSequence& sequence);
  AuditCheck Finish() const;

 private:
  std::int64_t frames_ = 0, pixels_ = 0, differing_ = 0;
  double largest_ = 0;
  std::string missing_;
};

/// (d) The blurred templates hold no energy beyond the optics' cut-off.
class CutoffCheck {
 public:
  explicit CutoffCheck(const CameraOptions& camera);
  void Add(const AuditSequence& sequence);
  AuditCheck Finish() const;

 private:
  double cutoff_per_px_;
  std::vector<double> shares_;
};

/// (e) The noise under the targets is the noise that was there.
class NoiseCheck {
 public:
  void Add(const AuditSequence& sequence);
  AuditCheck Finish() const;

 private:
  std::vector<double> own_ratios_, ring_ratios_;
  int inside_interval_ = 0, ring_inside_interval_ = 0;
  double temporal_left_ = 0, temporal_before_ = 0;
};

/// (g) The targets' brightness does not follow the clutter around them.
class AmplitudeCheck {
 public:
  void Add(const AuditSequence& sequence);
  AuditCheck Finish() const;

 private:
  std::vector<double> with_sigma_, with_mean_;  // a correlation a target
};

/// A segmented target of a video.
struct VideoPatch {
  VideoPatch(std::string video_group, TargetPatch target)
      : group(std::move(video_group)), patch(std::move(target)), features(FeaturesOf(patch)), seam(SeamRatio(patch)) {}
  std::string group;
  TargetPatch patch;
  PatchFeatures features;
  double seam;
};

/// Group of each video or background source that shares its scene with others.
using VideoGroups = std::map<std::string, std::string>;
/// A CSV file "video,group"; nothing for an empty path. Throws kBadInput.
VideoGroups ReadVideoGroups(const std::filesystem::path& file);

/// (c) seams and (f) the two-sample classifier, against real targets.
class RealismCheck {
 public:
  explicit RealismCheck(VideoGroups groups) : groups_(std::move(groups)) {}
  void Add(const AuditSequence& sequence);
  /// Empty `real`: no measure.
  std::vector<AuditCheck> Finish(const std::vector<VideoPatch>& real) const;
  /// CSV: a row a patch, of all kinds, and once more those that the classifier saw (matched_*).
  std::string PatchTable(const std::vector<VideoPatch>& real) const;

 private:
  VideoGroups groups_;
  std::vector<VideoPatch> embedded_, hard_;
};

/// The real targets that boxes.csv names, segmented like the embedded ones. Throws kBadInput: no boxes.
std::vector<VideoPatch> RealPatches(const std::filesystem::path& folder, const VideoGroups& groups);

/// (h) Real targets, taken out and replaced by fitted templates.
AuditCheck ReinsertionCheck(const std::vector<VideoPatch>& real);

/// Of sorted or unsorted values; 0 where there are none.
double MedianOf(std::vector<double> values);

}  // namespace mirst
