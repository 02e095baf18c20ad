#include "datasets/kept_source.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "datasets/frame_io.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace {

class KeptSource final : public SequenceSource {
 public:
  KeptSource(std::unique_ptr<SequenceSource> source, std::shared_ptr<FrameBudget> budget)
      : source_(std::move(source)), budget_(std::move(budget)) {
    info_ = source_->info();
    known_targets_ = source_->known_targets();
    kept_.resize(static_cast<std::size_t>(info_.frame_count));
  }

  std::vector<Frame> Read(int first, int count) const override {
    CheckRange(info_, first, count);
    std::vector<Frame> frames;
    while (static_cast<int>(frames.size()) < count) {
      const int next = first + static_cast<int>(frames.size());
      if (const auto kept = Find(next)) {
        frames.push_back(FrameOf(*kept));
        continue;
      }
      int end = next + 1;  // a video is read in one go
      while (end < first + count && !Find(end)) ++end;
      for (Frame& frame : source_->Read(next, end - next)) {
        Keep(first + static_cast<int>(frames.size()), frame);
        frames.push_back(std::move(frame));
      }
    }
    return frames;
  }

 private:
  struct Kept {
    Image<std::uint16_t> counts;
    Frame rest;  // all but the pixels
  };

  static Frame FrameOf(const Kept& kept) {
    Frame frame = kept.rest;
    frame.pixels = Image<float>(kept.counts.height(), kept.counts.width());
    std::copy(kept.counts.begin(), kept.counts.end(), frame.pixels.begin());
    return frame;
  }

  std::shared_ptr<const Kept> Find(int index) const {
    const std::lock_guard lock(mutex_);
    return kept_[static_cast<std::size_t>(index)];
  }

  void Keep(int index, const Frame& frame) const {
    const auto bytes = static_cast<std::int64_t>(2 * frame.pixels.size());
    if (budget_->fetch_sub(bytes) < bytes) {
      budget_->fetch_add(bytes);
      return;
    }
    auto kept = std::make_shared<Kept>(
        Kept{CountsOf(frame), {{}, frame.quantity, frame.bit_depth, frame.index, frame.time_s, frame.name}});
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const Kept>& place = kept_[static_cast<std::size_t>(index)];
    if (place) budget_->fetch_add(bytes);  // another thread was quicker
    place = std::move(kept);
  }

  std::unique_ptr<SequenceSource> source_;
  std::shared_ptr<FrameBudget> budget_;
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const Kept>> kept_;  // one a frame, null where it is not kept
};

}  // namespace

std::unique_ptr<SequenceSource> KeepFrames(std::unique_ptr<SequenceSource> source,
                                           std::shared_ptr<FrameBudget> budget) {
  return std::make_unique<KeptSource>(std::move(source), std::move(budget));
}

}  // namespace mirst
