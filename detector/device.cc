#include "detector/device.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {

c10::Device ResolveDevice(DeviceChoice choice) {
  if (choice == DeviceChoice::kCpu) return c10::kCPU;
  if (torch::cuda::is_available()) return {c10::kCUDA, 0};
  if (choice == DeviceChoice::kCuda) {
    throw BadInput("device cuda was asked for, but this machine or this build of LibTorch has none; use cpu or auto");
  }
  return c10::kCPU;
}

void UseTorchThreads(int threads) { at::set_num_threads(threads > 0 ? threads : ThreadCount()); }

}  // namespace mirst
