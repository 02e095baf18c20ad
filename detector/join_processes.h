// Joins the other processes of a training, as the environment names them, and chooses this one's device.
#pragma once

#include <c10/core/Device.h>

#include <optional>

#include "detector/process_group.h"
#include "detector/train_options.h"

namespace mirst {

/// While the outermost of them lives, this program belongs to its group; in a program that runs alone, to none.
class JoinedProcesses {
 public:
  /// Throws as PlaceFromEnvironment, ProcessGroup and ResolveDevice, and kUsage where the batch cannot be shared
  /// equally.
  explicit JoinedProcesses(const TrainOptions& options);
  c10::Device device() const { return device_; }

 private:
  ProcessPlace place_;
  c10::Device device_;
  std::optional<ProcessGroup> group_;
};

}  // namespace mirst
