#include "detector/benchmark/run_cell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/version.h"
#include "detector/benchmark/child.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLog = "log.txt";
constexpr const char* kValidationLog = "training/val_log.csv";
constexpr const char* kTrainingState = "training/state.safetensors";
constexpr double kStartSeconds = 1;              // of a process: loading, reading the set, writing scores
constexpr const char* kStarted = "started.txt";  // holds the hash of the options that the cell was begun with

/// A step that failed: it marks the cell or the probe.
struct StepFailure {
  CellState state;
  std::string reason;
};

/// Runs a step; throws StepFailure where it ends with an error.
ChildResult Step(const BenchmarkRun& run, const std::string& what, const std::vector<std::string>& arguments,
                 const fs::path& folder) {
  ChildResult result = RunChild(run.program, arguments, folder / kLog, run.matrix.limit_memory_mib);
  if (result.exit_code != 0) throw StepFailure{CellState::kFailed, fmt::format("{}: {}", what, result.failure)};
  return result;
}

const PreparedSet& TrainingSet(const BenchmarkNetwork& network, const std::vector<PreparedSet>& sets) {
  const auto it =
      std::find_if(sets.begin(), sets.end(), [&](const PreparedSet& set) { return set.name == network.on; });
  return it == sets.end() ? sets.front() : *it;
}

std::vector<std::string> TrainArguments(const BenchmarkRun& run, const BenchmarkCell& cell,
                                        const std::vector<PreparedSet>& sets, const fs::path& out,
                                        std::optional<double> limit_minutes) {
  const BenchmarkNetwork& network = *cell.network;
  std::vector<std::string> arguments = {"train",
                                        "--data",
                                        TrainingSet(network, sets).folder.string(),
                                        "--out",
                                        out.string(),
                                        "--threads",
                                        std::to_string(run.threads),
                                        "--device",
                                        run.device,
                                        "--json",
                                        "--seed",
                                        std::to_string(*cell.seed)};
  if (!network.train.empty()) arguments.insert(arguments.end(), {"--config", network.train});
  if (network.arch != "pstfnet") arguments.insert(arguments.end(), {"--arch", network.arch});
  for (const std::string& assignment : network.assignments) arguments.insert(arguments.end(), {"--set", assignment});
  if (limit_minutes)
    arguments.insert(arguments.end(), {"--set", fmt::format("limit_minutes={:.4f}", std::max(*limit_minutes, 0.001))});
  return arguments;
}

/// The last line of a step's standard output: its result as JSON.
Json ResultOf(const ChildResult& result) {
  const std::size_t end = result.output.find_last_not_of('\n');
  if (end == std::string::npos) throw StepFailure{CellState::kFailed, "the step printed no result"};
  const std::size_t begin = result.output.rfind('\n', end);
  return ParseJson(result.output.substr(begin == std::string::npos ? 0 : begin + 1, end - begin));
}

fs::path TrainedWeights(const fs::path& training) {
  const fs::path best = training / "best.safetensors";
  return fs::exists(best) ? best : training / "last.safetensors";
}

BenchmarkJob JobOf(const BenchmarkRun& run, const BenchmarkCell& cell, const PreparedSet& set,
                   const fs::path& weights) {
  BenchmarkJob job;
  job.detector = cell.detector;
  if (cell.network) {
    job.weights = weights.string();
  } else {
    job.method = cell.detector;
    job.assignments = run.matrix.method_assignments;
  }
  job.data = set.folder.string();
  job.split = set.split;
  job.validation = set.has_validation;
  job.single_frame = set.single_frame;
  job.masks = run.matrix.masks;
  job.pictures = run.matrix.pictures;
  job.device = run.device;
  return job;
}

ChildResult RunJob(const BenchmarkRun& run, const std::string& what, const BenchmarkJob& job, const fs::path& folder) {
  const fs::path file = folder / "job.json";
  WriteFileAtomically(file, ToJson(job));
  ChildResult result =
      Step(run, what, {"bench", "--job", file.string(), "--threads", std::to_string(run.threads)}, folder);
  fs::remove(file);
  return result;
}

/// Parameters and operations from `mirst model info` of the network that the checkpoint describes.
void AddModelInfo(const BenchmarkRun& run, const BenchmarkNetwork& network, fs::path sidecar, const fs::path& folder,
                  DetectorCosts& costs) {
  const Json description = ParseJson(ReadFile(sidecar.replace_extension(".json")));
  const fs::path options = folder / "network.yaml";
  WriteFileAtomically(options, Dump(Get<Json>(description, "options")));
  const Json info = ParseJson(
      Step(run, "model info", {"model", "info", "--arch", network.arch, "--config", options.string(), "--json"}, folder)
          .output);
  costs.parameters = Get<std::int64_t>(info, "parameters");
  costs.input = fmt::format("{}", fmt::join(Get<std::vector<std::int64_t>>(info, "input_shape"), "x"));
  for (const Json& stage : Get<Json>(info, "stages")) {
    if (Get<std::string>(stage, "name") == "all") costs.gmacs = Get<double>(stage, "gmacs");
  }
  if (const Json config = GetOr<Json>(description, "config", Json::object()); config.contains("validation"))
    costs.validate_every = GetOr<std::int64_t>(config["validation"], "every_steps", 0);
}

