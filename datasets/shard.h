// A share of a data set's sequences for one of several processes: asked for by "i/N", or found in what a cluster's
// scheduler tells its processes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mirst {

/// Sequences 0 to n - 1 are dealt out in turn: this share holds those whose number modulo `count` is `index`.
struct Shard {
  int index = 0;  ///< 0 to count - 1
  int count = 1;  ///< 1: the whole set
  bool Holds(int sequence) const { return sequence % count == index; }
  bool IsWhole() const { return count == 1; }
  friend bool operator==(const Shard&, const Shard&) = default;
};

/// The value of an environment variable; none where it is unset.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> EnvironmentOfProcess(const std::string& name);

/// "i/N": share i of N, 0 <= i < N <= 100000. "auto": index and count from the first of these that is set:
/// SLURM_ARRAY_TASK_ID (less SLURM_ARRAY_TASK_MIN, by SLURM_ARRAY_TASK_STEP; of SLURM_ARRAY_TASK_COUNT),
/// JOB_COMPLETION_INDEX (Kubernetes; no count), OMPI_COMM_WORLD_RANK of OMPI_COMM_WORLD_SIZE, PMIX_RANK (no count),
/// PMI_RANK of PMI_SIZE. "auto/N" gives the count, and the index is the variable's value itself, so that a few of an
/// array's tasks can run again. Throws kUsage: the text, a variable, or the index out of range; a count that nothing
/// tells; an array with gaps.
Shard ParseShard(std::string_view text, const Environment& environment = EnvironmentOfProcess);

/// "3/8".
std::string ToString(const Shard& shard);

}  // namespace mirst
