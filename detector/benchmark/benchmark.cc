#include "detector/benchmark/benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/parallel.h"
#include "detector/benchmark/child.h"
#include "detector/benchmark/result_files.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRecord = "benchmark.json";
constexpr const char* kMarker = ".mirst-benchmark";  // what lies in the folder is ours to replace

/// `mirst generate` or `mirst convert`; a fault ends the run.
void MakeSet(const BenchmarkRun& run, const std::vector<std::string>& arguments) {
  const ChildResult result = RunChild(run.program, arguments, run.out / "sets" / "log.txt", 0);
  if (result.exit_code != 0) throw BadInput(result.failure);
}

/// Has `mirst generate` make the set in `made`, unless the same options have made it before; goes on where that was cut
/// off.
void Generate(const BenchmarkRun& run, const BenchmarkSet& set, const fs::path& made, ExistingCells existing) {
  const fs::path job = made.string() + ".job.txt";
  std::string wanted = "config " + Sha256OfFile(set.generate) + "\n";
  for (const std::string& assignment : set.assignments) wanted += assignment + "\n";
  const bool is_same = fs::exists(job) && ReadFile(job) == wanted;
  if (is_same && fs::exists(made / "manifest.json")) return;
  if (!is_same && fs::exists(made / "manifest.json") && existing == ExistingCells::kRefuse) {
    throw BadInput(
        fmt::format("{} was made by other options; --force makes it anew, --out names another folder", made.string()));
  }
  WriteFileAtomically(job, wanted);
  std::vector<std::string> arguments = {"generate",    "--config",
                                        set.generate,  "--out",
                                        made.string(), is_same ? "--resume" : "--force",
                                        "--threads",   std::to_string(run.threads)};
  for (const std::string& assignment : set.assignments) arguments.insert(arguments.end(), {"--set", assignment});
  MakeSet(run, arguments);
}

/// The folder where the set lies in the native layout with its own splits.
fs::path MakeOrTake(const BenchmarkRun& run, const BenchmarkSet& set, ExistingCells existing) {
  const fs::path made = run.out / "sets" / set.name, resplit = run.out / "sets" / (set.name + "-splits");
  fs::path folder = set.folder;
  if (!set.generate.empty()) {
    Generate(run, set, made, existing);
    folder = made;
  } else if (!fs::exists(folder / "manifest.json")) {  // anew each time: a change of the origin shows in the id
    std::vector<std::string> arguments = {"convert", set.folder, made.string(), "--to", "native", "--force"};
    if (!set.layout.empty()) arguments.insert(arguments.end(), {"--from", set.layout});
    MakeSet(run, arguments);
    folder = made;
  }
  if (set.val.empty() && set.test.empty()) return folder;
  std::map<std::string, std::string> split_of;
  for (const std::string& name : set.val) split_of[name] = "val";
  for (const std::string& name : set.test) split_of[name] = "test";
  WriteWithSplits(folder, split_of, resplit);
  return resplit;
}

std::vector<PreparedSet> PrepareSets(const BenchmarkRun& run, ExistingCells existing) {
  CreateFolder(run.out / "sets");
  std::vector<PreparedSet> sets;
  for (const BenchmarkSet& set : run.matrix.sets) {
    sets.push_back(
        InContext("data set " + set.name, [&] { return OpenBenchmarkSet(set, MakeOrTake(run, set, existing)); }));
    PreparedSet& prepared = sets.back();
    if (sets.size() > 1) prepared.has_validation = false, prepared.validation_px = 0;  // thresholds are for Table 1
    LogInfo(fmt::format("data set {}: {:.12}, {} frames to score, {} sources", set.name, prepared.identity.dataset_id,
                        prepared.scored_frames, prepared.sources.size()));
  }
  return sets;
}

/// The sets as one fold sees them; one entry where no source is left out.
std::vector<std::vector<PreparedSet>> FoldsOf(const BenchmarkRun& run, const std::vector<PreparedSet>& sets) {
  if (!run.matrix.leave_one_source_out) return {sets};
  std::vector<std::vector<PreparedSet>> folds;
  const PreparedSet& first = sets.front();
  for (const std::string& source : first.sources) {
    const fs::path folder = run.out / "folds" / fmt::format("{:02}", folds.size());
    WriteWithSplits(first.folder, FoldSplits(first.folder, source), folder);
    folds.push_back(sets);
    folds.back().front() = OpenBenchmarkSet(run.matrix.sets.front(), folder);
  }
  return folds;
}

std::map<std::string, SetIdentity> IdentitiesOf(const std::vector<PreparedSet>& sets) {
  std::map<std::string, SetIdentity> identities;
  for (const PreparedSet& set : sets) identities[set.name] = set.identity;
  return identities;
}

