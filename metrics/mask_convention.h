// Masks made again from the blurred coverage of a target, by conventions other than the one that was written: IoU
// depends on where a small target is said to end.
#pragma once

#include <string>
#include <string_view>

#include "core/image.h"

namespace mirst {

/// "coverage:T": pixels with coverage >= T; may leave a small target without pixels. "energy:T": of each 8-connected
/// patch of coverage the fewest pixels, largest first (equal ones in raster order), that hold the share T of it.
struct MaskConvention {
  enum class Kind { kCoverage, kEnergy } kind = Kind::kEnergy;
  double share = 0.9;
  std::string Id() const;  ///< "energy:0.9"
};

/// Throws kUsage: another name, a share outside (0, 1].
MaskConvention ParseMaskConvention(std::string_view id);

/// `coverage` in [0, 1], shape (height, width).
Mask MaskOf(const Image<float>& coverage, const MaskConvention& convention);

}  // namespace mirst
