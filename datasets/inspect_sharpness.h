// How sharp a background is: the width of its sharpest edges as an estimate of the point spread, and its power
// spectrum.
#pragma once

#include <optional>
#include <vector>

#include "datasets/inspect_levels.h"

namespace mirst {

/// Straight edges of the scene, each fitted by A + B Phi((d - d0) / sigma), d the distance along its normal, over 15 x
/// 15 px (the idea of ISO 12233's slanted edge). Edges of the scene may be soft by themselves, so the sharpest tenth
/// speaks for the camera; sharpening by the camera makes sigma too small, a codec too large.
struct SharpnessStatistics {
  int edges = 0;                        ///< that are straight, strong and well fitted
  std::optional<double> blur_sigma_px;  ///< 10th percentile of the fitted sigmas; absent below 5 edges
  std::optional<double> median_sigma_px;
  /// sqrt(blur^2 - 1/12): without the pixel's own area; 0 where nothing is left.
  std::optional<double> psf_sigma_px;
};
/// `noise_counts`: temporal noise of a pixel; an edge must rise by 12 times that, and 12 counts.
SharpnessStatistics MeasureSharpness(FrameSpan frames, double noise_counts);

/// Power per frequency, averaged over directions and frames, Hann window, mean removed.
struct SpectrumStatistics {
  std::vector<double> frequency;  ///< cycles/px, bins of equal ratio up to 0.5; empty bins are left out
  std::vector<double> power;      ///< counts^2 px^2: white noise of sigma s has s^2 everywhere
  double slope = 0;               ///< of log power over log frequency between 0.02 and 0.25 cycles/px; nature: about -2
};
SpectrumStatistics MeasureSpectrum(FrameSpan frames);

}  // namespace mirst
