// Any data set that can be measured, opened for reading: the native layout as it is; of plain folders with masks or
// boxes the labels follow from the pixels, one target a connected region of the mask, or a box.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/annotation.h"
#include "core/sample.h"
#include "datasets/sample_store.h"
#include "datasets/sequence_source.h"
#include "datasets/set_files.h"

namespace mirst {

class LabelledSet {
 public:
  /// Throws kBadInput: no data set, a broken manifest, a sequence without frames, an image without mask or a mask
  /// without image.
  explicit LabelledSet(const std::filesystem::path& folder);
  LabelledSet(const SampleStoreReader& reader);  // NOLINT(google-explicit-constructor): a native set is a labelled one

  SetLayout layout() const { return layout_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// Of plain folders: the sequences with their names, numbers of frames, the first image's size and depth, the splits
  /// of train.txt, val.txt and test.txt where they are (else empty); the sequence is its own source. Nothing else.
  const Manifest& manifest() const { return manifest_; }
  /// False for a folder of single pictures: no tracks, no speeds.
  bool IsOrdered(const ManifestSequence& sequence) const;

  /// The frames in order; their targets are filled in the native layout only.
  std::vector<FrameAnnotation> ReadFrames(const ManifestSequence& sequence) const;
  /// One frame with all labels, as SampleStoreReader. Of plain folders: every 8-connected region of the mask, or every
  /// box (earlier ones keep the pixels that two share), is a target with an id by raster order or by line; its polarity
  /// is that of its box20 contrast; scr_empty and scr_delta are measured where background/ has the frame.
  LabelledFrame Read(const ManifestSequence& sequence, const FrameAnnotation& frame) const;

 private:
  void OpenPlain();
  const SequenceFiles& FilesOf(const ManifestSequence& sequence) const;

  SetLayout layout_ = SetLayout::kNative;
  std::filesystem::path folder_;
  Manifest manifest_;
  std::optional<SampleStoreReader> reader_;                ///< native
  std::map<std::string, SequenceFiles> files_;             ///< plain, by sequence
  std::map<std::string, std::vector<KnownTarget>> boxes_;  ///< where there is a boxes.csv, by sequence, sorted by frame
};

}  // namespace mirst
