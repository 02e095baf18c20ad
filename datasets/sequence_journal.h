// What is known of a data set while it is being made: the job that it follows, and one record for each sequence that is
// whole. Records are files of their own, each written in one step, so several processes (and computers) may add theirs
// at once and none is ever half there. Lies in DIR/.journal until the manifest takes its place.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/manifest.h"

namespace mirst {

/// All that decides the bytes of a data set before its first sequence is made.
struct WriteJob {
  int sequences = 0;  ///< named SequenceName(0) to SequenceName(sequences - 1)
  Manifest header;    ///< program, config, seed, inputs; no sequences, no files, no id
  friend bool operator==(const WriteJob&, const WriteJob&) = default;
};

/// "000017".
std::string SequenceName(int index);

/// The first thing in which two jobs differ, "config.scr.range is [0.5,8.0] there and [1.0,5.0] here"; empty: none.
std::string Difference(const WriteJob& there, const WriteJob& here);

/// "2 of 24 sequences are missing: 000003, 000007", at most a few named.
std::string MissingSequences(const std::vector<std::string>& missing, int of);

struct FileHashes {
  std::string content;  ///< of pixels or lines (docs/formats.md)
  std::string file;     ///< of the bytes
  friend bool operator==(const FileHashes&, const FileHashes&) = default;
};

struct FinishedSequence {
  ManifestSequence entry;
  std::map<std::string, FileHashes> files;  ///< by path relative to the data set
  friend bool operator==(const FinishedSequence&, const FinishedSequence&) = default;
};

/// The first file below `folder` (or else below `or_below`) that is not what was written; empty: all are. Reads them.
std::string FirstChangedFile(const FinishedSequence& sequence, const std::filesystem::path& folder,
                             const std::filesystem::path& or_below = {});

/// Safe from several threads.
class SequenceJournal {
 public:
  /// Of the data set in `folder`; reads and writes nothing yet.
  explicit SequenceJournal(const std::filesystem::path& folder);

  /// None where none was written. Throws kBadInput when it is broken.
  std::optional<WriteJob> ReadJob() const;
  /// From now on records belong to this job. Throws kBadInput as WriteFileAtomically.
  void WriteJobFile(const WriteJob& job);
  /// The same, without a file.
  void SetJob(const WriteJob& job);

  void Record(const FinishedSequence& sequence) const;
  /// None where there is no record, a broken one, or one of another job.
  std::optional<FinishedSequence> Find(const std::string& name) const;
  void Forget(const std::string& name) const;
  void Remove() const;

 private:
  std::filesystem::path PathOfRecord(const std::string& name) const;

  std::filesystem::path folder_;  ///< DIR/.journal
  std::string job_hash_;
};

}  // namespace mirst
