#include "generator/embed_track.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "fusion/quantise.h"
#include "fusion/scene_estimate.h"
#include "generator/measure_target.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

double WindowMean(ImageView<const float> background, const SensorTemplate& target) {
  const PixelBox window =
      Intersect(Grow(target.box, Box20Rule::kMarginPx), {0, 0, background.width(), background.height()});
  double sum = 0;
  int count = 0;
  for (int y = window.y; y < window.bottom(); ++y) {
    for (int x = window.x; x < window.right(); ++x) {
      if (target.box.Contains(x, y)) continue;
      sum += static_cast<double>(background(y, x));
      ++count;
    }
  }
  return count > 0 ? sum / count : 0;
}

// Mean over the mask of I(gain) - B, in units of the background's sigma.
double AddedScr(const FusedTarget& fused, double gain, const Image<float>& background) {
  const Image<double> composed = Compose(fused, gain);
  double sum = 0;
  int count = 0;
  for (int y = 0; y < fused.box.height; ++y) {
    for (int x = 0; x < fused.box.width; ++x) {
      if (fused.mask(y, x) <= 127) continue;
      sum += composed(y, x) - static_cast<double>(background(fused.box.y + y, fused.box.x + x));
      ++count;
    }
  }
  return sum / count / (Measure(fused.problem, gain).sigma_background + fused.problem.rule.sigma_offset);
}

void SolveGains(const std::vector<ScrProblem>& problems, const Scenario& scenario, ScrMode mode, EmbeddedTrack& track) {
  const int polarity = scenario.request.polarity;
  if (mode == ScrMode::kSequenceMean) {
    if (const auto gain = SolveSequenceGain(problems, scenario.scr, polarity)) {
      track.gains.assign(problems.size(), *gain);
    } else {
      track.largest_scr = LargestScr(problems, polarity);
    }
    return;
  }
  for (const ScrProblem& problem : problems) {
    const auto gain = SolveGain(problem, scenario.scr, polarity);
    if (!gain) {
      track.gains.clear();
      track.largest_scr = scenario.scr;
      for (const ScrProblem& p : problems)
        track.largest_scr = std::min(track.largest_scr, LargestScr({&p, 1}, polarity));
      return;
    }
    track.gains.push_back(*gain);
  }
}

// `added`: polarity * scr_delta.
bool IsWeak(double added, double scr, ScrMode mode) {
  return added <= 0 || (mode == ScrMode::kPerFrame && added < 0.5 * scr);
}

void Judge(const Scenario& scenario, const Backdrop& backdrop, ScrMode mode, EmbeddedTrack& track) {
  const auto frames = static_cast<double>(track.fused.size());
  int weak = 0, clipped = 0;
  double mean_added = 0;
  for (std::size_t k = 0; k < track.fused.size(); ++k) {
    const double added =
        scenario.request.polarity *
        AddedScr(track.fused[k], track.gains[k], backdrop.frames[static_cast<std::size_t>(track.frames[k])].pixels);
    mean_added += added / frames;
    if (IsWeak(added, scenario.scr, mode)) ++weak;
    if (ClippedShare(track.fused[k].problem, track.gains[k]) > 0) ++clipped;
  }
  track.weak_share = mean_added < 0.5 * scenario.scr ? 1 : weak / frames;
  track.clipped_share = clipped / frames;
}

// Frame k with the target's counts, its masks, and the real targets to ignore.
LabelledFrame Paint(const EmbeddedTrack& track, std::size_t k, const Backdrop& backdrop,
                    const Image<std::uint16_t>& patch) {
  const Frame& background = backdrop.frames[k];
  const PixelBox& box = track.fused[k].box;
  const int height = background.pixels.height(), width = background.pixels.width();
  LabelledFrame labelled;
  labelled.frame = background;
  labelled.frame.index = static_cast<int>(k);
  labelled.frame.name = fmt::format("{:06}.png", k);
  labelled.mask = Mask(height, width, 0);
  labelled.coverage = Image<std::uint16_t>(height, width, 0);
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      labelled.frame.pixels(box.y + y, box.x + x) = static_cast<float>(patch(y, x));
      labelled.mask(box.y + y, box.x + x) = track.fused[k].mask(y, x);
      labelled.coverage(box.y + y, box.x + x) = track.templates[k].coverage(y, x);
    }
  }
  if (!backdrop.real_targets[k].empty()) {
    labelled.ignore = Mask(height, width, 0);
    for (const PixelBox& real : backdrop.real_targets[k]) {
      for (int y = real.y; y < real.bottom(); ++y)
        std::fill_n(labelled.ignore->row(y) + real.x, real.width, std::uint8_t{255});
    }
  }
  return labelled;
}

// What is known about the painted target, every SCR measured once more on the written counts.
Annotation Annotate(const LabelledFrame& labelled, const Scenario& scenario, const EmbeddedTrack& track, std::size_t k,
                    const TrackState& state, const Backdrop& backdrop, const ScrOptions& options) {
  const double gain = track.gains[k];
  const ScrProblem& problem = track.fused[k].problem;
  Annotation a;
  a.id = 1;
  MeasureWrittenTarget({labelled.frame.pixels,
                        backdrop.frames[k].pixels,
                        backdrop.frame_sums[k],
                        labelled.mask,
                        labelled.mask,
                        {&track.fused[k].box, 1},
                        track.fused[k],
                        gain,
                        scenario.request.polarity},
                       options.id, backdrop.rule, a);
  a.centroid_xy = {Label(track.templates[k].centroid_px.x), Label(track.templates[k].centroid_px.y)};
  a.velocity_px_per_frame = state.velocity_px_per_frame;
  a.visibility = state.visibility;
  a.scr_requested = scenario.scr;
  a.attitude = state.attitude;
  a.range_m = state.range_m;
  a.gain = Label(gain / track.unit_contrast);

  const double bound = RoundingBound(problem.rule, a.area_px, a.sigma_b);
  if (bound > 0.02 * scenario.scr) a.flags.push_back({"quantised", bound});
  if (const double share = ClippedShare(problem, gain); share > 0) a.flags.push_back({"clipped", share});
  if (scenario.scr < scenario.request.scr) a.flags.push_back({"lowered", scenario.request.scr});
  if (IsWeak(a.polarity * a.scr_delta, scenario.scr, options.mode)) a.flags.push_back({"weak", a.scr_delta});
  return a;
}

}  // namespace

