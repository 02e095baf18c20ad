#include "generator/generate.h"

#include <fmt/format.h>

#include <chrono>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/version.h"
#include "generator/describe_sequence.h"
#include "generator/inputs.h"
#include "generator/make_sample.h"
#include "generator/plan_data_set.h"
#include "generator/plan_to_quota.h"

namespace mirst {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Raw size of the images; PNG makes them smaller, the other files add a few per cent.
std::uintmax_t ExpectedBytes(const Inventory& inventory, const std::vector<Scenario>& scenarios, bool pairs) {
  std::uintmax_t bytes = 0;
  for (const Scenario& scenario : scenarios) {
    const SourceInfo& info = inventory.sources[static_cast<std::size_t>(scenario.source)]->info();
    bytes += static_cast<std::uintmax_t>(scenario.frames) * static_cast<std::uintmax_t>(info.width) *
             static_cast<std::uintmax_t>(info.height) * (info.bit_depth > 8 ? 2 : 1);
  }
  return pairs ? 2 * bytes : bytes;
}

// The requests that are this shard's and not met yet.
std::vector<SequenceRequest> OpenRequests(const Inventory& inventory, const GenerateOptions& options,
                                          const Shard& shard, const SampleStoreWriter& writer, int& found) {
  std::vector<SequenceRequest> requests = RequestsOf(inventory, options);
  std::erase_if(requests, [&](const SequenceRequest& request) { return !shard.Holds(request.index); });
  const std::size_t all = requests.size();
  std::erase_if(requests, [&](const SequenceRequest& r) { return writer.IsFinished(SequenceName(r.index)); });
  found = static_cast<int>(all - requests.size());
  return requests;
}

void CountTargets(const std::vector<Scenario>& scenarios, GenerateReport& report) {
  for (const Scenario& scenario : scenarios) {
    report.frames += scenario.frames;
    report.targets += static_cast<int>(scenario.targets.size());
    report.decoys += static_cast<int>(scenario.decoys.size());
    for (const TargetScenario& target : scenario.targets) {
      report.mean_placements += target.placement + 1.0;
      if (target.scr < target.request.scr) ++report.lowered;
    }
  }
  if (report.targets > 0) report.mean_placements /= report.targets;
}

void WriteSequences(const Inventory& inventory, const std::vector<Scenario>& scenarios, const GenerateOptions& options,
                    std::int64_t frames, SampleStoreWriter& writer) {
  Progress progress("write", frames, "frames");
  ParallelFor(scenarios.size(), [&](std::size_t i) {
    const Scenario& scenario = scenarios[i];
    const ManifestSequence entry = DescribeSequence(inventory, scenario, options);
    InContext(fmt::format("sequence {}", entry.name),
              [&] { writer.WriteSequence(MakeSample(inventory, scenario, options), entry); });
    progress.Advance(scenario.frames);
  });
}

}  // namespace

WriteJob DescribeJob(const Inventory& inventory, const GenerateOptions& options) {
  WriteJob job{options.sequences, {}};
  job.header.program_version = ProgramVersion();
  job.header.program_git = GitRevision();
  job.header.config_json = PrintOptions(options, OptionsFormat::kJson);
  job.header.seed = options.seed;
  job.header.inputs = HashInputs(inventory, options);
  return job;
}

GenerateReport Generate(const GenerateOptions& options, const std::filesystem::path& folder, Existing existing,
                        const Shard& shard) {
  const bool resumes = existing == Existing::kResume || !shard.IsWhole();
  CheckOutputFolder(folder, resumes ? Existing::kResume : existing);
  GenerateReport report;
  const auto plan_start = std::chrono::steady_clock::now();
  Inventory inventory = OpenInventory(options);
  report.sources = static_cast<int>(inventory.sources.size());
  report.models = static_cast<int>(inventory.models.size());
  const WriteJob job = DescribeJob(inventory, options);
  if (const auto id = resumes ? FinishedDatasetId(folder, job) : std::nullopt) {
    report.dataset_id = *id;
    report.found_sequences = options.sequences;
    return report;
  }
  SampleStoreWriter writer(folder, existing, job, shard);
  const auto requests = OpenRequests(inventory, options, shard, writer, report.found_sequences);
  const std::vector<Scenario> scenarios = PlanSequences(inventory, requests, options);
  CountTargets(scenarios, report);
  report.sequences = static_cast<int>(scenarios.size());
  report.plan_s = SecondsSince(plan_start);

  const auto write_start = std::chrono::steady_clock::now();
  writer.Begin(ExpectedBytes(inventory, scenarios, options.pairs));
  WriteSequences(inventory, scenarios, options, report.frames, writer);
  report.templates_rendered = inventory.camera->statistics().misses;
  report.templates_reused = inventory.camera->statistics().hits;
  inventory = {};  // the manifest of a large set needs the memory of the views and frames
  if (shard.IsWhole()) {
    report.dataset_id = writer.Finish();
    report.plan = WritePlanReport(folder);
  }
  report.write_s = SecondsSince(write_start);
  return report;
}

}  // namespace mirst
