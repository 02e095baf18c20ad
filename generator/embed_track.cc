#include "generator/embed_track.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "generator/target_layers.h"
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

void SolveGains(const std::vector<ScrProblem>& problems, const TargetScenario& scenario, ScrMode mode,
                EmbeddedTrack& track) {
  track.gains.clear();
  const int polarity = scenario.request.polarity;
  if (mode == ScrMode::kContrast) {  // templates are in units of their mean contrast
    track.gains.assign(problems.size(), polarity * scenario.request.contrast_counts);
    return;
  }
  if (mode == ScrMode::kSequenceMean) {
    if (const auto gain = SolveSequenceGain(problems, scenario.scr, polarity)) {
      track.gains.assign(problems.size(), *gain);
    } else {
      track.largest_scr = LargestScr(problems, polarity);
    }
    return;
  }
  if (mode == ScrMode::kRadiometric) {
    // Range law and atmosphere are in the templates, in units of the first frame's contrast: one gain for all.
    if (const auto gain = SolveGain(problems.front(), scenario.scr, polarity)) {
      track.gains.assign(problems.size(), *gain);
    } else {
      track.largest_scr = LargestScr({&problems.front(), 1}, polarity);
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

void Judge(const TargetScenario& scenario, const Backdrop& backdrop, ScrMode mode, EmbeddedTrack& track) {
  const auto frames = static_cast<double>(track.fused.size());
  int weak = 0, clipped = 0;
  double mean_added = 0, first_added = 0;
  for (std::size_t k = 0; k < track.fused.size(); ++k) {
    const double added =
        scenario.request.polarity *
        AddedScr(track.fused[k], track.gains[k], backdrop.frames[static_cast<std::size_t>(track.frames[k])].pixels);
    if (k == 0) first_added = added;
    mean_added += added / frames;
    if (IsWeak(added, scenario.scr, mode)) ++weak;
    if (ClippedShare(track.fused[k].problem, track.gains[k]) > 0) ++clipped;
  }
  const double claimed = mode == ScrMode::kRadiometric ? first_added : mean_added;
  track.weak_share = claimed < 0.5 * scenario.scr ? 1 : weak / frames;
  track.clipped_share = mode == ScrMode::kContrast ? 0 : clipped / frames;  // there it is what real ones do
}

// b0: the mean scene under the target over the sequence, or the mean of each frame's window.
void FindReferences(const Backdrop& backdrop, ReferenceLevel rule, EmbeddedTrack& track) {
  double level = 0;
  for (std::size_t k = 0; k < track.frames.size(); ++k) level += SceneLevel(track.templates[k], track.scenes[k]);
  track.references.assign(track.frames.size(), level / static_cast<double>(track.frames.size()));
  if (rule == ReferenceLevel::kAbsolute) return;
  for (std::size_t k = 0; k < track.frames.size(); ++k) {
    track.references[k] =
        WindowMean(backdrop.frames[static_cast<std::size_t>(track.frames[k])].pixels, track.templates[k]);
  }
}

// Fuses target `i` among the others as they are now and solves its gains.
void FuseAndSolve(const Scenario& scenario, std::size_t i, const Backdrop& backdrop, ScrMode mode,
                  std::vector<EmbeddedTrack>& tracks) {
  std::vector<FusedTarget> fused;
  std::vector<ScrProblem> problems;
  for (std::size_t k = 0; k < tracks[i].frames.size(); ++k) {
    fused.push_back(FuseAmongOthers(scenario, tracks, i, k, backdrop, Neighbours::kReal));
    problems.push_back(fused.back().problem);
  }
  tracks[i].fused = std::move(fused);
  SolveGains(problems, scenario.targets[i], mode, tracks[i]);
}

bool HasNeighbours(const std::vector<EmbeddedTrack>& tracks, std::size_t i) {
  for (std::size_t k = 0; k < tracks[i].frames.size(); ++k) {
    if (HasNeighbour(tracks, i, k)) return true;
  }
  return false;
}

// Each target's gains in turn, the others' held, until they stay (Gauss-Seidel).
void SolveJointly(const Scenario& scenario, const Backdrop& backdrop, ScrMode mode,
                  std::vector<EmbeddedTrack>& tracks) {
  constexpr int kRounds = 40;
  constexpr double kTolerance = 1e-9;
  std::vector<std::size_t> coupled;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (HasNeighbours(tracks, i)) coupled.push_back(i);
  }
  for (int round = 0; !coupled.empty(); ++round) {
    double change = 0;
    for (const std::size_t i : coupled) {
      const std::vector<double> before = tracks[i].gains;
      FuseAndSolve(scenario, i, backdrop, mode, tracks);
      if (tracks[i].gains.empty()) return;
      for (std::size_t k = 0; k < before.size(); ++k)
        change = std::max(change, std::abs(tracks[i].gains[k] - before[k]) / std::abs(tracks[i].gains[k]));
    }
    if (change <= kTolerance) return;
    if (round == kRounds) {
      tracks[coupled.back()].gains.clear();
      return;
    }
  }
}

}  // namespace

bool IsWeak(double added, double scr, ScrMode mode) {
  return added <= 0 || (mode == ScrMode::kPerFrame && added < 0.5 * scr);
}

CountLimits FindCountLimits(const std::vector<Frame>& frames, CountLimitRule rule,
                            std::optional<double> saturation_counts) {
  // Column by column, so that many pixels are compared side by side.
  std::vector<float> lows(static_cast<std::size_t>(frames.front().pixels.width()), 1e9F), highs(lows.size(), 0.0F);
  float *const low = lows.data(), *const high = highs.data();
  for (const Frame& frame : frames) {
    for (int y = 0; y < frame.pixels.height(); ++y) {
      const float* const row = frame.pixels.row(y);
      for (std::size_t x = 0; x < lows.size(); ++x) {
        low[x] = std::min(low[x], row[x]);
        high[x] = std::max(high[x], row[x]);
      }
    }
  }
  const float least = *std::min_element(lows.begin(), lows.end()), most = *std::max_element(highs.begin(), highs.end());
  const int bit_depth = frames.front().bit_depth;
  CountLimits limits{0, static_cast<double>(MaxCount(bit_depth))};
  if (rule == CountLimitRule::kAutomatic && bit_depth == 8 && least >= 16 && most <= 235) limits = {16, 235};
  if (rule == CountLimitRule::kAutomatic && bit_depth == 16 && most <= 16383) limits.high = 16383;
  if (saturation_counts)
    limits.high = std::min(limits.high, std::max(std::floor(*saturation_counts), static_cast<double>(most)));
  return limits;
}

void SumFrames(Backdrop& backdrop) {
  backdrop.frame_sums.clear();
  for (const Frame& frame : backdrop.frames) backdrop.frame_sums.push_back(SumsOf(frame.pixels));
}

PlacementFault EmbedTracks(const Scenario& scenario, std::vector<TargetViews>& views, const Backdrop& backdrop,
                           const GenerateOptions& options, int frame_step, std::vector<EmbeddedTrack>& tracks) {
  const PlacementFault fault = LayTargets(scenario, views, backdrop, options, frame_step, tracks);
  if (fault != PlacementFault::kNone) return fault;
  for (EmbeddedTrack& track : tracks) FindReferences(backdrop, options.fusion.reference_level, track);
  for (std::size_t i = 0; i < tracks.size(); ++i) FuseAndSolve(scenario, i, backdrop, options.scr.mode, tracks);
  const auto reached = [](const EmbeddedTrack& track) { return !track.gains.empty(); };
  if (!std::all_of(tracks.begin(), tracks.end(), reached)) return PlacementFault::kNone;
  SolveJointly(scenario, backdrop, options.scr.mode, tracks);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (reached(tracks[i])) Judge(scenario.targets[i], backdrop, options.scr.mode, tracks[i]);
  }
  return PlacementFault::kNone;
}

}  // namespace mirst
