// Random backgrounds and targets with known properties, for tests of metrics and fusion.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/image.h"
#include "core/random.h"
#include "core/template.h"

namespace mirst::test {

/// Whole counts: a gradient, an edge and noise, within [low, high].
inline Image<float> RandomBackground(RandomStream& random, int height, int width, double low = 20, double high = 230) {
  Image<float> image(height, width);
  const double level = random.Uniform(low, high), slope_x = random.Uniform(-0.5, 0.5),
               slope_y = random.Uniform(-0.5, 0.5);
  const double sigma = random.Uniform(0.2, 6), step = random.Uniform(-40, 40);
  const int edge = static_cast<int>(random.Integer(static_cast<std::uint32_t>(width)));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = level + slope_x * (x - width / 2) + slope_y * (y - height / 2) + (x > edge ? step : 0) +
                           sigma * random.Normal();
      image(y, x) = static_cast<float>(std::clamp(std::floor(value), low, high));
    }
  }
  return image;
}

/// An elliptic target of uneven contrast: opacity 0 or 1 on `cells` x `cells`, contrast of one sign around `contrast`.
inline Template RandomTemplate(RandomStream& random, int cells, int supersampling, double contrast = 1) {
  Template t;
  t.supersampling = supersampling;
  t.opacity = Image<float>(cells, cells);
  t.contrast = Image<float>(cells, cells);
  t.anchor_cells = {(cells - 1) / 2.0, (cells - 1) / 2.0};
  const double ratio = random.Uniform(0.4, 1);
  for (int y = 0; y < cells; ++y) {
    for (int x = 0; x < cells; ++x) {
      const double u = 2 * (x - t.anchor_cells.x) / cells, v = 2 * (y - t.anchor_cells.y) / cells / ratio;
      if (u * u + v * v > 1 && !(x == cells / 2 && y == cells / 2)) continue;  // never empty
      t.opacity(y, x) = 1;
      t.contrast(y, x) = static_cast<float>(contrast * random.Uniform(0.5, 1.5));
    }
  }
  return t;
}

}  // namespace mirst::test
