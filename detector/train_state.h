// What a training must know to go on after it was killed as if nothing had happened: weights, optimiser, running
// average and how far it was. Order, augmentation and LibTorch's random numbers need no state: they are functions of
// the seed and the step.
#pragma once

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "detector/averaged_weights.h"
#include "detector/train.h"

namespace mirst {

/// In the training's folder.
inline constexpr const char* kTrainStateFile = "state.safetensors";

/// How far a training was.
struct TrainProgress {
  std::int64_t steps = 0;
  std::int64_t samples_seen = 0;
  double last_loss = 0;
  bool finished = false;        ///< nothing is left to do
  bool validation_due = false;  ///< of this step
  StopReason stopped_by = StopReason::kAllSteps;
  std::optional<ValidationScore> best, last;
  int without_best = 0;  ///< validations since the best
  double loss_sum = 0;   ///< since the last row of train_log.csv
  std::int64_t logged_steps = 0;
  double seconds = 0;
  std::uintmax_t train_log_bytes = 0, validation_log_bytes = 0;
  std::string config_json;  ///< the resolved options
  std::string dataset_id;
  int threads = 1;
  int processes = 1;
  friend bool operator==(const TrainProgress&, const TrainProgress&) = default;
};

/// The parts that hold tensors; `average` may be null.
struct TrainTensors {
  torch::nn::Module& module;
  torch::optim::Optimizer& optimiser;
  AveragedWeights* average = nullptr;
};

/// Replaces `path` (safetensors) as a whole. Throws kBadInput where it cannot be written.
void SaveTrainState(const std::filesystem::path& path, const TrainProgress& progress, const TrainTensors& tensors);

/// Throws kBadInput: missing, broken.
TrainProgress ReadTrainProgress(const std::filesystem::path& path);

/// Fills the tensors. Throws kBadInput where they are of another network or of a training without running average.
void LoadTrainState(const std::filesystem::path& path, const TrainTensors& tensors);

}  // namespace mirst
