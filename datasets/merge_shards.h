// The shards of a data set, written by several processes, put together into one: the same files, manifest and id as a
// single run's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mirst {

struct MergeReport {
  std::string dataset_id;
  int sequences = 0;
  int moved = 0;  ///< that did not lie in the output folder yet
};

/// `shards` are folders that `mirst generate --shard` wrote into. One that all shards share becomes the data set where
/// it is (`folder` equal to it); from others the sequences are moved into `folder`, by renaming on one file system, by
/// copying between two, and what is left of the shards is removed. A merge that was cut off goes on when it is called
/// again. Every file is read and compared with the hash of its writing.
/// Throws kBadInput before anything is moved: a folder without a shard, or still being written; shards of different
/// jobs (config, seed, program version, inputs); a sequence that is missing, changed, or there twice.
MergeReport MergeShards(const std::vector<std::filesystem::path>& shards, const std::filesystem::path& folder);

}  // namespace mirst
