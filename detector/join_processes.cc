#include "detector/join_processes.h"

#include <fmt/format.h>

#include <cstdlib>

#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "detector/device.h"

namespace mirst {
namespace {

void CheckShares(const TrainOptions& options, int processes) {
  if (options.data.batch % processes != 0) {
    throw UsageError(
        fmt::format("data.batch is {}, which {} processes cannot share equally", options.data.batch, processes));
  }
}

}  // namespace

JoinedProcesses::JoinedProcesses(const TrainOptions& options)
    : place_(PlaceFromEnvironment([](const char* name) { return std::getenv(name); })),
      device_(ResolveDevice(options.device, place_.local_rank)) {
  if (place_.size == 1 || CurrentProcessGroup() != nullptr) return;
  CheckShares(options, place_.size);
  const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * options.distributed.timeout_s));
  group_.emplace(place_, device_, timeout);
  if (place_.rank == 0) return;
  SetLogLevel(LogLevel::kQuiet);  // rank 0 says it all
  SetProgressStyle(ProgressStyle::kQuiet);
}

}  // namespace mirst
