// Training of PSTFNet on a data set in the native layout: SoftIoU, AdamW, validation on whole frames, checkpoints. No
// LibTorch types.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "detector/train_options.h"
#include "metrics/detection.h"

namespace mirst {

enum class ExistingTraining {
  kRefuse,   ///< an output folder that holds anything is an error
  kReplace,  ///< the files of an older training are removed first; anything else is still an error
};

struct ValidationScore {
  std::int64_t step = 0;
  std::optional<double> iou_seq, niou, pd, fa;  ///< protocol P1, means over sequences; fa as a share of all pixels
  friend bool operator==(const ValidationScore&, const ValidationScore&) = default;
};

struct TrainReport {
  std::int64_t steps = 0;
  std::int64_t samples_seen = 0;
  std::int64_t planned_steps = 0;
  bool stopped_early = false;  ///< by limit_minutes
  double last_loss = 0;
  double seconds = 0;           ///< of the steps, validation included
  double steps_per_second = 0;  ///< without validation
  std::string device;
  std::optional<ValidationScore> best, last;
};

/// Trains on the train split of `data`, selects on its val split (by iou_seq, then Pd) and never opens a file of the
/// test split. Writes into `out`: config.yaml, train_log.csv, val_log.csv, best and last .safetensors with .json.
/// Threads: ThreadCount(). The same options, data and thread count give the same bytes on a CPU. Throws kBadInput
/// (data, device, folder; a loss that is not finite), kInterrupted after writing the last checkpoint.
TrainReport Train(const TrainOptions& options, const std::filesystem::path& data, const std::filesystem::path& out,
                  ExistingTraining existing = ExistingTraining::kRefuse);

}  // namespace mirst
