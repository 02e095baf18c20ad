// Residual-preserving fusion of one target into one frame: I = B + a (b0 - S) + g m. The sensor's own residual B - S
// (noise, fixed pattern, codec freezing) survives unchanged under the target; where a = m = 0, I = B bit for bit.
#pragma once

#include <cstdint>
#include <optional>

#include "core/image.h"
#include "fusion/region_resample.h"
#include "fusion/scr_solver.h"

namespace mirst {

/// A target laid into a frame, with the gain still free. Shapes are (box.height, box.width).
struct FusedTarget {
  PixelBox box;           ///< in the frame
  Image<double> base;     ///< I0 = B + a (b0 - S), counts
  Image<float> contrast;  ///< m
  Mask mask;              ///< half_max, less the pixels of other targets
  ScrProblem problem;     ///< what the rule of the SCR sees of it
};

/// Mean of the scene estimate under the target, weighted by opacity: sum(a S) / sum(a), counts.
double SceneLevel(const SensorTemplate& target, const Image<float>& scene);

/// Lays `target` into `background`; `scene` is the estimate S on target.box; `reference_level` is b0. `others`, of the
/// frame's shape, marks the pixels (> 127) of other targets: they are neither in this one's mask nor in its background.
/// `frame_sums` as in MakeProblem.
/// Throws kInternal when target.box leaves the frame.
FusedTarget Fuse(ImageView<const float> background, const SensorTemplate& target, const Image<float>& scene,
                 double reference_level, CountLimits limits, const ScrRule& rule, const Mask* others = nullptr,
                 const PixelSums* frame_sums = nullptr);

/// I(gain) on the target's box, clipped at the limits, not rounded.
Image<double> Compose(const FusedTarget& fused, double gain);

/// I(gain) in whole counts. With `scr` (and the polarity), the mask's sum is the one whose measured SCR comes nearest
/// to it: |dS| <= 1 / (2 N sigma_b) unless the limits cut. Without, the nearest to I(gain)'s own sum. `peak` rests on
/// one pixel: there every pixel is rounded to nearest, |dS| <= 1 / (2 sigma_b) and the leak's share.
Image<std::uint16_t> ComposeWritten(const FusedTarget& fused, double gain, std::optional<double> scr, int polarity);

}  // namespace mirst
