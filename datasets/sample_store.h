// The native on-disk layout (docs/formats.md): writer and reader. A sequence is staged under DIR/.partial and moved
// into place when it is complete, so no reader ever sees half a sequence; the manifest comes last and makes the set
// whole.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/manifest.h"
#include "core/sample.h"
#include "datasets/labelled_frames.h"

namespace mirst {

enum class Existing {
  kRefuse,   ///< an output folder that holds anything is an error
  kReplace,  ///< an older mirst data set (finished or not) is removed first; anything else is still an error
};

/// Throws kBadInput when a data set may not be written into `folder`: it is a file, holds a data set (and `existing`
/// does not allow replacing it) or other files. A folder that does not exist is fine. Long jobs ask before they start.
void CheckOutputFolder(const std::filesystem::path& folder, Existing existing);

/// Writes one data set. WriteSequence may be called from several threads for different sequences.
class SampleStoreWriter {
 public:
  /// Throws kBadInput: the folder holds a data set or other files, cannot be written, or its file system has less than
  /// `expected_bytes` free.
  SampleStoreWriter(std::filesystem::path folder, Existing existing, std::uintmax_t expected_bytes);
  /// Removes what was staged and not finished. Finished sequences stay; without Finish() no manifest exists.
  ~SampleStoreWriter();

  /// Writes all files of the sequence, then moves them into place. On any error nothing of the sequence remains.
  void WriteSequence(const Sample& sample);

  /// Writes the split lists and the manifest (whose `files` and `dataset_id` are filled here); returns the dataset_id.
  std::string Finish(Manifest manifest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a data set in the native layout. Safe from several threads.
class SampleStoreReader : public LabelledFrames {
 public:
  /// Reads manifest.json. Throws kBadInput when it is missing (an unfinished set is called so) or broken.
  explicit SampleStoreReader(std::filesystem::path folder);

  const Manifest& manifest() const override { return manifest_; }
  const std::filesystem::path& folder() const override { return folder_; }
  std::vector<FrameAnnotation> ReadAnnotations(const ManifestSequence& sequence) const override;
  LabelledFrame ReadLabelledFrame(const ManifestSequence& sequence, const FrameAnnotation& annotation) const override;

 private:
  std::filesystem::path folder_;
  Manifest manifest_;
};

/// The labels in a sequence's file annotations/NAME.jsonl, one a frame in order. Throws kBadInput naming file and line.
std::vector<FrameAnnotation> ReadAnnotationFile(const std::filesystem::path& file, const ManifestSequence& sequence);

/// The Merkle root over (path, content hash) in the order of paths; content of an image = PixelHash, of annotations =
/// SHA-256 of the canonical lines. The manifest itself is left out.
std::string DatasetId(const std::map<std::string, std::string>& content_hashes);

}  // namespace mirst