std::string Minutes(double seconds) {
  return seconds < 90 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
}

/// A cell and what is known of it before it runs.
struct PlannedCell {
  BenchmarkCell cell;
  const std::vector<PreparedSet>* sets = nullptr;
  std::string config_sha256;
  std::optional<CellStatus> finished;  ///< by an earlier run, whole
  double estimate_s = 0;
};

/// The status of a cell that an earlier run has scored and that is as it was. Throws kBadInput where it was made by
/// other options or data.
std::optional<CellStatus> Finished(const PlannedCell& planned, const fs::path& folder, ExistingCells existing) {
  const fs::path file = folder / "status.json";
  if (!fs::exists(file)) return std::nullopt;
  const CellStatus status = InContext(file.string(), [&] { return ParseCellStatus(ReadFile(file)); });
  if (!IsScored(status)) return std::nullopt;
  if (status.config_sha256 != planned.config_sha256) {
    if (existing == ExistingCells::kReplace) return std::nullopt;
    for (const PreparedSet& set : *planned.sets) {
      const auto known = status.sets.find(set.name);
      if (known == status.sets.end() || known->second == set.identity) continue;
      throw BadInput(
          fmt::format("the data set {} has changed: it is {:.12} (splits {:.12}), the cell {} was made with {:.12} "
                      "(splits {:.12}); "
                      "--force makes its cells anew, --out names another folder",
                      set.name, set.identity.dataset_id, set.identity.splits_sha256, status.cell,
                      known->second.dataset_id, known->second.splits_sha256));
    }
    throw BadInput(fmt::format(
        "the cell {} was made by other options; --force makes it anew, --out names another folder", status.cell));
  }
  if (const auto differences = Differences(status, folder); !differences.empty()) {
    LogWarning(fmt::format("{}; the cell is made anew", differences.front()));
    return std::nullopt;
  }
  return status;
}

std::vector<PlannedCell> Plan(const BenchmarkRun& run, const std::vector<std::vector<PreparedSet>>& folds,
                              ExistingCells existing) {
  std::vector<PlannedCell> plan;
  for (BenchmarkCell& cell : CellsOf(run.matrix, run.matrix.leave_one_source_out ? folds.size() : 0)) {
    PlannedCell planned{std::move(cell), nullptr, "", {}, 0};
    planned.sets = &folds[planned.cell.fold.value_or(0)];
    planned.config_sha256 = CellConfigHash(run.matrix, planned.cell, IdentitiesOf(*planned.sets));
    planned.finished = Finished(planned, run.out / "cells" / planned.cell.id, existing);
    plan.push_back(std::move(planned));
  }
  return plan;
}

/// Costs of each detector from its first cell, and from them what each cell will take.
void Estimate(const BenchmarkRun& run, std::vector<PlannedCell>& plan) {
  std::map<std::string, DetectorCosts> costs;
  for (PlannedCell& planned : plan) {
    const std::string& id = planned.cell.detector;
    if (!costs.contains(id)) {
      const fs::path file = run.out / "detectors" / id / "costs.json";
      DetectorCosts known;
      if (fs::exists(file)) known = InContext(file.string(), [&] { return ParseDetectorCosts(ReadFile(file)); });
      if (known.config_sha256 != planned.config_sha256 || !known.failure.empty()) {
        LogInfo(fmt::format("probing {}", id));
        known = Probe(run, planned.cell, *planned.sets, planned.config_sha256);
        if (!known.failure.empty()) LogWarning(fmt::format("{}: {}", id, known.failure));
      }
      costs[id] = std::move(known);
    }
    planned.estimate_s = EstimateSeconds(run.matrix, planned.cell, costs.at(id), *planned.sets);
  }
}

void WriteResults(const BenchmarkRecord& record, const fs::path& out) {
  for (const auto& [name, text] : ResultFiles(record, out)) WriteFileAtomically(out / name, text);
}

void Count(const CellStatus& status, BenchmarkReport& report) {
  ++(status.state == CellState::kDone           ? report.done
     : status.state == CellState::kNotConverged ? report.not_converged
     : status.state == CellState::kFailed       ? report.failed
                                                : report.absent);
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Judges a finished cell again: what counts as converged may have been asked for anew.
CellStatus Judged(const BenchmarkRun& run, CellStatus status, const fs::path& folder) {
  JudgeConvergence(run.matrix, folder, status);
  WriteFileAtomically(folder / "status.json", ToJson(status));
  return status;
}

}  // namespace

