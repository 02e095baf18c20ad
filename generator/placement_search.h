// What the search for places knows: whether a placement of a sequence's last target is good, those that were not quite,
// and which of them is taken when none is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "generator/embed_track.h"
#include "generator/options.h"
#include "generator/plan.h"
#include "generator/scenario.h"
#include "generator/target_view.h"

namespace mirst {

/// A placement that reaches the SCR, but with weak or clipped frames.
struct ImperfectPlacement {
  Scenario scenario;
  double fault = 0;
};

/// What came of the placements of one target so far.
struct PlacementSearch {
  double fault_before = 0;  ///< of the targets placed before
  std::vector<ImperfectPlacement> imperfect;
  double largest_scr = 0;
  std::optional<Scenario> largest;
  PlacementFault last_fault = PlacementFault::kNone;
  double missed_area_px = 0;       ///< of the last placement, where it was good but for its quota's bin of the area
  std::optional<Scenario> missed;  ///< the nearest one of these
  double least_miss = 0;
};

const TargetModel& ModelOf(const Inventory& inventory, const TargetScenario& target);
/// Of each target of the scenario, which must outlive them.
std::vector<TargetViews> ViewsOf(const Inventory& inventory, const Scenario& scenario);

/// Shares of weak and clipped frames, over all targets.
double FaultOf(const std::vector<EmbeddedTrack>& tracks);

/// True when all targets are what they claim, as far as those before were, and the last one is as large as its quota
/// says. A first look takes few frames, the last one all.
bool IsGood(const Scenario& scenario, std::vector<TargetViews>& views, const Backdrop& backdrop,
            const GenerateOptions& options, PlacementSearch& search);

/// What is left when no placement was good: the one nearest to its quota's area, the least bad, a lower SCR where that
/// is allowed, or the refusal (kBadInput; `target` and `source` are names for its message).
Scenario MakeDo(PlacementSearch search, const TargetRequest& request, const std::string& target,
                const std::string& source, const Inventory& inventory, const GenerateOptions& options);

}  // namespace mirst
