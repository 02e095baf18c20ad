#include "generator/sensor_options.h"

namespace mirst {

void Visit(OptionsVisitor& v, SensorOptions& o) {
  const Range mk{0, 100000};
  v.Boolean("enabled", o.enabled, "pass the frames through the chain below; for sources of more than 8 bits");
  v.Real("counts_per_kelvin", o.counts_per_kelvin, {1e-3, 1e6}, "of the source, counts/K: turns mK into counts");
  v.Real("gain", o.gain, {1e-3, 1000}, "of all pixels, about the sequence's mean");
  v.Real("offset_counts", o.offset_counts, {-65535, 65535}, "added to all pixels, counts of the source");
  v.Real("gain_spread", o.gain_spread, {0, 0.5}, "standard deviation of the pixels' gains about 1");
  v.Real("netd_mk", o.netd_mk, mk, "temporal noise of pixels (tvh), mK");
  v.Real("pixel_pattern_mk", o.pixel_pattern_mk, mk, "fixed pattern of pixels (vh), mK");
  v.Real("row_pattern_mk", o.row_pattern_mk, mk, "fixed pattern of rows (v), mK");
  v.Real("column_pattern_mk", o.column_pattern_mk, mk, "fixed pattern of columns (h), mK");
  v.Real("row_noise_mk", o.row_noise_mk, mk, "temporal noise of rows (tv), mK");
  v.Real("column_noise_mk", o.column_noise_mk, mk, "temporal noise of columns (th), mK");
  v.Real("frame_noise_mk", o.frame_noise_mk, mk, "temporal noise of whole frames (t), mK");
  v.Real("flicker_mk", o.flicker_mk, mk, "1/f noise of pixels over 1 to 64 frames, mK");
  v.Real("electrons_per_count", o.electrons_per_count, {0, 1e6}, "shot noise: variance = electrons; 0: none");
  v.Real("read_noise_electrons", o.read_noise_electrons, {0, 1e6}, "electrons; needs electrons_per_count");
  v.Real("full_scale_counts", o.full_scale_counts, {1, 65536}, "counts of the source that the converter spans");
  v.Integer("adc_bits", o.adc_bits, {1, 16}, "of the converter");
  v.Choice("agc", o.agc, {"none", "percentile", "plateau"},
           "gain control to 8 bits, one curve a sequence, made from the frames without targets");
  v.Interval("percentiles", o.percentiles, {0, 100}, "percentile: shown as 0 and 255, %");
  v.Real("plateau_share", o.plateau_share, {1e-6, 1},
         "plateau: a histogram bin counts at most this share of the pixels");
  v.Choice("image", o.image, {"linear", "displayed"},
           "what image/ holds and the SCR refers to; with a gain control the other goes to display/ or linear/");
}

void Visit(OptionsVisitor& v, CodecOptions& o) {
  v.Boolean("enabled", o.enabled, "encode the 8-bit frames by H.264 (the program ffmpeg) and decode them again");
  v.Integer("crf", o.crf, {0, 51}, "constant rate factor; 0: lossless, 23: usual, 51: worst");
  v.Choice("preset", o.preset, {"veryfast", "medium", "slow"}, "of the encoder x264");
}

void AddFaults(OptionsReader& reader, const SensorOptions& o) {
  if (o.image == WrittenImage::kDisplayed && o.agc == GainControl::kNone)
    reader.AddFault("sensor.image", "displayed needs a gain control (sensor.agc)");
  if (o.read_noise_electrons > 0 && o.electrons_per_count == 0)
    reader.AddFault("sensor.read_noise_electrons", "it needs electrons_per_count to become counts");
  if (o.percentiles.first >= o.percentiles.second)
    reader.AddFault("sensor.percentiles", "the two are equal, expected the lower below the upper");
}

}  // namespace mirst
