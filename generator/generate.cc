#include "generator/generate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/version.h"
#include "generator/finish_sample.h"
#include "generator/plan.h"
#include "generator/target_view.h"

namespace mirst {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<Scenario> PlanAll(const Inventory& inventory, const GenerateOptions& options) {
  const std::vector<SequenceRequest> requests = DrawRequests(options, static_cast<int>(inventory.models.size()));
  std::vector<Scenario> scenarios(requests.size());
  std::vector<std::optional<Error>> errors(requests.size());
  Progress progress("plan", static_cast<std::int64_t>(requests.size()), "sequences");
  ParallelFor(requests.size(), [&](std::size_t i) {
    try {
      scenarios[i] = PlanSequence(inventory, requests[i], options);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) throw;
      errors[i] = error;
    }
    progress.Advance();
  });
  // The first one in order, whatever the threads did, with the number of its fellows.
  const auto failed = std::count_if(errors.begin(), errors.end(), [](const auto& error) { return error.has_value(); });
  for (std::optional<Error>& error : errors) {
    if (!error) continue;
    if (failed > 1)
      error->AddContext(fmt::format("{} of {} sequences cannot be made; the first", failed, errors.size()));
    throw *error;
  }
  return scenarios;
}

Sample MakeSample(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  const Backdrop backdrop = ReadBackdrop(inventory, scenario, options);
  std::vector<const TargetModel*> models;
  std::vector<TargetViews> views;
  for (const TargetScenario& target : scenario.targets) {
    models.push_back(&inventory.models[static_cast<std::size_t>(target.request.model)]);
    views.emplace_back(*models.back(), target, *inventory.camera);
  }
  const auto embed = [&](const std::vector<double>& scr) {
    Scenario wanted = scenario;
    bool planned = true;
    for (std::size_t i = 0; i < scr.size(); ++i) {
      planned = planned && scr[i] == scenario.targets[i].scr;
      wanted.targets[i].scr = scr[i];
    }
    std::vector<EmbeddedTrack> tracks;
    const PlacementFault fault = EmbedTracks(wanted, views, backdrop, options, 1, tracks);
    const auto is_missed = [](const EmbeddedTrack& track) { return track.gains.empty(); };
    const bool missed = std::any_of(tracks.begin(), tracks.end(), is_missed);
    if (fault == PlacementFault::kNone && missed && !planned)
      throw BadInput(
          fmt::format("the linear SCR {:.3g} that the gain control needs cannot be reached", fmt::join(scr, ", ")));
    if (fault != PlacementFault::kNone || missed) throw InternalError("a planned placement cannot be carried out");
    return ComposeSample(wanted, tracks, backdrop, options, models);
  };
  std::vector<double> scr;
  for (const TargetScenario& target : scenario.targets) scr.push_back(target.scr);
  return NeedsFinish(options) ? FinishSample(backdrop, options, scr, embed) : embed(scr);
}

// The path below the first root that holds it; the file's own name where the root is the source itself.
std::string RelativeToRoots(const std::filesystem::path& path, const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    const std::filesystem::path relative = std::filesystem::absolute(path).lexically_normal().lexically_relative(
        std::filesystem::absolute(root).lexically_normal());
    if (!relative.empty() && *relative.begin() != "..") return relative.generic_string();
  }
  return path.filename().string();
}

ManifestSequence Describe(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  const auto source_index = static_cast<std::size_t>(scenario.source);
  const SourceInfo& source = inventory.sources[source_index]->info();
  ManifestSequence sequence;
  sequence.name = fmt::format("{:06}", scenario.index);
  sequence.split = inventory.splits[source_index];
  sequence.background = {source.name,
                         ToString(source.kind),
                         source.path.empty() ? "" : RelativeToRoots(source.path, options.backgrounds.paths),
                         source.sha256,
                         scenario.first_frame,
                         scenario.frames};
  for (const TargetScenario& target : scenario.targets) {
    const TargetModel& model = inventory.models[static_cast<std::size_t>(target.request.model)];
    const bool builtin = model.path().starts_with("builtin:");
    const ManifestModel entry = {builtin ? model.path() : RelativeToRoots(model.path(), options.models.paths),
                                 model.sha256()};
    if (std::find(sequence.models.begin(), sequence.models.end(), entry) == sequence.models.end())
      sequence.models.push_back(entry);
  }
  sequence.frames = scenario.frames;
  sequence.width = source.width;
  sequence.height = source.height;
  sequence.bit_depth = options.sensor.displayed() ? 8 : source.bit_depth;
  sequence.scenario_json = ToJson(scenario);
  return sequence;
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
  const std::vector<Scenario> scenarios = PlanAll(inventory, options);
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
  for (const Scenario& scenario : scenarios) manifest.sequences.push_back(Describe(inventory, scenario, options));
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
