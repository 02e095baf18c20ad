#include "generator/track_outcome.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/json.h"

namespace mirst {
namespace {

TargetRequest ParseRequest(const Json& json) {
  TargetRequest request;
  request.scr = Get<double>(json, "scr_requested");
  request.contrast_counts = GetOr<double>(json, "contrast_counts_requested", 0);
  request.area_px = Get<double>(json, "area_px_requested");
  request.speed_px_per_frame = Get<double>(json, "speed_px_per_frame_requested");
  request.polarity = Get<int>(json, "polarity");
  if (json.contains("quota_cell")) {
    const auto interval = [&](const char* key) {
      const auto ends = Get<std::array<double, 2>>(json.at("quota_cell"), key);
      return std::pair(ends[0], ends[1]);
    };
    request.cell = QuotaCell{interval("area_px"), interval("scr")};
  }
  return request;
}

}  // namespace

std::vector<MeasuredTrack> MeasureTracks(std::span<const FrameAnnotation> frames) {
  std::vector<MeasuredTrack> tracks;
  for (const FrameAnnotation& frame : frames) {
    tracks.resize(std::max(tracks.size(), frame.targets.size()));
    for (std::size_t i = 0; i < frame.targets.size(); ++i) {
      const Annotation& target = frame.targets[i];
      MeasuredTrack& track = tracks[i];
      track.speed_px_per_frame += std::hypot(target.velocity_px_per_frame.x, target.velocity_px_per_frame.y);
      if (!target.seen()) continue;
      ++track.frames;
      track.area_px += target.area_px;
      track.scr += target.scr.at(target.scr_id);
      const auto counts = [](const Flag& flag) { return flag.name != "quantised"; };
      if (std::any_of(target.flags.begin(), target.flags.end(), counts)) ++track.flagged;
      for (const Flag& flag : target.flags) ++track.flags[flag.name];
    }
  }
  for (MeasuredTrack& track : tracks) {
    track.area_px /= std::max(1, track.frames);
    track.scr /= std::max(1, track.frames);
    track.speed_px_per_frame /= static_cast<double>(frames.size());
  }
  return tracks;
}

std::vector<MeasuredTrack> MeasureTracks(const Sample& sample) {
  std::vector<FrameAnnotation> annotations;
  for (const LabelledFrame& frame : sample.frames) annotations.push_back(frame.annotation);
  return MeasureTracks(annotations);
}

std::vector<TrackOutcome> OutcomesOf(const Scenario& scenario, const std::string& source,
                                     std::vector<MeasuredTrack> measured) {
  std::vector<TrackOutcome> outcomes;
  for (std::size_t i = 0; i < scenario.targets.size(); ++i) {
    const TargetScenario& target = scenario.targets[i];
    const TargetRequest& request = target.request;
    const bool is_px_speed = request.speed_m_per_s == 0 && !request.given && request.motion != MotionModel::kHover;
    outcomes.push_back({source, request, target.scr < request.scr, is_px_speed, std::move(measured.at(i))});
  }
  return outcomes;
}

std::vector<TrackOutcome> OutcomesOf(const ManifestSequence& sequence, std::vector<MeasuredTrack> measured) {
  const auto targets = Get<std::vector<Json>>(ParseJson(sequence.scenario_json), "targets");
  if (targets.size() != measured.size()) {
    throw BadInput(fmt::format("the manifest names {} targets, the annotations {}", targets.size(), measured.size()));
  }
  std::vector<TrackOutcome> outcomes;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const TargetRequest request = ParseRequest(targets[i]);
    const bool lowered = Get<double>(targets[i], "scr_embedded") < request.scr;
    const std::string motion = Get<std::string>(targets[i], "motion");
    const bool is_px_speed =
        !targets[i].contains("speed_m_per_s_requested") && motion != "file" && motion != ToString(MotionModel::kHover);
    outcomes.push_back({sequence.background.source, request, lowered, is_px_speed, std::move(measured[i])});
  }
  return outcomes;
}

}  // namespace mirst
