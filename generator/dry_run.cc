#include "generator/dry_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/sample_store.h"
#include "generator/make_sample.h"
#include "generator/plan_to_quota.h"

namespace mirst {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct PlannedSequence {
  std::optional<Scenario> scenario;
  std::vector<TrackOutcome> outcomes;
  std::string refusal;
};

std::vector<PlannedSequence> PlanAll(const Inventory& inventory, const GenerateOptions& options) {
  const std::vector<SequenceRequest> requests = RequestsOf(inventory, options);
  std::vector<PlannedSequence> planned(requests.size());
  Progress progress("plan", static_cast<std::int64_t>(requests.size()), "sequences");
  ParallelFor(requests.size(), [&](std::size_t i) {
    try {
      Scenario scenario = PlanToQuota(inventory, requests[i], options);
      planned[i].outcomes =
          OutcomesOf(scenario, inventory.sources[static_cast<std::size_t>(scenario.source)]->info().name,
                     MeasureTracks(MakeSample(inventory, scenario, options)));
      planned[i].scenario = std::move(scenario);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kBadInput) throw;
      planned[i].refusal = error.what();
    }
    progress.Advance();
  });
  return planned;
}

double BytesIn(const std::filesystem::path& folder) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

// Some sequences written to a temporary folder, evenly spread; size and time in proportion to their frames.
void Probe(const Inventory& inventory, const GenerateOptions& options, const std::vector<const Scenario*>& scenarios,
           DryRunReport& report) {
  const std::size_t probed = std::min(scenarios.size(), static_cast<std::size_t>(std::max(3, ThreadCount())));
  const TemporaryFolder folder("mirst-dry-run");
  SampleStoreWriter writer(folder.path(), Existing::kRefuse, 0);
  double frames = 0;
  const auto scenario_of = [&](std::size_t i) { return scenarios[i * scenarios.size() / probed]; };
  for (std::size_t i = 0; i < probed; ++i) frames += scenario_of(i)->frames;
  const auto start = std::chrono::steady_clock::now();
  ParallelFor(probed, [&](std::size_t i) { writer.WriteSequence(MakeSample(inventory, *scenario_of(i), options)); });
  const double scale = static_cast<double>(report.frames) / frames;
  report.write_s = scale * SecondsSince(start);
  report.bytes = scale * BytesIn(folder.path());
  report.probed = static_cast<int>(probed);
}

}  // namespace

DryRunReport DryRun(const GenerateOptions& options) {
  DryRunReport report;
  const auto start = std::chrono::steady_clock::now();
  const Inventory inventory = OpenInventory(options);
  const std::vector<PlannedSequence> planned = PlanAll(inventory, options);
  report.plan_s = SecondsSince(start);
  report.sources = static_cast<int>(inventory.sources.size());
  report.models = static_cast<int>(inventory.models.size());
  std::vector<TrackOutcome> outcomes;
  std::vector<std::string> refused;
  std::vector<const Scenario*> scenarios;
  for (const PlannedSequence& sequence : planned) {
    if (!sequence.scenario) {
      refused.push_back(sequence.refusal);
      continue;
    }
    report.frames += sequence.scenario->frames;
    scenarios.push_back(&*sequence.scenario);
    outcomes.insert(outcomes.end(), sequence.outcomes.begin(), sequence.outcomes.end());
  }
  if (scenarios.empty()) throw BadInput(fmt::format("no sequence can be made; the first: {}", refused.front()));
  report.plan = ReportPlan(options, outcomes, static_cast<int>(scenarios.size()));
  report.plan.refused = std::move(refused);
  Probe(inventory, options, scenarios, report);
  return report;
}

std::string ToJson(const DryRunReport& report) {
  return Dump({{"event", "dry_run"},
               {"sources", report.sources},
               {"models", report.models},
               {"frames", report.frames},
               {"estimated_bytes", report.bytes},
               {"plan_s", report.plan_s},
               {"estimated_write_s", report.write_s},
               {"probed_sequences", report.probed},
               {"plan", ParseJson(ToJson(report.plan))}});
}

}  // namespace mirst
