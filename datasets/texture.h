// What a background looks like in two numbers and a curve: entropy of its grey values and its power spectrum.
#pragma once

#include <vector>

#include "core/image.h"

namespace mirst {

/// -sum p log2 p over the whole counts 0 ... 65535 that occur, bits; 0 for an image of one value or of none.
double EntropyBits(ImageView<const float> counts);

inline constexpr int kSpectrumBins = 32;
/// Mean power by radial frequency: entry i covers [i, i + 1) / (2 kSpectrumBins) cycles a pixel, up to 0.5. The mean is
/// taken off and a Hann window laid over; white noise of variance v has v in every bin, whatever the size. A bin that
/// no frequency of a small image falls into is 0. Of an image below 8 x 8 px: empty.
std::vector<double> RadialSpectrum(ImageView<const float> counts);

/// Slope of log power over log frequency by least squares over the bins from 0.03 to 0.4 cycles a pixel; natural scenes
/// lie near -2, white noise at 0. 0 where fewer than three such bins hold power.
double SpectralSlope(const std::vector<double>& spectrum);

}  // namespace mirst
