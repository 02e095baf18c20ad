// The native on-disk layout (docs/formats.md): writer and reader. A sequence is staged under DIR/.partial and moved
// into place when it is complete, so no reader ever sees half a sequence; then it is recorded in DIR/.journal, from
// which an interrupted set is resumed; the manifest comes last and makes the set whole.
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
#include "datasets/sequence_journal.h"
#include "datasets/shard.h"

namespace mirst {

enum class Existing {
  kRefuse,   ///< an output folder that holds anything is an error
  kReplace,  ///< an older mirst data set (finished or not) is removed first; anything else is still an error
  kResume,   ///< an unfinished data set of the same job is gone on with, where there is one
};

/// Throws kBadInput when a data set may not be written into `folder`: it is a file, holds a data set (and `existing`
/// does not allow replacing it) or other files. A folder that does not exist is fine. Long jobs ask before they start.
void CheckOutputFolder(const std::filesystem::path& folder, Existing existing);

/// The id of the whole data set that `folder` holds; none where it holds no whole one. Throws kBadInput when it was
/// made by another job. Clears up what a writer that was killed after its last step has left.
std::optional<std::string> FinishedDatasetId(const std::filesystem::path& folder, const WriteJob& job);

/// Writes one data set. WriteSequence may be called from several threads for different sequences.
class SampleStoreWriter {
 public:
  /// For a set whose manifest is known at the end. Throws kBadInput: the folder holds a data set or other files, cannot
  /// be written, another process is writing there, or its file system has less than `expected_bytes` free.
  SampleStoreWriter(std::filesystem::path folder, Existing existing, std::uintmax_t expected_bytes);
  /// For a set whose job is known at the start: it can be resumed, and several processes may each write a shard of it
  /// into one folder (a shard resumes always). Takes the locks, and with kResume checks the files of each finished
  /// sequence: one that is not as it was written counts as missing. Writes nothing else. Throws as above, and when the
  /// folder was begun by another job.
  SampleStoreWriter(std::filesystem::path folder, Existing existing, WriteJob job, Shard shard);
  /// Removes what was staged and not finished. Finished sequences stay; without Finish() no manifest exists.
  ~SampleStoreWriter();

  /// Removes the set to be replaced and writes the job; for the second constructor, once, before WriteSequence.
  void Begin(std::uintmax_t expected_bytes);

  /// Whether an earlier run has finished the sequence (second constructor only).
  bool IsFinished(const std::string& sequence) const;

  /// Writes all files of the sequence, moves them into place and records it. On any error nothing of the sequence
  /// remains.
  void WriteSequence(const Sample& sample, const ManifestSequence& entry);
  /// The same for the first constructor.
  void WriteSequence(const Sample& sample);
  /// Takes a finished sequence out of another folder's journal, moving its files (copying them between file systems).
  void TakeSequence(const FinishedSequence& sequence, const std::filesystem::path& folder);

  /// Writes the split lists and the manifest (whose `files` and `dataset_id` are filled here); returns the dataset_id.
  std::string Finish(Manifest manifest);
  /// The same from the job and its records. Throws kBadInput when a sequence of the job is missing.
  std::string Finish();

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
