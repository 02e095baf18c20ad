#include "detector/train_state.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/json.h"
#include "detector/checkpoint.h"
#include "detector/optimiser.h"
#include "detector/safetensors.h"
#include "detector/torch_error.h"

namespace mirst {
using torch::Tensor;
namespace {

constexpr int kSchemaVersion = 1;
constexpr std::array kStopReasons = {StopReason::kAllSteps, StopReason::kTimeLimit, StopReason::kPatience};
const std::string kKey = "training";

Json ToJson(const std::optional<ValidationScore>& score) {
  if (!score) return nullptr;
  const auto number = [](std::optional<double> value) { return value ? Json(*value) : Json(nullptr); };
  return {{"step", score->step},
          {"iou_seq", number(score->iou_seq)},
          {"niou", number(score->niou)},
          {"pd", number(score->pd)},
          {"fa", number(score->fa)}};
}

std::optional<ValidationScore> ScoreFrom(const Json& json, const char* key) {
  const Json score = Get<Json>(json, key);
  if (score.is_null()) return std::nullopt;
  const auto number = [&](const char* name) -> std::optional<double> {
    if (Get<Json>(score, name).is_null()) return std::nullopt;
    return Get<double>(score, name);
  };
  return ValidationScore{Get<std::int64_t>(score, "step"), number("iou_seq"), number("niou"), number("pd"),
                         number("fa")};
}

std::string ToText(const TrainProgress& p) {
  return Dump({{"schema_version", kSchemaVersion},
               {"steps", p.steps},
               {"samples_seen", p.samples_seen},
               {"last_loss", Finite(p.last_loss, "last_loss")},
               {"finished", p.finished},
               {"validation_due", p.validation_due},
               {"stopped_by", NameOf(p.stopped_by)},
               {"best", ToJson(p.best)},
               {"last", ToJson(p.last)},
               {"without_best", p.without_best},
               {"loss_sum", Finite(p.loss_sum, "loss_sum")},
               {"logged_steps", p.logged_steps},
               {"seconds", p.seconds},
               {"train_log_bytes", p.train_log_bytes},
               {"validation_log_bytes", p.validation_log_bytes},
               {"config", p.config_json},
               {"dataset_id", p.dataset_id},
               {"threads", p.threads},
               {"processes", p.processes}});
}

TrainProgress FromText(const std::string& text) {
  const Json json = ParseJson(text);
  if (const int version = Get<int>(json, "schema_version"); version != kSchemaVersion) {
    throw BadInput(fmt::format("training state of version {}, this program reads version {}", version, kSchemaVersion));
  }
  TrainProgress p;
  p.steps = Get<std::int64_t>(json, "steps");
  p.samples_seen = Get<std::int64_t>(json, "samples_seen");
  p.last_loss = Get<double>(json, "last_loss");
  p.finished = Get<bool>(json, "finished");
  p.validation_due = Get<bool>(json, "validation_due");
  const std::string reason = Get<std::string>(json, "stopped_by");
  for (const StopReason known : kStopReasons) {
    if (reason == NameOf(known)) p.stopped_by = known;
  }
  p.best = ScoreFrom(json, "best");
  p.last = ScoreFrom(json, "last");
  p.without_best = Get<int>(json, "without_best");
  p.loss_sum = Get<double>(json, "loss_sum");
  p.logged_steps = Get<std::int64_t>(json, "logged_steps");
  p.seconds = Get<double>(json, "seconds");
  p.train_log_bytes = Get<std::uintmax_t>(json, "train_log_bytes");
  p.validation_log_bytes = Get<std::uintmax_t>(json, "validation_log_bytes");
  p.config_json = Get<std::string>(json, "config");
  p.dataset_id = Get<std::string>(json, "dataset_id");
  p.threads = Get<int>(json, "threads");
  p.processes = Get<int>(json, "processes");
  return p;
}

}  // namespace

void SaveTrainState(const std::filesystem::path& path, const TrainProgress& progress, const TrainTensors& tensors) {
  TensorFile file;
  file.metadata[kKey] = ToText(progress);
  for (const auto& [name, tensor] : StateDict(tensors.module)) file.tensors["network." + name] = tensor;
  if (tensors.average != nullptr) {
    for (const auto& [name, tensor] : tensors.average->tensors()) file.tensors["average." + name] = tensor;
  }
  for (const auto& [name, tensor] : OptimiserState(tensors.optimiser, tensors.module)) file.tensors[name] = tensor;
  WriteSafetensors(path, file);
}

TrainProgress ReadTrainProgress(const std::filesystem::path& path) {
  const TensorFile file = ReadSafetensors(path);
  return InContext(path.string(), [&] {
    const auto text = file.metadata.find(kKey);
    if (text == file.metadata.end()) throw BadInput("holds no state of a training");
    return FromText(text->second);
  });
}

void LoadTrainState(const std::filesystem::path& path, const TrainTensors& tensors) {
  const TensorFile file = ReadSafetensors(path);
  const torch::NoGradGuard no_gradient;
  InContext(path.string(), [&] {
    for (const auto& [name, tensor] : StateDict(tensors.module)) CopyTensor(file.tensors, "network." + name, tensor);
    if (tensors.average != nullptr) {
      for (const auto& [name, tensor] : tensors.average->tensors()) CopyTensor(file.tensors, "average." + name, tensor);
    }
    RestoreOptimiserState(file.tensors, tensors.optimiser, tensors.module);
  });
}

}  // namespace mirst
