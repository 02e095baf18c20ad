// Which processor a network runs on, as options and flags name it. No LibTorch.
#pragma once

namespace mirst {

enum class DeviceChoice {
  kAutomatic,  ///< the first CUDA device where there is one, otherwise the CPU
  kCpu,
  kCuda,
};

}  // namespace mirst
