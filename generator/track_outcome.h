// What became of a target: what was asked of it, and what its labels say on the finished frames.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/annotation.h"
#include "core/manifest.h"
#include "core/sample.h"
#include "generator/scenario.h"

namespace mirst {

/// The labels of one target over the frames in which it is seen.
struct MeasuredTrack {
  int frames = 0;
  double area_px = 0, scr = 0;       ///< means; the SCR by the controlled definition, on the written integers
  double speed_px_per_frame = 0;     ///< mean over all frames
  std::map<std::string, int> flags;  ///< name -> frames that carry it
  int flagged = 0;                   ///< frames with any flag but "quantised"
};

/// One a target, in the order of the ids; `frames` is a whole sequence.
std::vector<MeasuredTrack> MeasureTracks(std::span<const FrameAnnotation> frames);
std::vector<MeasuredTrack> MeasureTracks(const Sample& sample);

struct TrackOutcome {
  std::string source;  ///< of the background
  TargetRequest request;
  bool lowered = false;     ///< the SCR that was embedded is less than the one asked for
  bool is_px_speed = true;  ///< the speed was asked for in px/frame: not in m/s, no given path, no hovering
  MeasuredTrack measured;
};

std::vector<TrackOutcome> OutcomesOf(const Scenario& scenario, const std::string& source,
                                     std::vector<MeasuredTrack> measured);
/// The same for a written sequence. Throws kBadInput when its scenario in the manifest is not mirst's.
std::vector<TrackOutcome> OutcomesOf(const ManifestSequence& sequence, std::vector<MeasuredTrack> measured);

}  // namespace mirst
