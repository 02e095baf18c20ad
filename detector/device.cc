#include "detector/device.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {

c10::Device ResolveDevice(DeviceChoice choice, int index) {
  if (choice == DeviceChoice::kCpu) return c10::kCPU;
  if (torch::cuda::is_available()) {
    const auto devices = static_cast<int>(torch::cuda::device_count());
    if (index < devices) return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
    throw BadInput(fmt::format("this process is number {} on its machine, which has {} CUDA devices", index, devices));
  }
  if (choice == DeviceChoice::kCuda) {
    throw BadInput("device cuda was asked for, but this machine or this build of LibTorch has none; use cpu or auto");
  }
  return c10::kCPU;
}

void UseTorchThreads(int threads) { at::set_num_threads(threads > 0 ? threads : ThreadCount()); }

}  // namespace mirst
