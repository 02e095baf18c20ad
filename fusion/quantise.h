// From real-valued counts to written integers without moving the SCR: the sum over the mask is kept by largest
// remainders, so the mean over N mask pixels moves by at most 1 / (2 N).
#pragma once

#include <cstdint>
#include <optional>

#include "core/image.h"
#include "fusion/scr_problem.h"

namespace mirst {

/// Rounds `values` (counts, any shape) to whole counts inside the limits. Outside `mask` (same shape, > 127): to
/// nearest, halves up. On it: floors, then +1 for the largest remainders (ties: raster order) until the sum is
/// `mask_sum`, by default the nearest whole number to the values' sum. Only where the limits cut can the sum fall
/// short.
Image<std::uint16_t> RoundKeepingSum(const Image<double>& values, const Mask& mask, CountLimits limits,
                                     std::optional<std::int64_t> mask_sum = std::nullopt);

/// Every value to the nearest whole count inside the limits, halves up.
Image<std::uint16_t> RoundToNearest(const Image<double>& values, CountLimits limits);

/// The sum of the mask's written counts whose SCR, measured on them, comes nearest to `scr` with the sign `polarity`,
/// once the touched background pixels of I(gain) are rounded to nearest. For rules of the target's mean.
std::int64_t MaskSumForScr(const ScrProblem& problem, double gain, double scr, int polarity);

}  // namespace mirst