CountLimits FindCountLimits(const std::vector<Frame>& frames, CountLimitRule rule) {
  float least = 1e9F, most = 0;
  for (const Frame& frame : frames) {
    const auto [low, high] = std::minmax_element(frame.pixels.begin(), frame.pixels.end());
    least = std::min(least, *low);
    most = std::max(most, *high);
  }
  const int bit_depth = frames.front().bit_depth;
  if (rule == CountLimitRule::kAutomatic && bit_depth == 8 && least >= 16 && most <= 235) return {16, 235};
  if (rule == CountLimitRule::kAutomatic && bit_depth == 16 && most <= 16383) return {0, 16383};
  return {0, static_cast<double>(MaxCount(bit_depth))};
}

PlacementFault EmbedTrack(const Scenario& scenario, TargetViews& views, const Backdrop& backdrop,
                          const GenerateOptions& options, int frame_step, EmbeddedTrack& track) {
  track = {};
  track.unit_contrast = MeanContrast(views.At(0));
  if (!(std::abs(track.unit_contrast) > 0)) return PlacementFault::kNoContrast;
  std::vector<Image<float>> scenes;
  double level = 0;  // b0, absolute: the mean scene under the target
  const Track path = scenario.MakeTrack(backdrop.frame_rate_hz);
  for (int k = 0; k < scenario.frames; k += frame_step) {
    const auto frame = static_cast<std::size_t>(k);
    const Image<float>& background = backdrop.frames[frame].pixels;
    const TrackState& state = path.states[frame];
    const Vec2 smear = options.camera.integration_share * state.velocity_px_per_frame;
    const int subexposures = 1 + static_cast<int>(4 * std::max(std::abs(smear.x), std::abs(smear.y)));
    const Footprint footprint = ResampleToSensor(views.At(k), state.centre_px, smear, subexposures);
    const SensorTemplate target = Quantise(footprint, track.unit_contrast);
    if (!background.box().Contains(target.box)) return PlacementFault::kLeavesFrame;
    for (const PixelBox& real : backdrop.real_targets[frame]) {
      if (!Intersect(Grow(target.box, options.avoid_margin_px), real).empty()) return PlacementFault::kNearRealTarget;
    }
    scenes.push_back(MedianScene(background, target.box, options.fusion.scene_radius_px));
    level += SceneLevel(target, scenes.back());
    track.frames.push_back(k);
    track.templates.push_back(target);
  }
  level /= static_cast<double>(track.frames.size());
  const ScrRule rule = ScrRule::Named(options.scr.id, backdrop.rule, scenario.request.polarity);
  std::vector<ScrProblem> problems;
  for (std::size_t i = 0; i < track.frames.size(); ++i) {
    const auto frame = static_cast<std::size_t>(track.frames[i]);
    const Image<float>& background = backdrop.frames[frame].pixels;
    const bool local = options.fusion.reference_level == ReferenceLevel::kLocal;
    const double reference = local ? WindowMean(background, track.templates[i]) : level;
    track.fused.push_back(Fuse(background, track.templates[i], scenes[i], reference, backdrop.limits, rule, nullptr,
                               &backdrop.frame_sums[frame]));
    problems.push_back(track.fused.back().problem);
  }
  SolveGains(problems, scenario, options.scr.mode, track);
  if (!track.gains.empty()) Judge(scenario, backdrop, options.scr.mode, track);
  return PlacementFault::kNone;
}

Sample ComposeSample(const Scenario& scenario, const EmbeddedTrack& track, const Backdrop& backdrop,
                     const GenerateOptions& options, const std::string& class_name, const std::string& model_path) {
  Sample sample;
  sample.name = fmt::format("{:06}", scenario.request.index);
  sample.key = {.seed = options.seed,
                .sequence = static_cast<std::uint32_t>(scenario.request.index),
                .purpose = Purpose::kScenario};
  const Track path = scenario.MakeTrack(backdrop.frame_rate_hz);
  double carried = 0;  // rounding error of the frames so far, so that the sequence's mean loses nothing
  for (std::size_t k = 0; k < track.fused.size(); ++k) {
    const ScrMeasurement real = Measure(track.fused[k].problem, track.gains[k]);
    const bool per_frame = options.scr.mode == ScrMode::kPerFrame;
    const double wanted = per_frame ? scenario.scr : std::max(0.0, real.scr + carried);
    const int sign = real.target_value < real.mean_background ? -1 : 1;
    LabelledFrame labelled = Paint(track, k, backdrop, ComposeWritten(track.fused[k], track.gains[k], wanted, sign));
    labelled.frame.time_s = path.states[k].time_s;

    Annotation target = Annotate(labelled, scenario, track, k, path.states[k], backdrop, options.scr);
    target.class_name = class_name;
    target.model = model_path;
    carried = wanted - target.scr.at(target.scr_id);
    labelled.annotation = {labelled.frame.name, labelled.frame.index, labelled.frame.time_s, {target}};
    sample.frames.push_back(std::move(labelled));
  }
  return sample;
}

}  // namespace mirst
