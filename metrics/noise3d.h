// The three-dimensional noise model: what of a stack of frames (time t, rows v, columns h) varies along which axes.
// D'Agostino and Webb 1991; docs/physics.md, "Sensor chain".
#pragma once

#include <array>
#include <vector>

#include "core/image.h"

namespace mirst {

enum class NoiseComponent { kTvh, kTv, kTh, kVh, kT, kV, kH };
inline constexpr std::array<const char*, 7> kNoiseComponentNames = {"tvh", "tv", "th", "vh", "t", "v", "h"};

struct Noise3d {
  double mean = 0;                   ///< of all values
  double total_variance = 0;         ///< of the population
  std::array<double, 7> sigma{};     ///< by NoiseComponent: root mean square of the component; squares sum to total
  std::array<double, 7> variance{};  ///< unbiased (analysis of variance, random effects); may be negative
};

/// Components of >= 2 frames of one shape, >= 2 x 2. sigma: averages along the axes that a component lacks, less the
/// averages along those that it has. variance: from the mean squares, so that a component's own finite sample of the
/// others does not count as its own. Throws kBadInput: too few frames, rows or columns, shapes that differ.
Noise3d AnalyseNoise3d(const std::vector<Image<float>>& frames);

}  // namespace mirst
