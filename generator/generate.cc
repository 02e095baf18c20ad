#include "generator/generate.h"

#include <fmt/format.h>

#include <chrono>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/version.h"
#include "generator/describe_sequence.h"
#include "generator/make_sample.h"
#include "generator/plan_data_set.h"

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

}  // namespace

GenerateReport Generate(const GenerateOptions& options, const std::filesystem::path& folder, Existing existing) {
  CheckOutputFolder(folder, existing);
  GenerateReport report;
  const auto plan_start = std::chrono::steady_clock::now();
  const Inventory inventory = OpenInventory(options);
  const std::vector<Scenario> scenarios = PlanDataSet(inventory, options);
  report.plan_s = SecondsSince(plan_start);

  const auto write_start = std::chrono::steady_clock::now();
  SampleStoreWriter writer(folder, existing, ExpectedBytes(inventory, scenarios, options.pairs));
  for (const Scenario& scenario : scenarios) {
    report.frames += scenario.frames;
    report.targets += static_cast<int>(scenario.targets.size());
    report.decoys += static_cast<int>(scenario.decoys.size());
    for (const TargetScenario& target : scenario.targets) {
      report.mean_placements += target.placement + 1.0;
      if (target.scr < target.request.scr) ++report.lowered;
    }
  }
  report.mean_placements /= report.targets;
  {
    Progress progress("write", report.frames, "frames");
    ParallelFor(scenarios.size(), [&](std::size_t i) {
      InContext(fmt::format("sequence {:06}", i),
                [&] { writer.WriteSequence(MakeSample(inventory, scenarios[i], options)); });
      progress.Advance(scenarios[i].frames);
    });
  }
  Manifest manifest;
  manifest.program_version = ProgramVersion();
  manifest.program_git = GitRevision();
  manifest.config_json = PrintOptions(options, OptionsFormat::kJson);
  manifest.seed = options.seed;
  for (const Scenario& scenario : scenarios) manifest.sequences.push_back(DescribeSequence(inventory, scenario, options));
  report.dataset_id = writer.Finish(std::move(manifest));
  report.sources = static_cast<int>(inventory.sources.size());
  report.models = static_cast<int>(inventory.models.size());
  report.sequences = static_cast<int>(scenarios.size());
  report.write_s = SecondsSince(write_start);
  report.templates_rendered = inventory.camera->statistics().misses;
  report.templates_reused = inventory.camera->statistics().hits;
  return report;
}

}  // namespace mirst
