// Batches of training samples, made ahead by worker threads. What a batch holds depends on the seed and its number
// alone, never on the workers: the order is dealt out in one place, and every sample draws from a random stream of its
// own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "detector/data_split.h"
#include "detector/data_window.h"
#include "detector/train_options.h"

namespace mirst {

/// A window and the random numbers of its transform.
struct SampleTicket {
  std::size_t window = 0;  ///< index in the list of all windows
  RandomKey key;
};

/// The order of the samples without end: one random order of all windows after the other, one an epoch.
class SampleOrder {
 public:
  /// Begins at sample number `first`, counted from 0 over all epochs.
  SampleOrder(std::uint64_t seed, std::size_t windows, std::int64_t first = 0);
  SampleTicket Next();

 private:
  void BeginEpoch();

  std::uint64_t seed_;
  std::vector<std::uint32_t> order_;
  std::uint32_t epoch_ = 0, place_ = 0;
};

/// Row-major values, ready to be tensors.
struct Batch {
  int samples = 0;
  int size_px = 0;
  std::vector<float> frames;  ///< (samples, 5, size, size), oldest first, normalised
  std::vector<float> masks;   ///< (samples, size, size), 0 or 1
  std::vector<float> ignore;  ///< (samples, size, size), 1 = counts nowhere; empty where nothing is ignored
};

/// A sample of its own: windows[ticket.window] cut and augmented into place `index` of the batch.
void FillSample(const SplitFrames& frames, const Window& window, const RandomKey& key, const TrainOptions& options,
                int index, Batch& batch);

/// Which samples of the endless order a loader gives.
struct LoaderPart {
  std::int64_t first_sample = 0;  ///< of the whole training, a multiple of data.batch
  int rank = 0, size = 1;         ///< every batch's slice number `rank` of `size` equal ones
};

class BatchLoader {
 public:
  /// Starts options.data.workers threads. `frames` must outlive the loader. Throws kBadInput for a frame smaller than
  /// the crop.
  BatchLoader(const SplitFrames& frames, const TrainOptions& options, LoaderPart part = {});
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  /// Windows of an epoch.
  std::size_t windows() const { return windows_.size(); }
  /// The next batch in order; waits for it. Rethrows what went wrong in making it.
  Batch Next();

 private:
  struct Slot {
    std::optional<Batch> batch;
    std::exception_ptr failure;
  };
  void Work();
  Batch Make(const std::vector<SampleTicket>& tickets) const;

  const SplitFrames& frames_;
  TrainOptions options_;
  LoaderPart part_;
  std::vector<Window> windows_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  SampleOrder order_;
  std::vector<Slot> slots_;  // of batch number k: slots_[k % size]
  std::uint64_t dealt_ = 0, taken_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace mirst
