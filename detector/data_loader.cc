#include "detector/data_loader.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "core/error.h"

namespace mirst {

SampleOrder::SampleOrder(std::uint64_t seed, std::size_t windows, std::int64_t first) : seed_(seed), order_(windows) {
  const auto sample = static_cast<std::uint64_t>(first);
  epoch_ = static_cast<std::uint32_t>(sample / windows);
  BeginEpoch();
  place_ = static_cast<std::uint32_t>(sample % windows);
}

void SampleOrder::BeginEpoch() {
  std::iota(order_.begin(), order_.end(), 0U);
  RandomStream(RandomKey{.seed = seed_, .sequence = epoch_++, .purpose = Purpose::kTrainingOrder}).Shuffle(order_);
  place_ = 0;
}

SampleTicket SampleOrder::Next() {
  if (place_ == order_.size()) BeginEpoch();
  const RandomKey key{.seed = seed_, .sequence = epoch_ - 1, .frame = place_, .purpose = Purpose::kAugmentation};
  return {order_[place_++], key};
}

void FillSample(const SplitFrames& frames, const Window& window, const RandomKey& key, const TrainOptions& options,
                int index, Batch& batch) {
  const int size = batch.size_px;
  const std::size_t pixels = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  const auto place = static_cast<std::size_t>(index);
  const std::shared_ptr<const StoredFrame> last = frames.Read(window.sequence, window.last_frame);
  RandomStream random(key);
  const WindowTransform transform = DrawTransform(random, options.data, options.augmentation, *last);
  const CountScale scale = DrawScale(random, options.augmentation, {frames.mean(), frames.sigma()});
  for (int t = 0; t < kDetectorWindow; ++t) {
    const bool is_last = t == kDetectorWindow - 1;
    const auto frame = is_last ? last : frames.Read(window.sequence, window.last_frame - (kDetectorWindow - 1) + t);
    CutCounts(*frame, transform, size, scale,
              batch.frames.data() + (place * kDetectorWindow + static_cast<std::size_t>(t)) * pixels);
  }
  CutMask(last->mask, transform, size, batch.masks.data() + place * pixels);
  if (last->ignore.empty()) return;
  if (batch.ignore.empty()) batch.ignore.resize(static_cast<std::size_t>(batch.samples) * pixels);
  CutMask(last->ignore, transform, size, batch.ignore.data() + place * pixels);
}

BatchLoader::BatchLoader(const SplitFrames& frames, const TrainOptions& options, LoaderPart part)
    : frames_(frames),
      options_(options),
      part_(part),
      windows_(WindowsOf(frames)),
      order_(options.seed, windows_.size(), part.first_sample),
      slots_(static_cast<std::size_t>(options.data.prefetch)) {
  for (std::size_t s = 0; s < frames.sequences(); ++s) {
    const ManifestSequence& sequence = frames.sequence(s);
    if (std::min(sequence.width, sequence.height) < options.data.crop_px) {
      throw BadInput(fmt::format("data.crop_px is {}, the frames of sequence {} are only {} x {} px",
                                 options.data.crop_px, sequence.name, sequence.width, sequence.height));
    }
  }
  for (int i = 0; i < options.data.workers; ++i) workers_.emplace_back([this] { Work(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

Batch BatchLoader::Make(const std::vector<SampleTicket>& tickets) const {
  Batch batch;
  batch.samples = static_cast<int>(tickets.size());
  batch.size_px = options_.data.crop_px;
  const std::size_t pixels =
      tickets.size() * static_cast<std::size_t>(batch.size_px) * static_cast<std::size_t>(batch.size_px);
  batch.frames.resize(kDetectorWindow * pixels);
  batch.masks.resize(pixels);
  for (int i = 0; i < batch.samples; ++i) {
    const SampleTicket& ticket = tickets[static_cast<std::size_t>(i)];
    FillSample(frames_, windows_[ticket.window], ticket.key, options_, i, batch);
  }
  return batch;
}

void BatchLoader::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || dealt_ < taken_ + slots_.size(); });
    if (stopping_) return;
    Slot& slot = slots_[dealt_++ % slots_.size()];
    std::vector<SampleTicket> tickets;
    const int share = options_.data.batch / part_.size;
    for (int i = 0; i < options_.data.batch; ++i) {
      const SampleTicket ticket = order_.Next();
      if (i / share == part_.rank) tickets.push_back(ticket);
    }
    lock.unlock();
    Slot made;
    try {
      made.batch = Make(tickets);
    } catch (...) {
      made.failure = std::current_exception();
    }
    lock.lock();
    slot = std::move(made);
    changed_.notify_all();
  }
}

Batch BatchLoader::Next() {
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[taken_ % slots_.size()];
  changed_.wait(lock, [&] { return slot.batch || slot.failure; });
  if (slot.failure) std::rethrow_exception(slot.failure);
  Batch batch = std::move(*slot.batch);
  slot.batch.reset();
  ++taken_;
  changed_.notify_all();
  return batch;
}

}  // namespace mirst
