// SCR under control: the gain g at which a target embedded as I(g) = I0 + g m has the SCR asked for, by any definition
// of the SCR, with everything that bends the straight line: PSF tails that leak into the window, clipping, a floor of
// sigma, zeros that leave the background.
#pragma once

#include <optional>
#include <span>

#include "fusion/scr_problem.h"

namespace mirst {

/// The gain of smallest magnitude at which polarity * signed SCR = scr, to 1e-9 relative or 1e-11 counts of contrast.
/// Exact: from one gain at which
/// a pixel meets a limit to the next, the equation is a quadratic (docs/physics.md, 22), or linear on the floor of
/// sigma (24), with one line for the target's mean, or one for each pixel that may be the peak; these stretches are
/// searched from 0 outwards. nullopt: no gain reaches
/// it, or only where sigma is below 1e-6 counts. scr > 0 (a ratio, also for `db`); polarity +1 or -1.
std::optional<double> SolveGain(const ScrProblem& problem, double scr, int polarity);

/// One gain for all frames of a sequence, such that the mean of their SCR (absolute values, as published) is `scr` and
/// the mean of polarity * signed SCR is positive: from the gain at which the signed mean is `scr` down to the first one
/// at which the mean of the magnitudes is. nullopt: none.
std::optional<double> SolveSequenceGain(std::span<const ScrProblem> frames, double scr, int polarity);

/// The largest mean of polarity * signed SCR that any gain reaches, for messages: found by a scan. Where zeros leave
/// the background (box20, 8 bits) the SCR jumps, and a spike beside a jump can be missed.
double LargestScr(std::span<const ScrProblem> frames, int polarity);

}  // namespace mirst
