#include "bench/embedding_statistics.h"

#include <algorithm>
#include <cmath>

namespace mirst::bench {
namespace {

// The mask and its four neighbours.
Mask Grown(const Mask& mask) {
  Mask grown = mask;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (mask(y, x) <= 127) continue;
      if (y > 0) grown(y - 1, x) = 255;
      if (x > 0) grown(y, x - 1) = 255;
      if (y + 1 < mask.height()) grown(y + 1, x) = 255;
      if (x + 1 < mask.width()) grown(y, x + 1) = 255;
    }
  }
  return grown;
}

double MeanStep(const Image<float>& image, const Mask& mask) {
  double sum = 0;
  int pairs = 0;
  const auto add = [&](int y, int x, int v, int u) {
    if ((mask(y, x) > 127) == (mask(v, u) > 127)) return;
    sum += std::abs(static_cast<double>(image(y, x)) - static_cast<double>(image(v, u)));
    ++pairs;
  };
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (x + 1 < mask.width()) add(y, x, y, x + 1);
      if (y + 1 < mask.height()) add(y, x, y + 1, x);
    }
  }
  return pairs > 0 ? sum / pairs : 0;
}

}  // namespace

void FrameChange::Add(double difference) {
  repeated += difference == 0 ? 1 : 0;
  squares += difference * difference;
  ++pixels;
}

FrameChange ChangeInside(const Image<float>& first, const Image<float>& second, const Mask& mask) {
  FrameChange change;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask.data()[i] > 127) change.Add(static_cast<double>(second.data()[i]) - static_cast<double>(first.data()[i]));
  }
  return change;
}

FrameChange ChangeAround(const Image<float>& first, const Image<float>& second, const PixelBox& support) {
  FrameChange change;
  const PixelBox ring = Intersect(Grow(support, 6), first.box());
  for (int y = ring.y; y < ring.bottom(); ++y) {
    for (int x = ring.x; x < ring.right(); ++x) {
      if (!support.Contains(x, y)) change.Add(static_cast<double>(second(y, x)) - static_cast<double>(first(y, x)));
    }
  }
  return change;
}

double ContourRatio(const Image<float>& image, const Mask& mask) {
  const PixelBox box = Intersect(Grow(BoundingBox(mask), 2), image.box());
  const Image<float> part = Crop(image, box);
  const Mask target = Crop(mask, box);
  const double here = MeanStep(part, target), outside = MeanStep(part, Grown(target));
  return outside > 0 ? here / outside : 0;
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  return values[rank];
}

}  // namespace mirst::bench
