// Options of the sensor chain and the codec that a sequence passes: their parameters stand in the manifest's config.
#pragma once

#include <utility>

#include "core/config.h"

namespace mirst {

enum class GainControl { kNone, kPercentile, kPlateau };
enum class WrittenImage { kLinear, kDisplayed };

/// Everything off: the frames are the source's own. Noises are standard deviations; the seven kinds are those of the
/// three-dimensional noise model (docs/physics.md): what changes with time, row (v) and column (h).
struct SensorOptions {
  bool enabled = false;
  double counts_per_kelvin = 25;  ///< of the source: turns the following mK into counts
  double gain = 1;                ///< of all pixels, about the sequence's mean
  double offset_counts = 0;
  double gain_spread = 0;          ///< of the pixels' gains about 1
  double netd_mk = 0;              ///< tvh: pixels, anew in each frame
  double pixel_pattern_mk = 0;     ///< vh: pixels, the same in all frames
  double row_pattern_mk = 0;       ///< v
  double column_pattern_mk = 0;    ///< h
  double row_noise_mk = 0;         ///< tv
  double column_noise_mk = 0;      ///< th
  double frame_noise_mk = 0;       ///< t
  double flicker_mk = 0;           ///< 1/f, of each pixel
  double electrons_per_count = 0;  ///< shot noise of variance = electrons; 0: none
  double read_noise_electrons = 0;
  double full_scale_counts = 16384;
  int adc_bits = 14;
  GainControl agc = GainControl::kNone;
  std::pair<double, double> percentiles{1, 99};
  double plateau_share = 0.01;
  WrittenImage image = WrittenImage::kLinear;

  bool displayed() const { return enabled && image == WrittenImage::kDisplayed; }
};

struct CodecOptions {
  bool enabled = false;
  int crf = 23;
  enum class Preset { kVeryfast, kMedium, kSlow } preset = Preset::kMedium;
};

void Visit(OptionsVisitor& visitor, SensorOptions& options);
void Visit(OptionsVisitor& visitor, CodecOptions& options);
void AddFaults(OptionsReader& reader, const SensorOptions& options);

}  // namespace mirst
