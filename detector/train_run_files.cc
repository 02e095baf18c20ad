// What a TrainingRun scores and writes on its way.
#include <fmt/format.h>

#include <utility>

#include "core/log.h"
#include "detector/checkpoint.h"
#include "detector/train_run.h"
#include "detector/train_validate.h"

namespace mirst {
using Clock = std::chrono::steady_clock;
namespace {

constexpr double kThreshold = 0;  // logit of probability 0.5

std::string TextOf(std::optional<double> value, double unit = 1) {
  return value ? fmt::format("{:.6g}", *value / unit) : "";
}

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

/// The running average in the network's place while it lives.
class InPlaceOfWeights {
 public:
  InPlaceOfWeights(AveragedWeights* average, torch::nn::Module& module) : average_(average), module_(module) {
    if (average_ != nullptr) average_->Swap(module_);
  }
  ~InPlaceOfWeights() {
    if (average_ != nullptr) average_->Swap(module_);
  }
  InPlaceOfWeights(const InPlaceOfWeights&) = delete;
  InPlaceOfWeights& operator=(const InPlaceOfWeights&) = delete;

 private:
  AveragedWeights* average_;
  torch::nn::Module& module_;
};

}  // namespace

void TrainingRun::Validate() {
  if (speaks()) ScoreAndSave();
  if (group_ != nullptr) {
    const std::string key = fmt::format("{}: finished after step {}", out_.string(), progress_.steps);
    const std::string text = progress_.stopped_by == StopReason::kPatience ? "yes" : "no";
    if (group_->Tell(key, speaks() ? std::optional(text) : std::nullopt) == "yes") {
      progress_.stopped_by = StopReason::kPatience;
    }
  }
  progress_.validation_due = false;
  progress_.finished = progress_.stopped_by == StopReason::kPatience || progress_.steps == planned_steps_;
  SaveState();
}

void TrainingRun::ScoreAndSave() {
  const auto start = Clock::now();
  const DetectionReport scores = [&] {
    const InPlaceOfWeights averaged(Tensors().average, network_->module());
    return ScoreSplit(*network_, {train_.mean(), train_.sigma()}, kThreshold, *validation_, options_.validation.stride,
                      device_);
  }();
  const SubsetScore& all = scores.subsets.back();
  const ValidationScore score{progress_.steps, all.iou_seq.value(), all.niou.value(), all.pd_seq.value(),
                              all.fa_seq.value()};
  const auto rank = [](const ValidationScore& s) { return std::pair(s.iou_seq.value_or(-1), s.pd.value_or(-1)); };
  const bool is_best = !progress_.best || rank(score) > rank(*progress_.best);
  progress_.last = score;
  progress_.without_best = is_best ? 0 : progress_.without_best + 1;
  if (is_best) {
    progress_.best = score;
    SaveCheckpoint("best.safetensors", score);
  }
  SaveLast();
  validation_log_->Add(fmt::format("{},{},{},{},{},{},{},{:.3f}", progress_.steps, progress_.samples_seen,
                                   TextOf(score.iou_seq), TextOf(score.niou), TextOf(score.pd), TextOf(score.fa, 1e-6),
                                   is_best ? 1 : 0, Seconds(Clock::now() - start)));
  LogInfo(fmt::format("step {}: loss {:.3f}; validation IoU {:.2f} %, Pd {:.2f} %, Fa {} x1e-6{}", progress_.steps,
                      progress_.last_loss, 100 * score.iou_seq.value_or(0), 100 * score.pd.value_or(0), all.FaText(),
                      is_best ? ", the best" : ""));
  const int patience = options_.validation.patience;
  if (patience > 0 && progress_.without_best >= patience && progress_.steps < planned_steps_) {
    progress_.stopped_by = StopReason::kPatience;
    LogInfo(fmt::format("stopped after {} of {} steps: no better validation in the last {}", progress_.steps,
                        planned_steps_, patience));
  }
}

void TrainingRun::SaveLast() {
  const bool is_scored = progress_.last && progress_.last->step == progress_.steps;
  SaveCheckpoint("last.safetensors", is_scored ? *progress_.last : ValidationScore{});
}

void TrainingRun::SaveCheckpoint(const char* name, const ValidationScore& score) {
  CheckpointInfo info;
  info.dataset_id = progress_.dataset_id;
  info.config_json = PrintOptions(options_, OptionsFormat::kJson);
  info.seed = options_.seed;
  info.steps = progress_.steps;
  info.samples_seen = progress_.samples_seen;
  info.mean = train_.mean();
  info.sigma = train_.sigma();
  info.threshold = kThreshold;
  const std::pair<const char*, std::optional<double>> values[] = {
      {"iou_seq", score.iou_seq}, {"niou", score.niou}, {"pd", score.pd}, {"fa", score.fa}};
  for (const auto& [id, value] : values) {
    if (value) info.validation[id] = *value;
  }
  const InPlaceOfWeights averaged(Tensors().average, network_->module());
  network_->Save(out_ / name, info);
}

void TrainingRun::SaveState() {
  if (!speaks()) return;
  progress_.train_log_bytes = train_log_->bytes();
  progress_.validation_log_bytes = validation_log_->bytes();
  SaveTrainState(out_ / kTrainStateFile, progress_, Tensors());
}

}  // namespace mirst
