#include "generator/compose_sample.h"

#include <fmt/format.h>

#include <algorithm>

#include "fusion/quantise.h"
#include "generator/measure_target.h"
#include "generator/target_layers.h"

namespace mirst {
namespace {

// Frame k of the background with no target yet, the real ones ignored.
LabelledFrame EmptyFrame(const Backdrop& backdrop, std::size_t k) {
  const Frame& background = backdrop.frames[k];
  const int height = background.pixels.height(), width = background.pixels.width();
  LabelledFrame labelled;
  labelled.frame = background;
  labelled.frame.index = static_cast<int>(k);
  labelled.frame.name = fmt::format("{:06}.png", k);
  labelled.mask = Mask(height, width, 0);
  labelled.coverage = Image<std::uint16_t>(height, width, 0);
  if (!backdrop.real_targets[k].empty()) {
    labelled.ignore = Mask(height, width, 0);
    for (const PixelBox& real : backdrop.real_targets[k]) {
      for (int y = real.y; y < real.bottom(); ++y)
        std::fill_n(labelled.ignore->row(y) + real.x, real.width, std::uint8_t{255});
    }
  }
  return labelled;
}

// Lays the counts, mask and coverage of target `id` into the frame; pixels of other targets' masks keep theirs.
void Paint(const FusedTarget& fused, const SensorTemplate& target, const Image<std::uint16_t>& patch, int id,
           LabelledFrame& labelled) {
  const PixelBox& box = fused.box;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      const int row = box.y + y, column = box.x + x;
      if (fused.mask(y, x) > 127) labelled.mask(row, column) = 255;
      std::uint16_t& coverage = labelled.coverage(row, column);
      coverage = static_cast<std::uint16_t>(std::min(65535, coverage + target.coverage(y, x)));
      const int owner = labelled.instance ? (*labelled.instance)(row, column) : id;
      if (owner == 0 || owner == id) labelled.frame.pixels(row, column) = static_cast<float>(patch(y, x));
    }
  }
}

// What is known about a target whether it is seen or not.
Annotation AnnotateHidden(const TargetScenario& scenario, const TrackState& state, const std::string& scr_id) {
  Annotation a;
  a.centroid_xy = state.centre_px;
  a.velocity_px_per_frame = state.velocity_px_per_frame;
  a.visibility = 0;
  a.polarity = scenario.request.polarity;
  a.scr_id = scr_id;
  a.scr_requested = scenario.scr;
  a.attitude = state.attitude;
  a.range_m = state.range_m;
  return a;
}

// What is known about the painted target, every SCR measured once more on the written counts; `own` is its mask,
// `supports` are those of all targets in the frame.
Annotation Annotate(const LabelledFrame& labelled, const Mask& own, const std::vector<PixelBox>& supports,
                    const TargetScenario& scenario, const EmbeddedTrack& track, std::size_t k, const TrackState& state,
                    const Backdrop& backdrop, const ScrOptions& options) {
  const auto frame = static_cast<std::size_t>(track.frames[k]);
  const double gain = track.gains[k];
  const ScrProblem& problem = track.fused[k].problem;
  Annotation a = AnnotateHidden(scenario, state, options.id);
  MeasureWrittenTarget({labelled.frame.pixels, backdrop.frames[frame].pixels, backdrop.frame_sums[frame], own,
                        labelled.mask, supports, track.fused[k], gain},
                       backdrop.rule, a);
  a.centroid_xy = {LabelNumber(track.templates[k].centroid_px.x), LabelNumber(track.templates[k].centroid_px.y)};
  a.visibility = LabelNumber(track.visibility[k]);
  a.gain = LabelNumber(gain / track.unit_contrast);

  if (const double share = ClippedShare(problem, gain); share > 0) a.flags.push_back({"clipped", share});
  if (scenario.scr < scenario.request.scr) a.flags.push_back({"lowered", scenario.request.scr});
  if (IsWeak(a.polarity * a.scr_delta, scenario.scr, options.mode)) a.flags.push_back({"weak", a.scr_delta});
  return a;
}

}  // namespace

Sample ComposeSample(const Scenario& scenario, const std::vector<EmbeddedTrack>& tracks, const Backdrop& backdrop,
                     const GenerateOptions& options, const std::vector<const TargetModel*>& models) {
  const ScrMode mode = options.scr.mode;
  Sample sample;
  sample.name = fmt::format("{:06}", scenario.index);
  sample.key = {
      .seed = options.seed, .sequence = static_cast<std::uint32_t>(scenario.index), .purpose = Purpose::kScenario};
  std::vector<Track> paths;
  for (const TargetScenario& target : scenario.targets) paths.push_back(target.MakeTrack(backdrop.frame_rate_hz));
  std::vector<double> carried(tracks.size());  // rounding error of the frames so far: the sequence's mean loses nothing
  std::vector<std::size_t> next(tracks.size());
  for (std::size_t f = 0; f < backdrop.frames.size(); ++f) {
    const int frame = static_cast<int>(f);
    LabelledFrame labelled = EmptyFrame(backdrop, f);
    labelled.frame.time_s = paths.front().states[f].time_s;
    if (tracks.size() > 1) labelled.instance = OwnersAt(scenario, tracks, backdrop, frame);
    if (options.pairs) labelled.background = backdrop.frames[f].pixels;
    std::vector<double> wanted(tracks.size());
    std::vector<PixelBox> supports;
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      const EmbeddedTrack& track = tracks[i];
      const std::size_t k = next[i];
      if (k == track.frames.size() || track.frames[k] != frame) continue;
      const ScrMeasurement real = Measure(track.fused[k].problem, track.gains[k]);
      wanted[i] = mode == ScrMode::kPerFrame ? scenario.targets[i].scr : std::max(0.0, real.scr + carried[i]);
      const int sign = real.target_value < real.mean_background ? -1 : 1;
      const FusedTarget fused = FuseAmongOthers(scenario, tracks, i, k, backdrop, Neighbours::kWritten);
      supports.push_back(fused.box);
      Paint(fused, track.templates[k], ComposeWritten(fused, track.gains[k], wanted[i], sign), static_cast<int>(i) + 1,
            labelled);
    }
    labelled.annotation = {
        labelled.frame.name, labelled.frame.index, labelled.frame.time_s, {}, backdrop.decoys[f].labels};
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      const int id = static_cast<int>(i) + 1;
      const std::size_t k = next[i];
      Annotation target;
      if (k < tracks[i].frames.size() && tracks[i].frames[k] == frame) {
        target = Annotate(labelled, labelled.PixelsOf(id), supports, scenario.targets[i], tracks[i], k,
                          paths[i].states[f], backdrop, options.scr);
        carried[i] = wanted[i] - target.scr.at(target.scr_id);
        ++next[i];
      } else {
        target = AnnotateHidden(scenario.targets[i], paths[i].states[f], options.scr.id);
      }
      target.id = id;
      target.class_name = models[i]->class_name();
      target.model = models[i]->path();
      labelled.annotation.targets.push_back(std::move(target));
    }
    sample.frames.push_back(std::move(labelled));
  }
  return sample;
}

}  // namespace mirst
