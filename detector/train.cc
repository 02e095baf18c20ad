#include "detector/train.h"

#include <ATen/Context.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "core/parallel.h"
#include "detector/device.h"
#include "detector/join_processes.h"
#include "detector/torch_error.h"
#include "detector/train_run.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

void CheckPrecision(const TrainOptions& options, c10::Device device) {
  if (options.precision == Precision::kBfloat16 && !device.is_cuda()) {
    throw BadInput(fmt::format("precision is bf16, but the training runs on the {}; only CUDA devices train in it",
                               device.is_cpu() ? "CPU" : device.str()));
  }
}

/// The options without what changes no weight.
Json Essence(const std::string& config) {
  Json json = ParseJson(config);
  for (const char* key : {"limit_minutes", "device", "state_every_steps", "distributed"}) json.erase(key);
  for (const char* key : {"workers", "prefetch", "cache_mib"}) json["data"].erase(key);
  return json.flatten();
}

void CheckSameTraining(const TrainProgress& progress, const TrainOptions& options, const std::string& dataset_id,
                       int processes) {
  const Json was = Essence(progress.config_json), is = Essence(PrintOptions(options, OptionsFormat::kJson));
  for (const auto& [path, value] : is.items()) {
    if (was.contains(path) && was[path] == value) continue;
    throw UsageError(
        fmt::format("--resume cannot change {}: it was {}, now it is {}; give the options of the first run",
                    Json::json_pointer(path).to_string().substr(1), was.contains(path) ? was[path].dump() : "unknown",
                    value.dump()));
  }
  if (progress.dataset_id != dataset_id) {
    throw BadInput(fmt::format("the training to go on with was made on the data set {}, this one is {}",
                               progress.dataset_id, dataset_id));
  }
  if (progress.threads != ThreadCount() || progress.processes != processes) {
    LogWarning(
        fmt::format("the training ran in {} processes of {} threads, now it is {} of {}: sums are made in another "
                    "order, so the weights "
                    "will not be bit for bit those of an uninterrupted run",
                    progress.processes, progress.threads, processes, ThreadCount()));
  }
}

/// The state to go on from; none: the training begins.
std::optional<fs::path> StateToResume(const TrainOptions& options, const LabelledFrames& data, const fs::path& out,
                                      ExistingTraining existing, int processes) {
  CheckTrainingFolder(out, existing);
  const fs::path state = out / kTrainStateFile;
  std::error_code error;
  if (existing != ExistingTraining::kResume || !fs::exists(state, error)) return std::nullopt;
  CheckSameTraining(ReadTrainProgress(state), options, data.manifest().dataset_id, processes);
  return state;
}

/// What rank 0 has decided, told to all.
std::optional<fs::path> AgreeOnBeginning(ProcessGroup& group, const TrainOptions& options, const LabelledFrames& data,
                                         const fs::path& out, ExistingTraining existing) {
  std::optional<fs::path> state;
  Json own = {{"options", PrintOptions(options, OptionsFormat::kJson)}, {"dataset_id", data.manifest().dataset_id}};
  std::optional<std::string> told;
  if (group.rank() == 0) {
    state = StateToResume(options, data, out, existing, group.size());
    Json all = own;
    all["first_step"] = state ? ReadTrainProgress(*state).steps : -1;
    told = Dump(all);
  }
  const Json first = ParseJson(group.Tell(fmt::format("{}: beginning", out.string()), told));
  for (const char* key : {"options", "dataset_id"}) {
    if (first.at(key) != own.at(key)) {
      throw UsageError(fmt::format("process {} was started with another {} than process 0", group.rank(),
                                   std::string(key) == "options" ? "set of options" : "data set"));
    }
  }
  const auto first_step = Get<std::int64_t>(first, "first_step");
  if (first_step < 0) return std::nullopt;
  const fs::path file = out / kTrainStateFile;
  if (ReadTrainProgress(file).steps != first_step) {
    throw BadInput(
        fmt::format("process {} sees another {} than process 0; all must see one folder", group.rank(), file.string()));
  }
  return file;
}

}  // namespace

std::string NameOf(StopReason reason) {
  constexpr std::array<const char*, 3> kNames = {"all_steps", "limit_minutes", "patience"};
  return kNames.at(static_cast<std::size_t>(reason));
}

TrainReport Train(const TrainOptions& options, std::shared_ptr<const LabelledFrames> data, const fs::path& out,
                  ExistingTraining existing) {
  UseTorchThreads(ThreadCount());
  const JoinedProcesses joined(options);
  ProcessGroup* const group = CurrentProcessGroup();
  CheckPrecision(options, joined.device());
  at::globalContext().setDeterministicAlgorithms(options.deterministic, /*warn_only=*/true);
  at::globalContext().setDeterministicCuDNN(options.deterministic);
  const std::optional<fs::path> state = group != nullptr ? AgreeOnBeginning(*group, options, *data, out, existing)
                                                         : StateToResume(options, *data, out, existing, 1);
  return TrainingRun(options, std::move(data), out, joined.device(), group, state).Run();
}

TrainReport Train(const TrainOptions& options, const fs::path& data, const fs::path& out, ExistingTraining existing) {
  return Train(options, OpenLabelledFrames(data), out, existing);
}

}  // namespace mirst
