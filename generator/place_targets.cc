// The search of plan.h: placements of one target after the other, each looked at together with those before it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "generator/draw_placement.h"
#include "generator/placement_search.h"
#include "generator/plan.h"
#include "generator/splits.h"

namespace mirst {
namespace {

constexpr int kPathsPerPose = 8;
constexpr int kAreaCorrections = 2;

// Moves the target so that its mask has the area asked for on average over the sequence (DrawPose: in the first frame),
// while its largest view keeps to the largest area of the data set.
void FitMeanArea(const TargetModel& model, const GenerateOptions& options, TargetCamera& camera,
                 TargetScenario& target) {
  constexpr double kTolerance = 0.05;
  for (int step = 0; step < 4; ++step) {
    TargetViews views(model, target, camera);
    double sum = 0, largest = 0;
    for (int quarter = 0; quarter <= kQuarters; ++quarter) {
      const double area = MaskAreaPx(views.At(QuarterFrame(quarter, target.frames)), options.camera.fill_factor);
      sum += area;
      largest = std::max(largest, area);
    }
    const double excess = std::max(sum / (kQuarters + 1) / target.request.area_px, largest / options.LargestAreaPx());
    if (std::abs(excess - 1) <= kTolerance) break;
    target.range_m = std::floor(target.range_m * std::sqrt(excess) * 1000 + 0.5) / 1000;
    HoldViews(model, camera, target);
  }
}

// Tries the placements first ... last - 1 of the scenario's last target; true when one is good.
bool TryPlacements(const RandomKey& key, int first, int last, const Inventory& inventory, const Backdrop& backdrop,
                   const GenerateOptions& options, Scenario& scenario, PlacementSearch& search) {
  const auto earlier = static_cast<std::uint16_t>(scenario.targets.size() - 1);
  const auto key_of = [&](int placement, int object) {
    return key.WithFrame(static_cast<std::uint32_t>(placement))
        .WithObject(static_cast<std::uint16_t>(object + earlier));
  };
  TargetScenario& target = scenario.targets.back();
  std::vector<TargetViews> views = ViewsOf(inventory, scenario);
  for (int placement = first; placement < last; ++placement) {
    ThrowIfInterrupted();
    target.placement = placement;
    if ((placement - first) % kPathsPerPose == 0) {
      const TargetModel& model = ModelOf(inventory, target);
      DrawPose(key_of(placement, 1000), model, options, *inventory.camera, target);
      if (target.request.cell) FitMeanArea(model, options, *inventory.camera, target);
      views.pop_back();
      views.emplace_back(model, target, *inventory.camera);
    }
    if (!DrawPathInFrame(key_of(placement, 2000), backdrop, views.back(), options, scenario)) {
      search.last_fault = PlacementFault::kLeavesFrame;
      continue;
    }
    if (!target.attitudes.empty() || !target.ranges_m.empty()) {  // the path decides how the target looks
      views.pop_back();
      views.emplace_back(ModelOf(inventory, target), target, *inventory.camera);
    }
    for (int correction = 0; correction <= kAreaCorrections; ++correction) {
      if (IsGood(scenario, views, backdrop, options, search)) return true;
      if (search.missed_area_px == 0 || !target.ranges_m.empty()) break;
      target.range_m *= std::sqrt(search.missed_area_px / target.request.area_px);
      target.range_m = std::floor(target.range_m * 1000 + 0.5) / 1000;
      HoldViews(ModelOf(inventory, target), *inventory.camera, target);
      views.pop_back();
      views.emplace_back(ModelOf(inventory, target), target, *inventory.camera);
    }
  }
  return false;
}

void AddTarget(const TargetRequest& request, const GenerateOptions& options, Scenario& scenario) {
  TargetScenario target;
  target.request = request;
  target.scr = request.scr;
  target.frames = scenario.frames;
  target.range_ratio = options.track.range_ratio;
  scenario.targets.push_back(target);
}

bool HasDecoys(const DecoyOptions& decoys) {
  return decoys.dead_pixels + decoys.blinking_pixels + decoys.glints + decoys.cloud_edges + decoys.birds > 0;
}

// False where the source is not to be used.
bool FindSceneMotion(const Inventory& inventory, const GenerateOptions& options, const Backdrop& backdrop,
                     Scenario& scenario) {
  if (options.track.registration == RegistrationMethod::kNone) return true;
  scenario.scene_motion = RegisterScene(backdrop.frames, options.track.registration);
  if (scenario.scene_motion->registered) return true;
  const bool refused = options.track.on_unregistered == OnUnregistered::kRefuse;
  LogWarning(fmt::format("sequence {:06}: {} from frame {} cannot be registered: {}; {}", scenario.index,
                         inventory.sources[static_cast<std::size_t>(scenario.source)]->info().name,
                         scenario.first_frame, scenario.scene_motion->reason,
                         refused ? "not used" : "paths are fixed to the camera"));
  return !refused;
}

// Chooses source, stretch and decoys, too.
Scenario PlaceFirst(const RandomKey& key, const Inventory& inventory, const SequenceRequest& request,
                    const GenerateOptions& options) {
  const std::vector<int> sources = SourcesInOrder(inventory, request.index);
  PlacementSearch search;
  int placement = 0, first_used = sources.front();
  for (std::size_t c = 0; c < sources.size(); ++c) {
    Scenario scenario;
    scenario.index = request.index;
    scenario.source = sources[c];
    const auto source_key = [&](std::size_t object) { return key.WithObject(static_cast<std::uint16_t>(object + c)); };
    DrawStretch(source_key(1), inventory, options, scenario);
    Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
    scenario.excision = backdrop.excision;
    if (!FindSceneMotion(inventory, options, backdrop, scenario)) continue;
    if (HasDecoys(options.decoys)) {
      scenario.decoys = DrawDecoys(source_key(3000), backdrop.frames, backdrop.limits, backdrop.real_targets,
                                   options.avoid_margin_px, options);
      backdrop = ReadBackdrop(inventory, scenario, options);
    }
    AddTarget(request.targets.front(), options, scenario);
    if (placement == 0) first_used = sources[c];
    const int last = LastPlacement(c, sources.size(), options.scr.placements);
    if (TryPlacements(key, placement, last, inventory, backdrop, options, scenario, search)) return scenario;
    placement = std::max(placement, last);
  }
  const std::string& source = inventory.sources[static_cast<std::size_t>(first_used)]->info().name;
  if (placement == 0) {
    throw BadInput(
        fmt::format("sequence {:06}: none of its {} sources can be registered (first {}): set "
                    "track.on_unregistered to camera_fixed, or take other backgrounds",
                    request.index, sources.size(), source));
  }
  return MakeDo(std::move(search), request.targets.front(), fmt::format("sequence {:06}", request.index), source,
                inventory, options);
}

// Into the frames of those placed before.
Scenario PlaceNext(const RandomKey& key, const Inventory& inventory, const TargetRequest& request, Scenario scenario,
                   const GenerateOptions& options) {
  const Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
  PlacementSearch search;
  {
    std::vector<TargetViews> views = ViewsOf(inventory, scenario);
    std::vector<EmbeddedTrack> tracks;
    EmbedTracks(scenario, views, backdrop, options, 1, tracks);
    search.fault_before = FaultOf(tracks);
  }
  AddTarget(request, options, scenario);
  if (TryPlacements(key, 0, options.scr.placements, inventory, backdrop, options, scenario, search)) return scenario;
  const std::string& source = inventory.sources[static_cast<std::size_t>(scenario.source)]->info().name;
  return MakeDo(std::move(search), request,
                fmt::format("sequence {:06}, target {}", scenario.index, scenario.targets.size()), source, inventory,
                options);
}

// Every source that a sequence tries is of one split.
SequenceRequest WithModelsOfItsSplit(const Inventory& inventory, SequenceRequest request) {
  if (inventory.model_splits.empty()) return request;
  const auto own = static_cast<std::size_t>(request.index) % inventory.sources.size();
  for (TargetRequest& target : request.targets)
    target.model = ModelOfSplit(inventory.model_splits, inventory.splits[own], target.model);
  return request;
}

}  // namespace

Scenario PlanSequence(const Inventory& inventory, const SequenceRequest& asked, const GenerateOptions& options) {
  const SequenceRequest request = WithModelsOfItsSplit(inventory, asked);
  constexpr std::uint32_t kMostSequences = 1U << 20;
  const RandomKey key{.seed = options.seed,
                      .sequence = static_cast<std::uint32_t>(request.index) +
                                  kMostSequences * static_cast<std::uint32_t>(request.attempt),
                      .purpose = Purpose::kPlacement};
  Scenario scenario = PlaceFirst(key, inventory, request, options);
  for (std::size_t i = 1; i < request.targets.size(); ++i)
    scenario = PlaceNext(key, inventory, request.targets[i], std::move(scenario), options);
  return scenario;
}

}  // namespace mirst
