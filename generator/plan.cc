#include "generator/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "fusion/region_resample.h"
#include "generator/splits.h"
#include "generator/target_view.h"

namespace mirst {
namespace {

// A target of the largest area, three times as long as wide, with PSF tails and one pixel around.
int LargestSupportPx(const GenerateOptions& options) {
  return static_cast<int>(std::ceil(std::sqrt(3 * options.target.area_px.second) + 8 * PsfSigmaPx(options.camera))) + 2;
}

std::string WhyUnfit(const SourceInfo& info, const GenerateOptions& options) {
  const int least_frames = static_cast<int>(options.frames.first), least_size = LargestSupportPx(options);
  if (info.frame_count < least_frames) {
    return fmt::format("{} has {} frames, at least {} are needed (frames: [{}, {}])", info.name, info.frame_count, least_frames,
                       options.frames.first, options.frames.second);
  }
  if (std::min(info.width, info.height) < least_size) {
    return fmt::format("{} is {} x {} px, smaller than the largest template: {} px are needed for targets of up to {} px",
                       info.name, info.width, info.height, least_size, options.target.area_px.second);
  }
  return {};
}

std::vector<std::unique_ptr<SequenceSource>> OpenBackgrounds(const GenerateOptions& options) {
  std::vector<std::unique_ptr<SequenceSource>> sources;
  if (options.backgrounds.paths.empty()) {
    const RandomKey key{.seed = options.seed, .purpose = Purpose::kProceduralScene};
    for (int i = 0; i < options.backgrounds.procedural_sources; ++i) {
      sources.push_back(OpenProceduralSource(options.backgrounds.procedural, key.WithSequence(static_cast<std::uint32_t>(i))));
    }
  } else {
    sources = OpenSources({options.backgrounds.paths.begin(), options.backgrounds.paths.end()});
  }
  std::string last_reason;
  std::erase_if(sources, [&](const std::unique_ptr<SequenceSource>& source) {
    const std::string reason = WhyUnfit(source->info(), options);
    if (reason.empty()) return false;
    last_reason = reason;
    LogWarning(fmt::format("background left out: {}", reason));
    return true;
  });
  if (sources.empty()) throw BadInput(fmt::format("no background can be used: {}", last_reason));
  return sources;
}

std::vector<TargetModel> LoadModels(const GenerateOptions& options) {
  std::vector<std::string> specs;
  if (options.models.paths.empty()) {
    for (const std::string& name : BuiltinModels()) specs.push_back("builtin:" + name);
  } else {
    specs = FindModels({options.models.paths.begin(), options.models.paths.end()});
  }
  std::vector<TargetModel> models;
  for (const std::string& spec : specs) {
    models.push_back(TargetModel::Load(spec, options.models.materials));
    for (const std::string& warning : models.back().warnings()) LogWarning(fmt::format("{}: {}", models.back().name(), warning));
  }
  return models;
}

// Draws what differs from pose to pose; several paths are tried with one.
void DrawPose(const RandomKey& key, const TargetModel& model, const GenerateOptions& options, Scenario& scenario) {
  RandomStream random(key);
  const auto angle = [&](double low, double high) { return std::floor(random.Uniform(low, high) * 100 + 0.5) / 100; };
  const double tilt = options.target.tilt_deg, turn = options.track.turn_rate_deg_per_frame;
  scenario.attitude = {angle(-tilt, tilt), angle(-tilt, tilt), angle(0, 360)};
  scenario.attitude_rate = {angle(-turn, turn) / 4, angle(-turn, turn) / 4, angle(-turn, turn)};
  scenario.range_m = SolveRange(model, scenario.attitude, scenario.request.area_px, options);
}

constexpr int kPathsPerPose = 8;

}  // namespace

Inventory OpenInventory(const GenerateOptions& options) {
  Inventory inventory;
  inventory.models = LoadModels(options);
  inventory.sources = OpenBackgrounds(options);
  // Fewer sequences than sources: as many sources as sequences, drawn by the seed, so that every split gets some.
  if (static_cast<std::size_t>(options.sequences) < inventory.sources.size()) {
    std::vector<std::size_t> order(inventory.sources.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    RandomStream random({.seed = options.seed, .object = 1, .purpose = Purpose::kSplit});
    random.Shuffle(order);
    order.resize(static_cast<std::size_t>(options.sequences));
    std::sort(order.begin(), order.end());
    std::vector<std::unique_ptr<SequenceSource>> chosen;
    for (const std::size_t i : order) chosen.push_back(std::move(inventory.sources[i]));
    inventory.sources = std::move(chosen);
  }
  inventory.splits = AssignSplits(static_cast<int>(inventory.sources.size()), options.split.val_share, options.split.test_share, options.seed);
  return inventory;
}

int SourceOfSequence(const Inventory& inventory, int sequence) {
  return sequence % static_cast<int>(inventory.sources.size());
}

Backdrop ReadBackdrop(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  const SequenceSource& source = *inventory.sources[static_cast<std::size_t>(scenario.source)];
  Backdrop backdrop;
  backdrop.frames = source.Read(scenario.first_frame, scenario.frames);
  backdrop.limits = FindCountLimits(backdrop.frames, options.camera.count_limits);
  backdrop.rule = Box20Rule::ForBitDepth(source.info().bit_depth);
  backdrop.real_targets.resize(static_cast<std::size_t>(scenario.frames));
  for (const KnownTarget& target : source.known_targets()) {
    const int frame = target.frame - scenario.first_frame;
    if (frame >= 0 && frame < scenario.frames) backdrop.real_targets[static_cast<std::size_t>(frame)].push_back(target.box);
  }
  return backdrop;
}

Scenario PlanSequence(const Inventory& inventory, const SequenceRequest& request, const GenerateOptions& options) {
  const int own = SourceOfSequence(inventory, request.index);
  std::vector<int> candidates = {own};
  const int sources = static_cast<int>(inventory.sources.size());
  for (int step = 1; step < sources && candidates.size() < 3; ++step) {
    const int other = (own + step) % sources;
    if (inventory.splits[static_cast<std::size_t>(other)] == inventory.splits[static_cast<std::size_t>(own)]) candidates.push_back(other);
  }
  const TargetModel& model = inventory.models[static_cast<std::size_t>(request.model)];
  const RandomKey key{.seed = options.seed, .sequence = static_cast<std::uint32_t>(request.index), .purpose = Purpose::kPlacement};

  std::optional<Scenario> best, largest;
  double best_fault = 2, largest_scr = 0;
  PlacementFault last_fault = PlacementFault::kNone;
  int placement = 0;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    // Half of the placements on the own source where there are two others; all of them where it is alone.
    const int end = options.scr.placements * static_cast<int>(c + 2) / static_cast<int>(candidates.size() + 1);
    Scenario scenario;
    scenario.request = request;
    scenario.scr = request.scr;
    scenario.source = candidates[c];
    const SourceInfo& info = inventory.sources[static_cast<std::size_t>(scenario.source)]->info();
    RandomStream stretch(key.WithFrame(0).WithObject(static_cast<std::uint16_t>(1 + c)));
    const int most = std::min(static_cast<int>(options.frames.second), info.frame_count);
    const int least = static_cast<int>(options.frames.first);
    scenario.frames = least + static_cast<int>(stretch.Integer(static_cast<std::uint32_t>(most - least + 1)));
    scenario.first_frame = static_cast<int>(stretch.Integer(static_cast<std::uint32_t>(info.frame_count - scenario.frames + 1)));
    const Backdrop backdrop = ReadBackdrop(inventory, scenario, options);

    std::vector<Template> views;
    for (int path = 0; placement < end; ++path, ++placement) {
      ThrowIfInterrupted();
      scenario.placement = placement;
      if (path % kPathsPerPose == 0) {
        DrawPose(key.WithFrame(static_cast<std::uint32_t>(placement)).WithObject(100), model, options, scenario);
        views = RenderViews(model, scenario, options);
      }
      const double mean = std::abs(MeanContrast(views.front()));
      if (!(mean > 0)) {
        last_fault = PlacementFault::kNoContrast;
        continue;
      }
      // The support may reach this far from the path.
      int half = 0;
      for (const Template& view : views) half = std::max(half, std::max(view.opacity.width(), view.opacity.height()));
      const double margin = half / 2.0 / options.target.supersampling + 2 + options.camera.integration_share * request.speed_px_per_frame;
      RandomStream random(key.WithFrame(static_cast<std::uint32_t>(placement)).WithObject(200));
      const double bend = request.accelerated ? random.Uniform(0, options.track.acceleration_px_per_frame2) : 0;
      const auto drawn = DrawPath(random, {margin, margin}, {info.width - 1 - margin, info.height - 1 - margin}, scenario.frames,
                                  request.speed_px_per_frame, bend);
      if (!drawn) {
        last_fault = PlacementFault::kLeavesFrame;
        continue;
      }
      scenario.path = *drawn;
      EmbeddedTrack track;
      last_fault = EmbedTrack(scenario, views, backdrop, options, track);
      if (last_fault != PlacementFault::kNone) continue;
      if (track.acceptable()) return scenario;
      if (!track.gains.empty()) {
        const double fault = track.weak_share + track.clipped_share;
        if (fault < best_fault) {
          best_fault = fault;
          best = scenario;
        }
      } else if (track.largest_scr > largest_scr) {
        largest_scr = track.largest_scr;
        largest = scenario;
      }
    }
  }
  if (best) return *best;
  if (options.scr.on_infeasible == OnInfeasible::kLower && largest) {
    largest->scr = 0.95 * largest_scr;
    return *largest;
  }
  const std::string& source = inventory.sources[static_cast<std::size_t>(own)]->info().name;
  if (largest) {
    throw BadInput(fmt::format("sequence {:06}: SCR {:.3g} cannot be reached by a {} target of {:.0f} px in {} placements (first on {}); "
                               "the largest possible was {:.3g}: lower scr.range, raise scr.placements, or set scr.on_infeasible: lower",
                               request.index, request.scr, request.polarity > 0 ? "hot" : "cold", request.area_px,
                               options.scr.placements, source, largest_scr));
  }
  throw BadInput(fmt::format("sequence {:06}: no place for a target of {:.0f} px was found in {} placements on {}: {}", request.index,
                             request.area_px, options.scr.placements, source,
                             last_fault == PlacementFault::kNearRealTarget ? "real targets are everywhere near (avoid_margin_px)"
                             : last_fault == PlacementFault::kNoContrast   ? "its hot and cold parts cancel"
                                                                           : "its path leaves the frame"));
}

}  // namespace mirst
