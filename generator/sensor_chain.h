// From a scene in counts to what a camera would write: gains, noises, conversion, gain control. docs/physics.md,
// "Sensor chain".
#pragma once

#include <cstdint>
#include <vector>

#include "core/frame.h"
#include "core/random.h"
#include "generator/sensor_options.h"

namespace mirst {

/// Adds the noises of `options` to consecutive frames of one shape, in place, and converts them to whole numbers of
/// adc_bits: the frames before targets, so that fusion keeps their noise under the targets. What a target's own photons
/// add to the shot noise, and the pixels' gains do to it, is left out: both are a few per cent of its contrast's noise.
/// `key` names the seed and the sequence. Throws kBadInput when the frames have 8 bits.
void ExposeFrames(const SensorOptions& options, const RandomKey& key, std::vector<Frame>& frames);

/// A gain control's curve: display value 0 ... 255 of each count.
using DisplayCurve = std::vector<std::uint8_t>;

/// From counts below 2^adc_bits of all `frames` together.
DisplayCurve MakeDisplayCurve(const SensorOptions& options, const std::vector<Frame>& frames);

/// floor(255 F(k) / F(N)) with F the running sum of min(histogram, plateau) (docs/physics.md).
DisplayCurve PlateauCurve(const std::vector<std::int64_t>& histogram, double plateau);

/// The frame as the curve shows it: 8 bits. Counts behind the curve's end show as its last value.
Image<float> Display(const Image<float>& counts, const DisplayCurve& curve);

}  // namespace mirst
