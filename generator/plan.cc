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
    return fmt::format("{} has {} frames, at least {} are needed (frames: [{}, {}])", info.name, info.frame_count,
                       least_frames, options.frames.first, options.frames.second);
  }
  if (std::min(info.width, info.height) < least_size) {
    return fmt::format(
        "{} is {} x {} px, smaller than the largest template: {} px are needed for targets of up to {} px", info.name,
        info.width, info.height, least_size, options.target.area_px.second);
  }
  return {};
}

std::vector<std::unique_ptr<SequenceSource>> OpenBackgrounds(const GenerateOptions& options) {
  std::vector<std::unique_ptr<SequenceSource>> sources;
  if (options.backgrounds.paths.empty()) {
    const RandomKey key{.seed = options.seed, .purpose = Purpose::kProceduralScene};
    for (int i = 0; i < options.backgrounds.procedural_sources; ++i) {
      sources.push_back(
          OpenProceduralSource(options.backgrounds.procedural, key.WithSequence(static_cast<std::uint32_t>(i))));
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
    specs = {"builtin:quadrotor", "builtin:fixed-wing", "builtin:bird"};  // what flies fits any scene
  } else {
    specs = FindModels({options.models.paths.begin(), options.models.paths.end()});
  }
  std::vector<TargetModel> models;
  for (const std::string& spec : specs) {
    models.push_back(TargetModel::Load(spec, options.models.materials));
    for (const std::string& warning : models.back().warnings()) LogWarning(warning);
  }
  return models;
}

// Draws what differs from pose to pose; several paths are tried with one.
void DrawPose(const RandomKey& key, const TargetModel& model, const GenerateOptions& options, TemplateCache& cache,
              Scenario& scenario) {
  RandomStream random(key);
  const auto angle = [&](double low, double high) { return std::floor(random.Uniform(low, high) * 100 + 0.5) / 100; };
  const double tilt = options.target.tilt_deg, turn = options.track.turn_rate_deg_per_frame;
  scenario.attitude = {angle(-tilt, tilt), angle(-tilt, tilt), angle(0, 360)};
  scenario.attitude_rate = {angle(-turn, turn) / 4, angle(-turn, turn) / 4, angle(-turn, turn)};
  scenario.range_m = SolveRange(model, scenario.attitude, scenario.request.area_px, options, cache);
  // As it turns, the target may grow beyond the largest area: farther away then, so that its largest view keeps to it
  // with the few per cent that the sub-pixel phase adds.
  const double most = std::max(1.0, 0.94 * options.target.area_px.second);
  for (int step = 0; step < 4; ++step) {
    TargetViews views(model, scenario, options, cache);
    double largest = 0;
    for (int quarter = 0; quarter <= 4; ++quarter) {
      largest = std::max(largest, MaskAreaPx(views.At(quarter * (scenario.frames - 1) / 4)));
    }
    if (largest <= most) break;
    scenario.range_m = std::floor(scenario.range_m * std::sqrt(largest / most) * 1000 + 0.5) / 1000;
  }
}

constexpr int kPathsPerPose = 8;
constexpr int kQuickLookStep = 7;        // frames that a first look at a path leaves out in between, plus one
constexpr std::size_t kMostSources = 8;  // that one sequence tries

// The sequence's own source (the sources in turn), then others of its split.
std::vector<int> SourcesInOrder(const Inventory& inventory, int sequence) {
  const int sources = static_cast<int>(inventory.sources.size()), own = sequence % sources;
  std::vector<int> order;
  for (int step = 0; step < sources && order.size() < kMostSources; ++step) {
    const int source = (own + step) % sources;
    if (inventory.splits[static_cast<std::size_t>(source)] == inventory.splits[static_cast<std::size_t>(own)])
      order.push_back(source);
  }
  return order;
}

// Half of the placements are for the own source, the rest for the others in equal parts; all of them where it is alone.
int LastPlacement(std::size_t source, std::size_t sources, int placements) {
  if (sources == 1) return placements;
  const double share = 0.5 + 0.5 * static_cast<double>(source) / static_cast<double>(sources - 1);
  return static_cast<int>(std::ceil(share * placements));
}

void DrawStretch(const RandomKey& key, const Inventory& inventory, const GenerateOptions& options, Scenario& scenario) {
  RandomStream random(key);
  const int available = inventory.sources[static_cast<std::size_t>(scenario.source)]->info().frame_count;
  const int least = static_cast<int>(options.frames.first),
            most = std::min(static_cast<int>(options.frames.second), available);
  scenario.frames = least + static_cast<int>(random.Integer(static_cast<std::uint32_t>(most - least + 1)));
  scenario.first_frame = static_cast<int>(random.Integer(static_cast<std::uint32_t>(available - scenario.frames + 1)));
}

// False when the target is too large for the frame.
bool DrawPathInFrame(const RandomKey& key, const Backdrop& backdrop, TargetViews& views, const GenerateOptions& options,
                     Scenario& scenario) {
  // How far the support reaches from the path, seen at three moments; EmbedTrack looks at every frame.
  int cells = 0;
  for (const int frame : {0, scenario.frames / 2, scenario.frames - 1}) {
    cells = std::max({cells, views.At(frame).opacity.width(), views.At(frame).opacity.height()});
  }
  const SequenceRequest& request = scenario.request;
  const double margin =
      0.5 * cells / options.target.supersampling + 2 + options.camera.integration_share * request.speed_px_per_frame;
  const Image<float>& frame = backdrop.frames.front().pixels;
  RandomStream random(key);
  const double acceleration = request.accelerated ? random.Uniform(0, options.track.acceleration_px_per_frame2) : 0;
  const auto path = DrawPath(random, {margin, margin}, {frame.width() - 1 - margin, frame.height() - 1 - margin},
                             scenario.frames, request.speed_px_per_frame, acceleration);
  if (path) scenario.path = *path;
  return path.has_value();
}

// A placement that reaches the SCR, but with weak or clipped frames.
struct Trial {
  Scenario scenario;
  double fault = 0;
};

// The best of the most promising ones, looked at in full.
std::optional<Scenario> LeastImperfect(std::vector<Trial> trials, const Inventory& inventory,
                                       const GenerateOptions& options) {
  constexpr std::size_t kLookedAt = 6;
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.fault < b.fault; });
  std::optional<Scenario> best;
  double best_fault = 0;
  for (std::size_t i = 0; i < trials.size() && (i < kLookedAt || !best); ++i) {
    const Scenario& scenario = trials[i].scenario;
    TargetViews views(inventory.models[static_cast<std::size_t>(scenario.request.model)], scenario, options,
                      *inventory.templates);
    EmbeddedTrack track;
    if (EmbedTrack(scenario, views, ReadBackdrop(inventory, scenario, options), options, 1, track) !=
        PlacementFault::kNone)
      continue;
    if (track.gains.empty()) continue;
    const double fault = track.weak_share + track.clipped_share;
    if (!best || fault < best_fault) {
      best_fault = fault;
      best = scenario;
    }
  }
  return best;
}

