#include <cstddef>

namespace mirst {
namespace {
constexpr std::size_t kVectorBytes = 32, kRegisters = 16;
}  // namespace
}  // namespace mirst

#include "detector/network/direct_kernels_of_one_set.h"

namespace mirst {

extern const ConvKernels<float> kAvx2Floats;
extern const ConvKernels<double> kAvx2Doubles;
const ConvKernels<float> kAvx2Floats = KernelsOfThisSet<float>("AVX2");
const ConvKernels<double> kAvx2Doubles = KernelsOfThisSet<double>("AVX2");

}  // namespace mirst