BenchmarkReport RunBenchmark(const BenchmarkRun& run, ExistingCells existing, bool estimate_only) {
  const auto start = std::chrono::steady_clock::now();
  if (fs::exists(run.out) && !fs::is_empty(run.out) && !fs::exists(run.out / kMarker))
    throw BadInput(fmt::format("{} holds other files; name an empty or a new folder", run.out.string()));
  CreateFolder(run.out);
  WriteFileAtomically(run.out / kMarker, "");
  const std::vector<PreparedSet> sets = PrepareSets(run, existing);
  const std::vector<std::vector<PreparedSet>> folds = FoldsOf(run, sets);
  std::vector<PlannedCell> plan = Plan(run, folds, existing);
  const BenchmarkRecord record{run.matrix, sets, run.matrix.leave_one_source_out ? folds.size() : 0};
  WriteFileAtomically(run.out / kRecord, ToJson(record));
  Estimate(run, plan);

  BenchmarkReport report;
  report.cells = plan.size();
  double left_s = 0;
  for (const PlannedCell& planned : plan) left_s += planned.finished ? 0 : planned.estimate_s;
  report.estimated_s = left_s;
  LogInfo(fmt::format("{} cells, {} of them finished; the rest takes about {}", plan.size(),
                      std::count_if(plan.begin(), plan.end(), [](const auto& each) { return each.finished; }),
                      Minutes(left_s)));
  double taken_s = 0, estimated_s = 0;  // of the cells that ran
  for (std::size_t i = 0; i < plan.size() && !estimate_only; ++i) {
    const PlannedCell& planned = plan[i];
    const fs::path folder = run.out / "cells" / planned.cell.id;
    if (planned.finished) {
      ++report.found;
      Count(Judged(run, *planned.finished, folder), report);
      continue;
    }
    ThrowIfInterrupted();
    const double factor = estimated_s > 0 ? taken_s / estimated_s : 1;
    LogInfo(fmt::format("cell {} of {}: {}, about {}; whole run about {} more", i + 1, plan.size(), planned.cell.id,
                        Minutes(factor * planned.estimate_s), Minutes(factor * left_s)));
    const auto cell_start = std::chrono::steady_clock::now();
    const CellStatus status = RunCell(run, planned.cell, *planned.sets, planned.config_sha256);
    if (IsScored(status)) taken_s += SecondsSince(cell_start), estimated_s += planned.estimate_s;
    left_s -= planned.estimate_s;
    Count(status, report);
    if (!status.reason.empty()) LogWarning(fmt::format("{}: {}: {}", status.cell, NameOf(status.state), status.reason));
    WriteResults(record, run.out);
  }
  if (!estimate_only) {
    WriteResults(record, run.out);
    report.page = run.out / "index.html";
  }
  report.seconds = SecondsSince(start);
  return report;
}

std::vector<std::string> CheckBenchmark(const fs::path& folder) {
  const fs::path file = folder / kRecord;
  if (!fs::exists(file)) throw BadInput(fmt::format("{} holds no run of mirst bench", folder.string()));
  const BenchmarkRecord record = InContext(file.string(), [&] { return ParseBenchmarkRecord(ReadFile(file)); });
  std::vector<std::string> differences;
  for (std::size_t i = 0; i < record.sets.size(); ++i) {
    const PreparedSet& known = record.sets[i];
    try {
      if (OpenBenchmarkSet(record.matrix.sets.at(i), known.folder).identity != known.identity)
        differences.push_back(fmt::format("the data set {} in {} is another one", known.name, known.folder.string()));
    } catch (const Error& error) {
      differences.push_back(fmt::format("the data set {}: {}", known.name, error.what()));
    }
  }
  for (const BenchmarkCell& cell : CellsOf(record.matrix, record.folds)) {
    const fs::path of_cell = folder / "cells" / cell.id;
    if (!fs::exists(of_cell / "status.json")) {
      differences.push_back(fmt::format("the cell {} has not been run", cell.id));
      continue;
    }
    const CellStatus status =
        InContext(of_cell.string(), [&] { return ParseCellStatus(ReadFile(of_cell / "status.json")); });
    for (std::string& difference : Differences(status, of_cell)) differences.push_back(std::move(difference));
  }
  try {
    for (const auto& [name, text] : ResultFiles(record, folder)) {
      if (!fs::exists(folder / name)) {
        differences.push_back(fmt::format("{} is missing", (folder / name).string()));
      } else if (ReadFile(folder / name) != text) {
        differences.push_back(fmt::format("{} does not follow from the scores", (folder / name).string()));
      }
    }
  } catch (const Error& error) {
    differences.push_back(fmt::format("the results cannot be derived again: {}", error.what()));
  }
  return differences;
}

}  // namespace mirst
