// All random decisions of one sequence, as data: drawn first, checked for feasibility, stored in the manifest, and only
// then carried out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "core/random.h"
#include "core/track.h"
#include "generator/decoys.h"
#include "generator/excise.h"
#include "generator/motion_models.h"
#include "generator/options.h"
#include "generator/track_model.h"

namespace mirst {

/// The bins of size and SCR that a target was counted into (generator/quota.h).
struct QuotaCell {
  std::pair<double, double> area_px, scr;  ///< [low, high)
  friend bool operator==(const QuotaCell&, const QuotaCell&) = default;

  bool HoldsArea(double value) const { return value >= area_px.first && value < area_px.second; }
  bool HoldsScr(double value) const { return value >= scr.first && value < scr.second; }
};

/// What the plan of the whole data set asks of one target (stratified over the sequences).
struct TargetRequest {
  double scr = 1;              ///< 0 where contrast_counts holds in its place
  double contrast_counts = 0;  ///< of ScrMode::kContrast
  double area_px = 9;
  double speed_px_per_frame = 1;
  int polarity = 1;
  int model = 0;  ///< index of the model
  MotionModel motion = MotionModel::kStraight;
  Crossing crossing;
  double speed_m_per_s = 0;       ///< 0: the speed in px/frame holds
  std::optional<Movement> given;  ///< in place of all of these
  std::optional<QuotaCell> cell = {};
  friend bool operator==(const TargetRequest&, const TargetRequest&) = default;
};

struct SequenceRequest {
  int index = 0;
  std::vector<TargetRequest> targets;  ///< 1 to 8
  int attempt = 0;                     ///< which series of placements is tried
  friend bool operator==(const SequenceRequest&, const SequenceRequest&) = default;
};

/// One target of a sequence.
struct TargetScenario {
  TargetRequest request;
  int frames = 0;  ///< of the sequence
  Path path;
  Attitude attitude;                ///< in the first frame
  Attitude attitude_rate;           ///< degrees a frame
  double range_m = 0;               ///< in the first frame
  double range_ratio = 1;           ///< last range over first, linear in time
  std::vector<Attitude> attitudes;  ///< one a frame, in place of attitude and rate; or none
  std::vector<double> ranges_m;     ///< one a frame, in place of range and ratio; or none
  int frames_a_view = 1;            ///< attitude and range keep their value for so many frames (HoldViews)
  bool may_leave = false;           ///< the picture; else a path that does is not taken
  int placement = 0;                ///< how many placements were rejected before
  double scr = 0;                   ///< as embedded: the request, or less where it was lowered
  friend bool operator==(const TargetScenario&, const TargetScenario&) = default;

  /// The first one of the frames that share their view with `frame`.
  int ViewFrame(int frame) const;
  Attitude AttitudeAt(int frame) const;
  double RangeAt(int frame) const;
  /// Whether it looks the same in all frames.
  bool KeepsItsView() const;
  /// The target's state in each frame; `frame_rate_hz` gives the times.
  Track MakeTrack(double frame_rate_hz) const;
};

struct Scenario {
  int index = 0;   ///< of the sequence
  int source = 0;  ///< index of the background source
  int first_frame = 0;
  int frames = 0;
  std::vector<TargetScenario> targets;  ///< target i has the id i + 1
  std::vector<DecoyPlan> decoys;
  std::optional<SceneMotion> scene_motion;  ///< where it was looked for
  Excision excision;
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

/// n values of [0, 1), one in each of n equal strata, in random order.
std::vector<double> LatinStrata(int n, const RandomKey& key);

/// One request for each sequence: number of targets, and of the first targets, the second ones and so on each: SCR,
/// area and speed by Latin hypercube (each stratum once), polarity by quota, models in turn; the orders are drawn by
/// the seed.
std::vector<SequenceRequest> DrawRequests(const GenerateOptions& options, int models);

std::string ToJson(const Scenario& scenario);

}  // namespace mirst
