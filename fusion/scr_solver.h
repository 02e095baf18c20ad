// SCR under control: the gain g at which a target embedded as I(g) = I0 + g m has the SCR asked for, with everything
// that bends the straight line: PSF tails that leak into the window, clipping, box20's floor of sigma and its zeros.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "metrics/scr.h"

namespace mirst {

/// The counts that a written file may hold; low < high.
struct CountLimits {
  double low = 0;
  double high = 255;
};

/// All that box20 sees of one target in one frame, as a function of the gain: value(g) = clip(base + g slope).
struct ScrProblem {
  struct Pixel {
    double base = 0;   ///< I0, counts
    double slope = 0;  ///< m
  };
  std::vector<Pixel> mask;  ///< the target's pixels
  std::vector<Pixel> leak;  ///< background pixels inside the window that the target touches
  // The window's other pixels never change: count, sum and sum of squares of (value - origin).
  int fixed_count = 0;
  double origin = 0;
  double fixed_sum = 0;
  double fixed_squares = 0;
  CountLimits limits;
  Box20Rule rule;
};

/// box20 of the image at `gain`, before rounding.
ScrMeasurement Measure(const ScrProblem& problem, double gain);

/// Share of the mask's pixels that `gain` drives outside the limits.
double ClippedShare(const ScrProblem& problem, double gain);

/// The gain of smallest magnitude at which polarity * signed SCR = scr (to 1e-9 relative): the closed form (embedding,
/// step 7: (D^2 - S^2 v) g^2 + 2 (d0 D - S^2 c) g + d0^2 - S^2 s0^2 = 0, or the linear one on the floor of sigma),
/// polished by the full rule; bisection where clipping or zeros bend it. nullopt: no gain reaches it. scr > 0; polarity
/// +1 or -1.
std::optional<double> SolveGain(const ScrProblem& problem, double scr, int polarity);

/// One gain for all frames of a sequence, such that the mean of their SCR (absolute values, as published) is `scr` and
/// the mean of polarity * signed SCR is positive. nullopt: none.
std::optional<double> SolveSequenceGain(std::span<const ScrProblem> frames, double scr, int polarity);

/// The largest mean of polarity * signed SCR that any gain reaches, for messages.
double LargestScr(std::span<const ScrProblem> frames, int polarity);

}  // namespace mirst
