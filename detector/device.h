// LibTorch's side of a run: the device that an option names and the threads that its kernels use.
#pragma once

#include <c10/core/Device.h>

#include "detector/device_choice.h"

namespace mirst {

/// Throws kBadInput for kCuda where no CUDA device can be used.
/// `index`: which of several CUDA devices.
c10::Device ResolveDevice(DeviceChoice choice, int index = 0);

/// Threads of LibTorch's kernels (OpenMP) from now on, in the calling thread; 0 = ThreadCount() of core/parallel.h.
/// Call it in the thread that runs the network. docs/training.md tells how these threads and TBB's stay out of each
/// other's way.
void UseTorchThreads(int threads);

}  // namespace mirst
