#include <cstddef>

namespace mirst {
namespace {
constexpr std::size_t kVectorBytes = 16, kRegisters = 16;
}  // namespace
}  // namespace mirst

#include "detector/network/direct_kernels_of_one_set.h"

namespace mirst {

extern const ConvKernels<float> kPortableFloats;
extern const ConvKernels<double> kPortableDoubles;
const ConvKernels<float> kPortableFloats = KernelsOfThisSet<float>("portable");
const ConvKernels<double> kPortableDoubles = KernelsOfThisSet<double>("portable");

}  // namespace mirst
