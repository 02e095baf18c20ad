// One training from its first or a later step to its end: batches, steps, validations, files. Train() (train.h)
// prepares it.
#pragma once

#include <torch/optim/optimizer.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "datasets/labelled_frames.h"
#include "detector/averaged_weights.h"
#include "detector/data_loader.h"
#include "detector/data_split.h"
#include "detector/gradient_sum.h"
#include "detector/process_group.h"
#include "detector/synced_batch_norm.h"
#include "detector/train.h"
#include "detector/train_output.h"
#include "detector/train_state.h"
#include "detector/trainable_network.h"

namespace mirst {

class TrainingRun {
 public:
  /// `group`: null for a training by one process. `state`: the file from which it goes on; none = from the beginning.
  TrainingRun(const TrainOptions& options, std::shared_ptr<const LabelledFrames> data, std::filesystem::path out,
              c10::Device device, ProcessGroup* group, const std::optional<std::filesystem::path>& state);

  TrainReport Run();

 private:
  bool speaks() const { return group_ == nullptr || group_->rank() == 0; }
  std::uintmax_t CacheBytes() const { return static_cast<std::uintmax_t>(options_.data.cache_mib) << 20; }
  TrainTensors Tensors() { return {network_->module(), *optimiser_, average_ ? &*average_ : nullptr}; }

  void OpenFiles(bool resumed);
  void TakeSteps();
  /// One step on the batch; returns its loss before the step, mean over all processes, and what they agree on.
  struct StepResult {
    double loss = 0;
    bool time_is_up = false, interrupted = false;
  };
  StepResult Step(Batch& batch, bool time_is_up);
  double SetLearningRate();
  void LogStep(double learning_rate);
  void Validate();
  /// Writes best, logs the scores, and decides whether patience is over; rank 0 only.
  void ScoreAndSave();
  void SaveLast();
  void SaveCheckpoint(const char* name, const ValidationScore& score);
  void SaveState();
  double SecondsOfRun() const;
  TrainReport Report() const;

  TrainOptions options_;
  std::filesystem::path out_;
  c10::Device device_;
  ProcessGroup* group_;
  std::shared_ptr<const LabelledFrames> data_;
  SplitFrames train_;
  std::optional<SplitFrames> validation_;
  std::unique_ptr<TrainableNetwork> network_;
  std::unique_ptr<torch::optim::Optimizer> optimiser_;
  std::optional<AveragedWeights> average_;
  TrainProgress progress_;  // after the last whole step
  std::optional<BatchLoader> loader_;
  std::optional<GradientSum> gradients_;
  std::optional<SyncedBatchNorm> batch_norm_;
  std::optional<CsvLog> train_log_, validation_log_;
  std::int64_t planned_steps_ = 0, first_step_ = 0;
  double earlier_seconds_ = 0;
  std::chrono::steady_clock::time_point start_;
  double in_steps_s_ = 0, waiting_s_ = 0;          // of this run
  double row_in_steps_s_ = 0, row_waiting_s_ = 0;  // since the last row of the log
};

}  // namespace mirst
