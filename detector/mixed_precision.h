// LibTorch's mixed precision (autocast) of CUDA kernels, switched on for a scope.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include "detector/train_options.h"

namespace mirst {

/// While it lives, convolutions and matrix products on CUDA devices run in `precision`; for kFloat32 nothing changes.
class MixedPrecision {
 public:
  explicit MixedPrecision(Precision precision) : on_(precision == Precision::kBfloat16) {
    if (on_) Set(true);
  }
  ~MixedPrecision() {
    if (!on_) return;
    at::autocast::clear_cache();
    Set(false);
  }
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

 private:
  static void Set(bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCUDA, enabled);
#else
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(enabled);
#endif
  }
  bool on_;
};

}  // namespace mirst
