// Training of a network on a data set: losses, AdamW, validation on whole frames, checkpoints, resuming, several seeds,
// several processes. No LibTorch types.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "datasets/labelled_frames.h"
#include "detector/train_options.h"

namespace mirst {

enum class ExistingTraining {
  kRefuse,   ///< an output folder that holds anything is an error
  kReplace,  ///< the files of an older training are removed first; anything else is still an error
  kResume,   ///< goes on where the training in the folder was; begins where there is none
};

enum class StopReason {
  kAllSteps,
  kTimeLimit,  ///< limit_minutes
  kPatience,   ///< validation.patience
};
/// "all_steps", "limit_minutes", "patience".
std::string NameOf(StopReason reason);

struct ValidationScore {
  std::int64_t step = 0;
  std::optional<double> iou_seq, niou, pd, fa;  ///< protocol P1, means over sequences; fa as a share of all pixels
  friend bool operator==(const ValidationScore&, const ValidationScore&) = default;
};

struct TrainReport {
  std::int64_t steps = 0;
  std::int64_t first_step = 0;  ///< of this run: 0, or where it was resumed
  std::int64_t samples_seen = 0;
  std::int64_t planned_steps = 0;
  StopReason stopped_by = StopReason::kAllSteps;
  double last_loss = 0;
  double seconds = 0;            ///< of the steps, validation and earlier runs included
  double steps_per_second = 0;   ///< of this run, without validation
  double loader_wait_share = 0;  ///< of the steps' time of this run, in which they waited for samples
  std::string device;
  int processes = 1;
  bool speaks = true;  ///< false in all but one of several processes: what it reports, another one does as well
  std::optional<ValidationScore> best, last;
};

/// Trains on the train split of `data`, selects on its val split (by iou_seq, then Pd) and never opens a file of the
/// test split. Writes into `out`: config.yaml, train_log.csv, val_log.csv, best and last .safetensors with .json,
/// state.safetensors. Threads: ThreadCount(). The same options, data, thread count and number of processes give the
/// same weights on a CPU, also where a run was killed and resumed.
///
/// Where the environment names several processes (process_group.h), they train together: each takes its share of every
/// batch, and the one of rank 0 alone writes. All must see `out`.
///
/// Throws kUsage (options that resuming cannot change, several processes that do not fit), kBadInput (data, device,
/// folder; a loss that is not finite; another process that died), kInterrupted after writing the last checkpoint.
TrainReport Train(const TrainOptions& options, std::shared_ptr<const LabelledFrames> data,
                  const std::filesystem::path& out, ExistingTraining existing = ExistingTraining::kRefuse);

/// The same with the data set in a folder, in the native layout or packed.
TrainReport Train(const TrainOptions& options, const std::filesystem::path& data, const std::filesystem::path& out,
                  ExistingTraining existing = ExistingTraining::kRefuse);

}  // namespace mirst