// The placement with the largest SCR that it reaches in all of its frames, from `scr` downwards.
std::optional<Scenario> LowerScr(Scenario scenario, double scr, const Inventory& inventory,
                                 const GenerateOptions& options) {
  constexpr int kAttempts = 40;  // 0.95^40 = 0.13
  const Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
  TargetViews views(inventory.models[static_cast<std::size_t>(scenario.request.model)], scenario, options,
                    *inventory.templates);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    scenario.scr = scr;
    EmbeddedTrack track;
    if (EmbedTrack(scenario, views, backdrop, options, 1, track) != PlacementFault::kNone) return std::nullopt;
    if (!track.gains.empty()) return scenario;
    scr = 0.95 * std::min(scr, track.largest_scr);
  }
  return std::nullopt;
}

std::string_view Explain(PlacementFault fault) {
  switch (fault) {
    case PlacementFault::kNearRealTarget:
      return "real targets are everywhere near (avoid_margin_px)";
    case PlacementFault::kNoContrast:
      return "its hot and cold parts cancel";
    case PlacementFault::kLeavesFrame:
    case PlacementFault::kNone:
      break;
  }
  return "its path leaves the frame";
}

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
  inventory.splits = AssignSplits(static_cast<int>(inventory.sources.size()), options.split.val_share,
                                  options.split.test_share, options.seed);
  return inventory;
}

