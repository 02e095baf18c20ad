// Detectability d' of a known target in its own clutter: the signal-to-noise ratio behind a pre-whitened matched
// filter. The clutter is taken for stationary and Gaussian around the target; each pixel is predicted from twelve
// pixels above and to the left, and what the prediction misses is white (two-dimensional linear prediction).
// docs/metrics.md.
#pragma once

#include <array>
#include <span>

#include "core/image.h"
#include "metrics/scr.h"

namespace mirst {

/// A whitening filter: innovation(u) = v(u) - sum_j weights[j] v(u + kTaps[j]), v = counts above the local mean.
struct ClutterModel {
  struct Tap {
    int x, y;
  };
  /// The causal neighbourhood of order two: two pixels to the left, five in each of the two rows above.
  static constexpr std::array<Tap, 12> kTaps = {
      {{-1, 0}, {-2, 0}, {-2, -1}, {-1, -1}, {0, -1}, {1, -1}, {2, -1}, {-2, -2}, {-1, -2}, {0, -2}, {1, -2}, {2, -2}}};
  std::array<double, kTaps.size()> weights{};
  double innovation_variance = 1;  ///< counts^2, > 0
};

/// Fits the model to `window` of a background without target (inside the image) by least squares over all its pixels
/// whose neighbours lie in it too. `noise_variance` (counts^2, > 0) is white noise that is there in any case: it is
/// added to the neighbours' variances (a ridge that keeps flat backgrounds solvable) and is the least innovation
/// variance; by default that of rounding to whole counts, 1/12. A window too small for 48 such pixels gives white noise
/// of its own variance.
ClutterModel FitClutter(ImageView<const float> background, const PixelBox& window, double noise_variance = 1.0 / 12);

/// d' of one frame, sqrt(s' C^-1 s): the energy of the whitened signal over the innovation variance. `signal` is the
/// target alone, I - B in counts, on `box` of an image of height x width; whitened pixels that would need pixels beyond
/// the image's border are left out.
double Detectability(const ClutterModel& model, const Image<double>& signal, const PixelBox& box, int image_height,
                     int image_width);

/// d' of the same target over several frames along its path: sqrt(d^T R^-1 d) with the correlation
/// R_ij = correlation^|i - j| of the whitened clutter seen by the moving filter, in [0, 1). 0, the root of the sum of
/// squares, holds where the target moves over fresh clutter; a target that stands still on frozen clutter is better
/// described by a correlation near 1. Throws kBadInput outside.
double TrackDetectability(std::span<const double> dprime, double correlation = 0);

}  // namespace mirst
