// Signal-to-clutter ratio (SCR) of one target in one image, by the definitions of docs/metrics.md. A measurement is a
// target set, a statistic, a background set, a sigma estimator and a domain; each id names all five.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

/// The parts of a measured SCR; counts.
struct ScrMeasurement {
  double scr = 0;  ///< |mean_target - mean_background| / (sigma_background + 1e-5)
  double mean_target = 0;
  double mean_background = 0;
  double sigma_background = 0;  ///< population sigma after the floor
  int target_px = 0;
  int background_px = 0;
  /// With the sign of the contrast: positive where the target is brighter than its surroundings.
  double signed_scr() const { return mean_target < mean_background ? -scr : scr; }
};

/// The rule `box20` as far as it depends on the file's depth: margin 20 px; sigma is at least one written count;
/// pixels equal to 0 are left out of the background in 8-bit files and stay in deeper ones.
struct Box20Rule {
  static constexpr int kMarginPx = 20;
  static constexpr double kSigmaFloor = 1.0;
  static constexpr double kSigmaOffset = 1e-5;
  bool zeros_are_background = false;
  static Box20Rule ForBitDepth(int bit_depth) { return {bit_depth > 8}; }
};

/// The window of box20: the target's box grown by 20 px on each side, clipped at the image.
PixelBox Box20Window(const PixelBox& target_box, int image_height, int image_width);

/// box20 on an image of shape (height, width) in counts, whole or not. `target` marks the target measured,
/// `all_targets` every target of the frame (left out of the background); both > 127, same shape as the image. An empty
/// background set measures mean 0 and sigma at the floor. Throws kBadInput when `target` is empty.
ScrMeasurement MeasureBox20(ImageView<const float> image, const Mask& target, const Mask& all_targets, Box20Rule rule);

/// What the target itself adds: mean over the mask of (image - background) / (sigma_background + 1e-5), with its sign.
/// Throws kBadInput when `target` is empty.
double ScrDelta(ImageView<const float> image, ImageView<const float> background, const Mask& target,
                double sigma_background);

}  // namespace mirst
