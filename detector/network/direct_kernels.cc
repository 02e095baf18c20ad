#include "detector/network/direct_kernels.h"

namespace mirst {

// Of the files that are compiled for one instruction set each.
#ifdef MIRST_X86_KERNELS
extern const ConvKernels<float> kAvx512Floats, kAvx2Floats;
extern const ConvKernels<double> kAvx512Doubles, kAvx2Doubles;
#endif
extern const ConvKernels<float> kPortableFloats;
extern const ConvKernels<double> kPortableDoubles;

template <>
const std::vector<const ConvKernels<float>*>& MachineConvKernels<float>() {
  static const auto all = [] {
    std::vector<const ConvKernels<float>*> kernels;
#ifdef MIRST_X86_KERNELS
    if (__builtin_cpu_supports("avx512f")) kernels.push_back(&kAvx512Floats);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back(&kAvx2Floats);
#endif
    kernels.push_back(&kPortableFloats);
    return kernels;
  }();
  return all;
}

template <>
const std::vector<const ConvKernels<double>*>& MachineConvKernels<double>() {
  static const auto all = [] {
    std::vector<const ConvKernels<double>*> kernels;
#ifdef MIRST_X86_KERNELS
    if (__builtin_cpu_supports("avx512f")) kernels.push_back(&kAvx512Doubles);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back(&kAvx2Doubles);
#endif
    kernels.push_back(&kPortableDoubles);
    return kernels;
  }();
  return all;
}

}  // namespace mirst