fs::path ProbeTraining(const BenchmarkRun& run, const BenchmarkCell& cell, const std::vector<PreparedSet>& sets,
                       const fs::path& folder, DetectorCosts& costs) {
  const fs::path training = folder / "training";
  const Json report =
      ResultOf(Step(run, "training", TrainArguments(run, cell, sets, training, run.matrix.probe_s / 60), folder));
  const auto steps = Get<double>(report, "steps");
  const auto rate = Get<double>(report, "steps_per_second");
  costs.planned_steps = Get<std::int64_t>(report, "planned_steps");
  costs.step_s = rate > 0 ? 1 / rate : 0;
  costs.validation_s = std::max(0.0, Get<double>(report, "seconds") - steps * costs.step_s);
  return TrainedWeights(training);
}

/// An empty folder, but for a training of the same options that was interrupted and left a state to go on from.
void BeginCell(const fs::path& folder, const std::string& config_sha256) {
  const fs::path started = folder / kStarted;
  const bool goes_on = fs::exists(started) && ReadFile(started) == config_sha256 &&
                       !fs::exists(folder / "status.json") && fs::exists(folder / kTrainingState);
  if (!goes_on) fs::remove_all(folder);
  CreateFolder(folder);
  WriteFileAtomically(started, config_sha256);
}

void Train(const BenchmarkRun& run, const BenchmarkCell& cell, const std::vector<PreparedSet>& sets,
           const fs::path& folder, CellStatus& status) {
  std::vector<std::string> arguments = TrainArguments(run, cell, sets, folder / "training", run.matrix.limit_minutes);
  if (fs::exists(folder / "training")) arguments.emplace_back("--resume");
  const ChildResult result = Step(run, "training", arguments, folder);
  const Json report = ResultOf(result);
  status.steps = Get<std::int64_t>(report, "steps");
  status.samples = Get<std::int64_t>(report, "samples_seen");
  status.train_s = result.seconds;
  status.train_peak_mib = result.peak_mib;
  status.config = "training/config.yaml";
  status.weights = TrainedWeights(folder / "training").lexically_relative(folder).string();
  fs::remove(folder / kTrainingState);  // three times the weights, for going on alone
}

}  // namespace

std::string ToJson(const DetectorCosts& costs) {
  return Dump({{"detector", costs.detector},
               {"config_sha256", costs.config_sha256},
               {"parameters", costs.parameters ? Json(*costs.parameters) : Json()},
               {"gmacs", costs.gmacs ? Json(*costs.gmacs) : Json()},
               {"input", costs.input},
               {"speed", costs.speed ? ParseJson(ToJson(*costs.speed)) : Json()},
               {"step_s", costs.step_s},
               {"validation_s", costs.validation_s},
               {"planned_steps", costs.planned_steps},
               {"validate_every", costs.validate_every},
               {"failure", costs.failure}},
              1) +
         "\n";
}

DetectorCosts ParseDetectorCosts(const std::string& text) {
  const Json json = ParseJson(text);
  DetectorCosts costs;
  costs.detector = Get<std::string>(json, "detector");
  costs.config_sha256 = Get<std::string>(json, "config_sha256");
  if (!Get<Json>(json, "parameters").is_null()) costs.parameters = Get<std::int64_t>(json, "parameters");
  if (!Get<Json>(json, "gmacs").is_null()) costs.gmacs = Get<double>(json, "gmacs");
  costs.input = Get<std::string>(json, "input");
  if (const Json speed = Get<Json>(json, "speed"); !speed.is_null()) costs.speed = ParseSpeedRecord(speed.dump());
  costs.step_s = Get<double>(json, "step_s");
  costs.validation_s = Get<double>(json, "validation_s");
  costs.planned_steps = Get<std::int64_t>(json, "planned_steps");
  costs.validate_every = Get<std::int64_t>(json, "validate_every");
  costs.failure = Get<std::string>(json, "failure");
  return costs;
}

DetectorCosts Probe(const BenchmarkRun& run, const BenchmarkCell& cell, const std::vector<PreparedSet>& sets,
                    const std::string& config_sha256) {
  const fs::path folder = run.out / "detectors" / cell.detector;
  fs::remove_all(folder);
  CreateFolder(folder);
  DetectorCosts costs;
  costs.detector = cell.detector;
  costs.config_sha256 = config_sha256;
  try {
    if (cell.network && !run.has_networks) throw StepFailure{CellState::kAbsent, "this build has no LibTorch"};
    fs::path weights;
    if (cell.network) {
      weights = cell.network->checkpoint;
      if (weights.empty()) weights = ProbeTraining(run, cell, sets, folder, costs);
      AddModelInfo(run, *cell.network, weights, folder, costs);
    }
    BenchmarkJob job = JobOf(run, cell, sets.front(), weights);
    job.speed_frames = run.matrix.speed_frames;
    costs.speed = ParseSpeedRecord(RunJob(run, "timing", job, folder).output);
  } catch (const StepFailure& failure) {
    costs.failure = failure.reason;
  }
  fs::remove_all(folder / "training");
  WriteFileAtomically(folder / "costs.json", ToJson(costs));
  return costs;
}

