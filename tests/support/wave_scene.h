// A scene that can be looked at anywhere: many waves of all directions, for tests of motion with known answers.
#pragma once

#include <cmath>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"
#include "core/random.h"
#include "core/units.h"

namespace mirst::test {

/// Wavelengths of 8 to 60 px: nothing that an interpolation would lose.
class WaveScene {
 public:
  /// Counts of standard deviation `contrast` about 120.
  WaveScene(std::uint64_t seed, double contrast) {
    RandomStream random({.seed = seed, .purpose = Purpose::kTest});
    constexpr int kWaves = 40;
    for (int i = 0; i < kWaves; ++i) {
      const double angle = random.Uniform(0, 2 * kPi), k = 2 * kPi / random.Uniform(8, 60);
      waves_.push_back({{k * std::cos(angle), k * std::sin(angle)}, random.Uniform(0, 2 * kPi)});
    }
    height_ = contrast * std::sqrt(2.0 / kWaves);
  }
  double At(Vec2 p) const {
    double value = 120;
    for (const Wave& wave : waves_) value += height_ * std::cos(wave.k.x * p.x + wave.k.y * p.y + wave.phase);
    return value;
  }
  /// Pixel p shows the scene at `scene_from_frame(p)`, with white noise, not rounded.
  template <class Map>
  Image<float> Look(int height, int width, Map&& scene_from_frame, double noise, std::uint32_t stream) const {
    RandomStream random({.seed = 77, .sequence = stream, .purpose = Purpose::kTest});
    Image<float> image(height, width);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const Vec2 p = scene_from_frame(Vec2{static_cast<double>(x), static_cast<double>(y)});
        image(y, x) = static_cast<float>(At(p) + (noise > 0 ? noise * random.Normal() : 0));
      }
    }
    return image;
  }

 private:
  struct Wave {
    Vec2 k;
    double phase;
  };
  std::vector<Wave> waves_;
  double height_ = 1;
};

}  // namespace mirst::test
