// Gradients of several processes averaged while the backward pass goes on: parameters lie in buckets in the order in
// which their gradients appear, and each full bucket is sent off at once.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "detector/process_group.h"

namespace mirst {

class GradientSum {
 public:
  /// From now on every backward pass through the parameters of `module` fills buckets of about `bucket_bytes`. The
  /// module and the group must outlive it. The same module in all processes.
  GradientSum(torch::nn::Module& module, ProcessGroup& group, std::int64_t bucket_bytes);
  ~GradientSum();
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  /// After backward(): waits for all buckets and puts the mean over the processes into the gradients. Parameters that
  /// no process has used keep no gradient. Throws kBadInput when another process has died.
  void Finish();

  std::size_t buckets() const;
  /// Buckets that were on their way before Finish() was called, in the last pass.
  std::size_t early_buckets() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the hooks in the autograd graph
};

}  // namespace mirst
