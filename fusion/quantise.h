// From real-valued counts to written integers without moving the SCR: the sum over the mask is kept by largest
// remainders, so the mean over N mask pixels moves by at most 1 / (2 N).
#pragma once

#include <cstdint>
#include <optional>

#include "core/image.h"
#include "fusion/scr_solver.h"

namespace mirst {

/// Rounds `values` (counts, any shape) to whole counts inside the limits. Outside `mask` (same shape, > 127): to
/// nearest, halves up. On it: floors, then +1 for the largest remainders (ties: raster order) until the sum is
/// `mask_sum`, by default the nearest whole number to the values' sum. Only where the limits cut can the sum fall
/// short.
Image<std::uint16_t> RoundKeepingSum(const Image<double>& values, const Mask& mask, CountLimits limits,
                                     std::optional<std::int64_t> mask_sum = std::nullopt);

}  // namespace mirst
