#include "generator/plan_to_quota.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "generator/make_sample.h"
#include "generator/quota.h"
#include "generator/track_outcome.h"

namespace mirst {
namespace {

// How far the targets lie from what was asked of them, in the quantities that missed their bins; 0: none did.
double MissOf(const SequenceRequest& request, const std::vector<MeasuredTrack>& measured) {
  double miss = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const TargetRequest& asked = request.targets[i];
    const auto far = [](double value, double wanted) { return value > 0 ? std::abs(std::log(value / wanted)) : 1e3; };
    if (!asked.cell->HoldsArea(measured[i].area_px)) miss += far(measured[i].area_px, asked.area_px);
    if (!asked.cell->HoldsScr(measured[i].scr)) miss += far(measured[i].scr, asked.scr);
  }
  return miss;
}

// Asks for more where less came, and the other way round.
void Correct(const SequenceRequest& request, const std::vector<MeasuredTrack>& measured, SequenceRequest& aim) {
  const auto correct = [](double value, double wanted, double least, double most, double& aimed) {
    if (value > 0) aimed = std::clamp(aimed * std::clamp(wanted / value, 0.5, 2.0), least, most);
  };
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const TargetRequest& asked = request.targets[i];
    if (!asked.cell->HoldsArea(measured[i].area_px))
      correct(measured[i].area_px, asked.area_px, 1, 4000, aim.targets[i].area_px);
    if (!asked.cell->HoldsScr(measured[i].scr)) correct(measured[i].scr, asked.scr, 0.05, 100, aim.targets[i].scr);
  }
}

bool IsLowered(const Scenario& scenario) {
  return std::any_of(scenario.targets.begin(), scenario.targets.end(),
                     [](const TargetScenario& target) { return target.scr < target.request.scr; });
}

}  // namespace

std::vector<SequenceRequest> RequestsOf(const Inventory& inventory, const GenerateOptions& options) {
  auto requests = DrawRequests(options, static_cast<int>(inventory.models.size()));
  AssignCells(options, static_cast<int>(inventory.sources.size()), requests);
  return requests;
}

Scenario PlanToQuota(const Inventory& inventory, const SequenceRequest& request, const GenerateOptions& options) {
  if (!request.targets.front().cell) return PlanSequence(inventory, request, options);
  SequenceRequest aim = request;
  std::optional<Scenario> best;
  std::optional<Error> refusal;
  double least_miss = 0;
  bool is_elsewhere = false;
  for (int correction = 0; correction <= options.quota.corrections; ++correction) {
    if (correction > 1 || is_elsewhere) aim.attempt = correction;
    try {
      const Scenario scenario = PlanSequence(inventory, aim, options);
      const auto measured = MeasureTracks(MakeSample(inventory, scenario, options));
      const double miss = MissOf(request, measured);
      if (!best || miss < least_miss) {
        best = scenario;
        least_miss = miss;
      }
      if (miss == 0) break;
      is_elsewhere = is_elsewhere || IsLowered(scenario);
      if (!IsLowered(scenario)) Correct(request, measured, aim);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kBadInput) throw;
      refusal = error;
      is_elsewhere = true;
    }
  }
  if (!best) throw *refusal;
  // The area aimed at served to find the range; what was asked for belongs to the data set.
  for (std::size_t i = 0; i < request.targets.size(); ++i)
    best->targets[i].request.area_px = request.targets[i].area_px;
  return *best;
}

}  // namespace mirst