Backdrop ReadBackdrop(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  const SequenceSource& source = *inventory.sources[static_cast<std::size_t>(scenario.source)];
  Backdrop backdrop;
  backdrop.frames = source.Read(scenario.first_frame, scenario.frames);
  for (const Frame& frame : backdrop.frames) backdrop.frame_sums.push_back(SumsOf(frame.pixels));
  backdrop.limits = FindCountLimits(backdrop.frames, options.camera.count_limits);
  backdrop.rule = Box20Rule::ForBitDepth(source.info().bit_depth);
  backdrop.frame_rate_hz = source.info().frame_rate_hz;
  backdrop.real_targets.resize(static_cast<std::size_t>(scenario.frames));
  for (const KnownTarget& target : source.known_targets()) {
    const int frame = target.frame - scenario.first_frame;
    if (frame >= 0 && frame < scenario.frames)
      backdrop.real_targets[static_cast<std::size_t>(frame)].push_back(target.box);
  }
  return backdrop;
}

Scenario PlanSequence(const Inventory& inventory, const SequenceRequest& request, const GenerateOptions& options) {
  const TargetModel& model = inventory.models[static_cast<std::size_t>(request.model)];
  const RandomKey key{
      .seed = options.seed, .sequence = static_cast<std::uint32_t>(request.index), .purpose = Purpose::kPlacement};
  const std::vector<int> sources = SourcesInOrder(inventory, request.index);

  std::vector<Trial> imperfect;
  double largest_scr = 0;
  std::optional<Scenario> largest;
  PlacementFault last_fault = PlacementFault::kNone;
  int placement = 0;
  for (std::size_t c = 0; c < sources.size(); ++c) {
    Scenario scenario;
    scenario.request = request;
    scenario.scr = request.scr;
    scenario.source = sources[c];
    DrawStretch(key.WithObject(static_cast<std::uint16_t>(1 + c)), inventory, options, scenario);
    const Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
    std::optional<TargetViews> views;
    for (int path = 0; placement < LastPlacement(c, sources.size(), options.scr.placements); ++path, ++placement) {
      ThrowIfInterrupted();
      scenario.placement = placement;
      const RandomKey placement_key = key.WithFrame(static_cast<std::uint32_t>(placement));
      if (path % kPathsPerPose == 0) {
        DrawPose(placement_key.WithObject(1000), model, options, *inventory.templates, scenario);
        views.emplace(model, scenario, options, *inventory.templates);
      }
      if (!DrawPathInFrame(placement_key.WithObject(2000), backdrop, *views, options, scenario)) {
        last_fault = PlacementFault::kLeavesFrame;
        continue;
      }
      EmbeddedTrack track;
      last_fault = EmbedTrack(scenario, *views, backdrop, options, kQuickLookStep, track);
      if (last_fault != PlacementFault::kNone) continue;
      if (track.acceptable()) last_fault = EmbedTrack(scenario, *views, backdrop, options, 1, track);
      if (last_fault != PlacementFault::kNone) continue;
      if (track.acceptable()) return scenario;
      if (!track.gains.empty()) {
        imperfect.push_back({scenario, track.weak_share + track.clipped_share});
      } else if (track.largest_scr > largest_scr) {
        largest_scr = track.largest_scr;
        largest = scenario;
      }
    }
  }
  if (const auto best = LeastImperfect(std::move(imperfect), inventory, options)) return *best;
  if (largest && options.scr.on_infeasible == OnInfeasible::kLower) {
    if (const auto lowered = LowerScr(*largest, 0.95 * largest_scr, inventory, options)) return *lowered;
  }
  const std::string& source = inventory.sources[static_cast<std::size_t>(sources.front())]->info().name;
  if (largest) {
    throw BadInput(fmt::format(
        "sequence {:06}: SCR {:.3g} cannot be reached by a {} target of {:.0f} px in {} placements (first on {}); "
        "the largest possible was {:.3g}: lower scr.range, raise scr.placements, or set scr.on_infeasible: lower",
        request.index, request.scr, request.polarity > 0 ? "hot" : "cold", request.area_px, options.scr.placements,
        source, largest_scr));
  }
  throw BadInput(
      fmt::format("sequence {:06}: no place for a target of {:.0f} px was found in {} placements (first on {}): {}",
                  request.index, request.area_px, options.scr.placements, source, Explain(last_fault)));
}

}  // namespace mirst
