// Region resampling (pixel-area relation): a supersampled template becomes what the sensor's pixels see of it, with
// true fractional overlap at any sub-pixel phase. Rim pixels are fractionally covered, motion is sub-pixel, no edge
// remains.
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "core/image.h"
#include "core/template.h"

namespace mirst {

/// The template as the sensor's pixels average it.
struct Footprint {
  PixelBox box;            ///< in the frame's coordinates; may reach outside the frame
  Image<double> opacity;   ///< (box.height, box.width), mean over each pixel, in [0, 1]
  Image<double> contrast;  ///< same shape, in the template's unit
};

/// Places the template's anchor at `centre_px` and averages over `subexposures` equal steps of the motion `smear_px`
/// during the integration time (centred on `centre_px`). `scale` draws the template that many times as large, 0.01 to
/// 100; its cells need not fit the pixels. `fill_factor` is the active share of a pixel's area, (0, 1], a centred
/// square; a pixel's value is the mean over it, so that a uniform scene has the same counts whatever it is. With fill
/// factor 1 sums of opacity and contrast per cell area are kept to rounding (1e-13) at every phase; below, what falls
/// between the active areas is lost and the others count for more: the sum is kept as a mean over all phases alone.
/// Throws kBadInput: empty template, subexposures < 1, scale or fill factor out of range.
Footprint ResampleToSensor(const Template& target, Vec2 centre_px, Vec2 smear_px = {}, int subexposures = 1,
                           double scale = 1, double fill_factor = 1);

/// A footprint in fixed point, so that what follows is the same on every machine, cropped to where it is not zero.
struct SensorTemplate {
  PixelBox box;
  Image<std::uint16_t> coverage;  ///< opacity, 65535 = 1
  Image<float> contrast;          ///< in units of `unit_contrast`, multiples of 2^-16
  double unit_contrast = 1;       ///< in the template's unit
  Vec2 centroid_px;               ///< centroid of |contrast|: where the flux is

  double opacity(int row, int column) const { return coverage(row, column) / 65535.0; }
};

/// Rounds opacity to 1/65535 and contrast / unit_contrast to 2^-16. Throws kBadInput when unit_contrast is 0 or nothing
/// is left.
SensorTemplate Quantise(const Footprint& footprint, double unit_contrast);

/// Mean contrast over the covered area, sum(contrast) / sum(opacity): the natural `unit_contrast` of a template.
double MeanContrast(const Template& target);

/// The mask convention `half_max`: 255 where coverage >= half its maximum; shape of the coverage, never empty unless
/// the coverage is zero everywhere.
Mask HalfMaxMask(const Image<std::uint16_t>& coverage);

}  // namespace mirst
