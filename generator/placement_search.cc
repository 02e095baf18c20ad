#include "generator/placement_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "fusion/fuse.h"

namespace mirst {
namespace {

constexpr std::array kLookSteps = {7, 2, 1};  // every so many frames; all but the last with few views (LayTargets)

bool Reached(const std::vector<EmbeddedTrack>& tracks) {
  return std::none_of(tracks.begin(), tracks.end(), [](const EmbeddedTrack& track) { return track.gains.empty(); });
}

// Over the frames in which the target is seen.
double MeanMaskAreaPx(const EmbeddedTrack& track) {
  double sum = 0;
  for (const SensorTemplate& target : track.templates) {
    const Mask mask = HalfMaxMask(target.coverage);
    sum += static_cast<double>(std::count(mask.begin(), mask.end(), std::uint8_t{255}));
  }
  return sum / static_cast<double>(track.templates.size());
}

// The best of the most promising ones, looked at in full.
std::optional<Scenario> LeastImperfect(std::vector<ImperfectPlacement> trials, const Inventory& inventory,
                                       const GenerateOptions& options) {
  constexpr std::size_t kLookedAt = 6;
  std::stable_sort(trials.begin(), trials.end(),
                   [](const ImperfectPlacement& a, const ImperfectPlacement& b) { return a.fault < b.fault; });
  std::optional<Scenario> best;
  double best_fault = 0;
  for (std::size_t i = 0; i < trials.size() && (i < kLookedAt || !best); ++i) {
    const Scenario& scenario = trials[i].scenario;
    std::vector<TargetViews> views = ViewsOf(inventory, scenario);
    std::vector<EmbeddedTrack> tracks;
    if (EmbedTracks(scenario, views, ReadBackdrop(inventory, scenario, options), options, 1, tracks) !=
        PlacementFault::kNone)
      continue;
    if (!Reached(tracks)) continue;
    const double fault = FaultOf(tracks);
    if (!best || fault < best_fault) {
      best_fault = fault;
      best = scenario;
    }
  }
  return best;
}

// The placement with the largest SCR that its last target reaches in all of its frames, from `scr` downwards.
std::optional<Scenario> LowerScr(Scenario scenario, double scr, const Inventory& inventory,
                                 const GenerateOptions& options) {
  constexpr int kAttempts = 40;  // 0.95^40 = 0.13
  const Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
  std::vector<TargetViews> views = ViewsOf(inventory, scenario);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    scenario.targets.back().scr = scr;
    std::vector<EmbeddedTrack> tracks;
    if (EmbedTracks(scenario, views, backdrop, options, 1, tracks) != PlacementFault::kNone) return std::nullopt;
    if (Reached(tracks)) return scenario;
    const double largest = tracks.back().gains.empty() ? tracks.back().largest_scr : scr;
    scr = 0.95 * (largest > 0 ? std::min(scr, largest) : scr);
  }
  return std::nullopt;
}

std::string_view Explain(PlacementFault fault) {
  switch (fault) {
    case PlacementFault::kNearRealTarget:
      return "real targets are everywhere near (avoid_margin_px)";
    case PlacementFault::kNearDecoy:
      return "decoys are everywhere near (decoys.margin_px)";
    case PlacementFault::kNoContrast:
      return "its hot and cold parts cancel";
    case PlacementFault::kSeenShare:
      return "it is hidden in too many or in too few frames (occlusion.seen_share)";
    case PlacementFault::kLeavesFrame:
    case PlacementFault::kNone:
      break;
  }
  return "its path leaves the frame, or does not enter and leave it as asked";
}

}  // namespace

const TargetModel& ModelOf(const Inventory& inventory, const TargetScenario& target) {
  return inventory.models[static_cast<std::size_t>(target.request.model)];
}

std::vector<TargetViews> ViewsOf(const Inventory& inventory, const Scenario& scenario) {
  std::vector<TargetViews> views;
  for (const TargetScenario& target : scenario.targets)
    views.emplace_back(ModelOf(inventory, target), target, *inventory.camera);
  return views;
}

double FaultOf(const std::vector<EmbeddedTrack>& tracks) {
  double fault = 0;
  for (const EmbeddedTrack& track : tracks) fault += track.weak_share + track.clipped_share;
  return fault;
}

bool IsGood(const Scenario& scenario, std::vector<TargetViews>& views, const Backdrop& backdrop,
            const GenerateOptions& options, PlacementSearch& search) {
  std::vector<EmbeddedTrack> tracks;
  search.missed_area_px = 0;
  const auto is_good = [&] { return Reached(tracks) && FaultOf(tracks) <= search.fault_before; };
  for (const int step : kLookSteps) {
    search.last_fault = EmbedTracks(scenario, views, backdrop, options, step, tracks);
    if (search.last_fault != PlacementFault::kNone) return false;
    if (!is_good()) break;
  }
  if (is_good()) {
    const TargetRequest& request = scenario.targets.back().request;
    const double area_px = request.cell ? MeanMaskAreaPx(tracks.back()) : 0;
    if (!request.cell || request.cell->HoldsArea(area_px)) return true;
    search.missed_area_px = area_px;
    const double miss = std::abs(std::log(area_px / request.area_px));
    if (!search.missed || miss < search.least_miss) {
      search.missed = scenario;
      search.least_miss = miss;
    }
    return false;
  }
  if (Reached(tracks)) {
    search.imperfect.push_back({scenario, FaultOf(tracks)});
  } else if (tracks.back().gains.empty() && tracks.back().largest_scr > search.largest_scr) {
    search.largest_scr = tracks.back().largest_scr;
    search.largest = scenario;
  }
  return false;
}

Scenario MakeDo(PlacementSearch search, const TargetRequest& request, const std::string& target,
                const std::string& source, const Inventory& inventory, const GenerateOptions& options) {
  if (search.missed) return *search.missed;
  if (const auto best = LeastImperfect(std::move(search.imperfect), inventory, options)) return *best;
  if (search.largest && options.scr.on_infeasible == OnInfeasible::kLower) {
    if (const auto lowered = LowerScr(*search.largest, 0.95 * search.largest_scr, inventory, options)) return *lowered;
  }
  if (search.largest) {
    throw BadInput(fmt::format(
        "{}: SCR {:.3g} cannot be reached by a {} target of {:.0f} px in {} placements (first on {}); "
        "the largest possible was {:.3g}: lower scr.range, raise scr.placements, or set scr.on_infeasible: lower",
        target, request.scr, request.polarity > 0 ? "hot" : "cold", request.area_px, options.scr.placements, source,
        search.largest_scr));
  }
  throw BadInput(fmt::format("{}: no place for a target of {:.0f} px was found in {} placements (first on {}): {}",
                             target, request.area_px, options.scr.placements, source, Explain(search.last_fault)));
}

}  // namespace mirst
