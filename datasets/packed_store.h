// A data set as NumPy arrays (docs/formats.md, "Packed store"): for each sequence one .npy file a kind of picture,
// shape (frames, height, width), 8 or 16 bit unsigned. Read through memory mapping, here and by
// numpy.load(mmap_mode="r"): nothing is decoded, and any frame is at hand at once.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "datasets/labelled_frames.h"
#include "datasets/sample_store.h"

namespace mirst {

struct PackReport {
  int sequences = 0;
  std::int64_t frames = 0;
  std::uintmax_t bytes = 0;  ///< of the arrays
};

/// Copies the data set in the native layout below `data_set` into the folder `out`, which must be new or empty, or with
/// kReplace hold a packed store, whose index, arrays and annotations are removed first. packed.json comes last: without
/// it nothing there counts as a data set. Memory: a frame a thread. Throws kBadInput: no data set, a missing or corrupt
/// file, `out` holds anything, a full disk.
PackReport PackDataSet(const std::filesystem::path& data_set, const std::filesystem::path& out,
                       Existing existing = Existing::kRefuse);

/// True where `folder` holds a packed store.
bool IsPackedStore(const std::filesystem::path& folder);

class PackedStore final : public LabelledFrames {
 public:
  /// Reads packed.json and maps every array. Throws kBadInput: missing, broken, an array that is absent, truncated or
  /// of another shape than the index says.
  explicit PackedStore(std::filesystem::path folder);
  ~PackedStore() override;

  const Manifest& manifest() const override;
  const std::filesystem::path& folder() const override;
  std::vector<FrameAnnotation> ReadAnnotations(const ManifestSequence& sequence) const override;
  LabelledFrame ReadLabelledFrame(const ManifestSequence& sequence, const FrameAnnotation& annotation) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mirst
