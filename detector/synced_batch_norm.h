// Batch normalisation over the whole batch where several processes share it: mean and variance over all of them, and
// the backward pass through both. The networks stay as they are.
#pragma once

#include <torch/library.h>
#include <torch/types.h>

namespace mirst {

/// While it lives and this program belongs to a ProcessGroup, every batch normalisation in training mode runs over the
/// samples of all processes. Their shares must be of one shape, and all must run the same layers in the same order.
class SyncedBatchNorm {
 public:
  SyncedBatchNorm();

 private:
  torch::Library registration_;  // of another kernel for aten::batch_norm
};

}  // namespace mirst