double EstimateSeconds(const BenchmarkMatrix& matrix, const BenchmarkCell& cell, const DetectorCosts& costs,
                       const std::vector<PreparedSet>& sets) {
  double seconds = 0;
  if (cell.seed) {
    const auto steps = static_cast<double>(costs.planned_steps);
    const double validations = costs.validate_every > 0 ? steps / static_cast<double>(costs.validate_every) : 0;
    seconds = steps * costs.step_s + std::ceil(validations) * costs.validation_s;
    if (matrix.limit_minutes) seconds = std::min(seconds, 60 * *matrix.limit_minutes);
  }
  for (const PreparedSet& set : ScoredSets(cell, sets)) {
    seconds += kStartSeconds;
    if (!costs.speed) continue;
    const double timed_px = static_cast<double>(costs.speed->width) * costs.speed->height;
    seconds += 1e-3 * costs.speed->p50_ms * static_cast<double>(set.scored_px + set.validation_px) / timed_px;
  }
  return seconds;
}

std::vector<PreparedSet> ScoredSets(const BenchmarkCell& cell, const std::vector<PreparedSet>& sets) {
  std::vector<PreparedSet> scored;
  for (const PreparedSet& set : sets) {
    if (cell.fold && !scored.empty()) break;
    const bool is_left_out = std::find(set.without.begin(), set.without.end(), cell.detector) != set.without.end();
    if (!is_left_out && (!set.single_frame || cell.single_frame)) scored.push_back(set);
  }
  return scored;
}

CellStatus RunCell(const BenchmarkRun& run, const BenchmarkCell& cell, const std::vector<PreparedSet>& sets,
                   const std::string& config_sha256) {
  const fs::path folder = run.out / "cells" / cell.id;
  BeginCell(folder, config_sha256);
  CellStatus status;
  status.cell = cell.id;
  status.detector = cell.detector;
  status.config_sha256 = config_sha256;
  status.seed = cell.seed;
  if (cell.fold) status.left_out = sets.front().sources.at(*cell.fold);
  for (const PreparedSet& set : sets) status.sets[set.name] = set.identity;
  status.threads = run.threads;
  status.program = fmt::format("{} (git {})", ProgramVersion(), GitRevision());
  try {
    if (cell.network && !run.has_networks) throw StepFailure{CellState::kAbsent, "this build has no LibTorch"};
    fs::path weights;
    if (cell.seed) {
      Train(run, cell, sets, folder, status);
      weights = folder / status.weights;
    } else if (cell.network) {
      weights = cell.network->checkpoint;
      status.weights = fs::absolute(weights).string();
      status.files[status.weights] = Sha256OfFile(weights);
      const Json description = ParseJson(ReadFile(fs::path(weights).replace_extension(".json")));
      status.steps = GetOr<std::int64_t>(description, "steps", 0);
      status.samples = GetOr<std::int64_t>(description, "samples_seen", 0);
    }
    for (const PreparedSet& set : ScoredSets(cell, sets)) {
      BenchmarkJob job = JobOf(run, cell, set, weights);
      job.out = (folder / "scores" / set.name).string();
      try {
        status.score_s += RunJob(run, "scoring on " + set.name, job, folder).seconds;
      } catch (const StepFailure& failure) {
        if (set.name == sets.front().name) throw;
        status.not_scored[set.name] = failure.reason;  // the rest of the row stands
      }
    }
    JudgeConvergence(run.matrix, folder, status);
  } catch (const StepFailure& failure) {
    status.state = failure.state;
    status.reason = failure.reason;
    fs::remove(folder / "job.json");
  }
  status.log = kLog;
  fs::remove(folder / kStarted);
  if (!fs::exists(folder / kLog)) WriteFileAtomically(folder / kLog, status.reason + "\n");
  status.files.merge(HashFiles(folder));
  WriteFileAtomically(folder / "status.json", ToJson(status));
  return status;
}

void JudgeConvergence(const BenchmarkMatrix& matrix, const fs::path& folder, CellStatus& status) {
  if (!status.seed) return;
  std::vector<ValidationPoint> curve;
  if (fs::exists(folder / kValidationLog)) curve = ReadValidationCurve(folder / kValidationLog);
  status.validations = std::ssize(curve);
  status.slope = SlopeOfLastThird(curve);
  status.reason = WhyNotConverged(curve, matrix.least_validations);
  status.state = status.reason.empty() ? CellState::kDone : CellState::kNotConverged;
}

}  // namespace mirst
