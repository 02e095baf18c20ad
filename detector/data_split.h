// The frames that a training may see: one split of a data set, decoded once and kept in memory as
// far as they fit. The test split has no name here, so nothing in a training can open a file of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"
#include "datasets/labelled_frames.h"

namespace mirst {

enum class TrainingSplit { kTrain, kValidation };

/// A decoded frame in as few bytes as hold it.
struct StoredFrame {
  std::variant<Image<std::uint8_t>, Image<std::uint16_t>> counts;  ///< by the file's depth
  Mask mask;                                                       ///< 0 or 255
  Mask ignore;                                                     ///< 0 or 255; empty where nothing is ignored
  std::vector<Vec2> targets;                                       ///< centroids, pixels
};

class SplitFrames {
 public:
  /// Reads and checks every frame of the split once (in parallel) and keeps the first ones in memory, up to
  /// `cache_bytes`. Throws kBadInput: no sequence in the split, none of five frames or more, mixed bit depths, frames
  /// smaller than 48 x 48 px, a missing or corrupt file.
  SplitFrames(std::shared_ptr<const LabelledFrames> reader, TrainingSplit split, std::uintmax_t cache_bytes);

  std::size_t sequences() const { return sequences_.size(); }
  const ManifestSequence& sequence(std::size_t index) const { return *sequences_[index].entry; }
  int bit_depth() const { return sequence(0).bit_depth; }
  /// Mean and population sigma of all pixels of the split, counts; sigma >= 1e-6.
  double mean() const { return mean_; }
  double sigma() const { return sigma_; }

  /// Frame `index` of a sequence, from memory or decoded now. Safe from several threads.
  std::shared_ptr<const StoredFrame> Read(std::size_t sequence, int index) const;

 private:
  struct Sequence {
    const ManifestSequence* entry = nullptr;
    std::vector<FrameAnnotation> annotations;
    std::vector<std::shared_ptr<const StoredFrame>> cached;  // one a frame, null where not kept
  };
  StoredFrame Decode(const Sequence& sequence, int index) const;
  void LoadFrames(std::string_view split, std::uintmax_t cache_bytes);

  std::shared_ptr<const LabelledFrames> reader_;
  std::vector<Sequence> sequences_;
  double mean_ = 0, sigma_ = 1;
};

/// Five consecutive frames, named by the last one.
struct Window {
  std::size_t sequence = 0;
  int last_frame = 0;  ///< >= 4
  friend bool operator==(const Window&, const Window&) = default;
};

/// All windows of the split, stride 1, in order.
std::vector<Window> WindowsOf(const SplitFrames& frames);

}  // namespace mirst
