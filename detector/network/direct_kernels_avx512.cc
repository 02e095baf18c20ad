#include <cstddef>

namespace mirst {
namespace {
constexpr std::size_t kVectorBytes = 64, kRegisters = 32;
}  // namespace
}  // namespace mirst

#include "detector/network/direct_kernels_of_one_set.h"

namespace mirst {

extern const ConvKernels<float> kAvx512Floats;
extern const ConvKernels<double> kAvx512Doubles;
const ConvKernels<float> kAvx512Floats = KernelsOfThisSet<float>("AVX-512");
const ConvKernels<double> kAvx512Doubles = KernelsOfThisSet<double>("AVX-512");

}  // namespace mirst
