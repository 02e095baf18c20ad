// A scene that can be looked at anywhere: smooth blobs of all sizes on a plane, for tests of motion with known answers.
#pragma once

#include <cmath>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"
#include "core/random.h"

namespace mirst::test {

class BlobScene {
 public:
  /// Covers [-100, 400) on both axes; structure of about `contrast` counts about 120.
  BlobScene(std::uint64_t seed, double contrast) {
    RandomStream random({.seed = seed, .purpose = Purpose::kTest});
    for (int i = 0; i < 1500; ++i) {
      const double x = random.Uniform(-100, 400), y = random.Uniform(-100, 400), sigma = random.Uniform(2, 10);
      blobs_.push_back({{x, y}, sigma, contrast * random.Normal() / std::sqrt(2.0)});
    }
  }
  double At(Vec2 p) const {
    double value = 120;
    for (const Blob& blob : blobs_) {
      const double x = p.x - blob.place.x, y = p.y - blob.place.y, r2 = x * x + y * y, s2 = blob.sigma * blob.sigma;
      if (r2 < 16 * s2) value += blob.height * std::exp(-0.5 * r2 / s2);
    }
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
  struct Blob {
    Vec2 place;
    double sigma, height;
  };
  std::vector<Blob> blobs_;
};

}  // namespace mirst::test
