// The data sets of a benchmark: made, converted or taken, always in the native layout, known by what is in them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "detector/benchmark/matrix.h"

namespace mirst {

/// What a set is: its content and which sequence stands in which split.
struct SetIdentity {
  std::string dataset_id;
  std::string splits_sha256;
  friend bool operator==(const SetIdentity&, const SetIdentity&) = default;
};

struct PreparedSet {
  std::string name;
  std::filesystem::path folder;
  SetIdentity identity;
  std::string split;                 ///< that is scored; empty: all
  std::vector<std::string> sources;  ///< background sources of all its sequences, sorted
  bool has_validation = false;
  bool boxes = false, single_frame = false;
  std::vector<std::string> without;  ///< detectors that are not scored on it
  std::int64_t scored_frames = 0;
  std::int64_t scored_px = 0, validation_px = 0;  ///< pixels of those frames, and of the val split where it is used
};

/// A native set as it lies in `folder`. Throws kBadInput where a file of it is missing or is not what the manifest
/// says.
PreparedSet OpenBenchmarkSet(const BenchmarkSet& set, const std::filesystem::path& folder);

/// The same frames with other splits, in `out`: a manifest of its own and links to the set's folders. Sequences without
/// a name in `split_of` stand in train. An `out` that exists is replaced.
void WriteWithSplits(const std::filesystem::path& set, const std::map<std::string, std::string>& split_of,
                     const std::filesystem::path& out);

/// For the fold of `source`: its sequences are the test split, those of the next source by name the val split. Throws
/// kBadInput where the set has fewer than three sources.
std::map<std::string, std::string> FoldSplits(const std::filesystem::path& set, const std::string& source);

}  // namespace mirst
