#include "datasets/procedural_texture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace mirst {
namespace {

int Wrap(int index, int period) { return (index % period + period) % period; }

std::array<float, 4> SplineWeights(double t) {
  const double u = 1 - t;
  return {static_cast<float>(u * u * u / 6), static_cast<float>((3 * t * t * t - 6 * t * t + 4) / 6),
          static_cast<float>((3 * u * u * u - 6 * u * u + 4) / 6), static_cast<float>(t * t * t / 6)};
}

// Weights of the nodes -2 ... 3 for a point t in [0, 1).
std::array<float, 6> LagrangeWeights(double t) {
  std::array<float, 6> weights{};
  for (int j = 0; j < 6; ++j) {
    double weight = 1;
    for (int m = 0; m < 6; ++m) {
      if (m != j) weight *= (t - (m - 2)) / (j - m);
    }
    weights[static_cast<std::size_t>(j)] = static_cast<float>(weight);
  }
  return weights;
}

// The four lattice points that a texel draws on, and how much of each.
struct Support {
  std::array<int, 4> index;
  std::array<float, 4> weight;
};

std::vector<Support> SupportsOf(int extent, int cells) {
  std::vector<Support> supports(static_cast<std::size_t>(extent));
  for (int i = 0; i < extent; ++i) {
    const double position = static_cast<double>(i) * cells / extent;
    const int first = static_cast<int>(position);
    Support& support = supports[static_cast<std::size_t>(i)];
    support.weight = SplineWeights(position - first);
    for (int j = 0; j < 4; ++j) support.index[static_cast<std::size_t>(j)] = Wrap(first + j - 1, cells);
  }
  return supports;
}

void AddOctave(Image<float>& texture, int cells_y, int cells_x, double amplitude, RandomStream& random) {
  const std::vector<Support> rows = SupportsOf(texture.height(), cells_y),
                             columns = SupportsOf(texture.width(), cells_x);
  Image<float> lattice(cells_y, cells_x), stretched(cells_y, texture.width());
  for (float& value : lattice) value = static_cast<float>(amplitude * random.Normal());
  for (int j = 0; j < cells_y; ++j) {
    for (int x = 0; x < texture.width(); ++x) {
      const Support& at = columns[static_cast<std::size_t>(x)];
      float sum = 0;
      for (std::size_t i = 0; i < 4; ++i) sum += at.weight[i] * lattice(j, at.index[i]);
      stretched(j, x) = sum;
    }
  }
  for (int y = 0; y < texture.height(); ++y) {
    const Support& at = rows[static_cast<std::size_t>(y)];
    const float* a = stretched.row(at.index[0]);
    const float* b = stretched.row(at.index[1]);
    const float* c = stretched.row(at.index[2]);
    const float* d = stretched.row(at.index[3]);
    float* out = texture.row(y);
    for (int x = 0; x < texture.width(); ++x) {
      out[x] += at.weight[0] * a[x] + at.weight[1] * b[x] + at.weight[2] * c[x] + at.weight[3] * d[x];
    }
  }
}

void Standardise(Image<float>& texture) {
  double sum = 0, squares = 0;
  for (const float value : texture) sum += static_cast<double>(value);
  const double mean = sum / static_cast<double>(texture.size());
  for (const float value : texture) {
    const double d = static_cast<double>(value) - mean;
    squares += d * d;
  }
  const double scale = 1 / std::sqrt(squares / static_cast<double>(texture.size()));
  for (float& value : texture) value = static_cast<float>((static_cast<double>(value) - mean) * scale);
}

// The square root of the power that an octave of `cell` holds: cell^((slope - 2) / 2), by square roots alone to 1/16.
double OctaveAmplitude(double cell, double slope) {
  double power = 1, root = cell;
  const int sixteenths = static_cast<int>(std::lround((slope - 2) * 8));
  for (int whole = sixteenths / 16; whole > 0; --whole) power *= cell;
  for (int bit = 8; bit >= 1; bit /= 2) {
    root = std::sqrt(root);
    if ((sixteenths % 16 & bit) != 0) power *= root;
  }
  return power;
}

}  // namespace

Image<float> FractalTexture(int height, int width, const FractalShape& shape, RandomStream& random) {
  Image<float> texture(height, width);
  const double aspect_root = std::sqrt(shape.cell_x_px * shape.cell_y_px);
  double scale = 1;
  while (std::max(shape.cell_x_px, shape.cell_y_px) * scale >= 1.5) {
    const auto cells = [scale](int extent, double cell) {
      const double finest = std::max(cell * scale, 1.5);
      return std::max(1, static_cast<int>(std::lround(extent / finest)));
    };
    const double amplitude = OctaveAmplitude(aspect_root * scale, shape.slope);
    AddOctave(texture, cells(height, shape.cell_y_px), cells(width, shape.cell_x_px), amplitude, random);
    scale /= 2;
  }
  Standardise(texture);
  return texture;
}

Image<float> Warp(const Image<float>& texture, const Image<float>& shift_x, const Image<float>& shift_y,
                  double amplitude_px) {
  Image<float> out(texture.height(), texture.width());
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      const double u = x + amplitude_px * static_cast<double>(shift_x(y, x));
      const double v = y + amplitude_px * static_cast<double>(shift_y(y, x));
      const double left = std::floor(u), top = std::floor(v);
      const double a = u - left, b = v - top;
      const int x0 = Wrap(static_cast<int>(left), out.width()), x1 = Wrap(x0 + 1, out.width());
      const int y0 = Wrap(static_cast<int>(top), out.height()), y1 = Wrap(y0 + 1, out.height());
      const auto at = [&texture](int row, int column) { return static_cast<double>(texture(row, column)); };
      out(y, x) = static_cast<float>((1 - b) * ((1 - a) * at(y0, x0) + a * at(y0, x1)) +
                                     b * ((1 - a) * at(y1, x0) + a * at(y1, x1)));
    }
  }
  return out;
}

void SampleRow(const Image<float>& texture, double y, double x, std::span<float> out) {
  const double top = std::floor(y), left = std::floor(x);
  const auto down = LagrangeWeights(y - top), along = LagrangeWeights(x - left);
  const int count = static_cast<int>(out.size()), needed = count + 5;
  std::vector<float> line(static_cast<std::size_t>(needed), 0.0F);
  for (int j = 0; j < 6; ++j) {
    const float weight = down[static_cast<std::size_t>(j)];
    const float* row = texture.row(Wrap(static_cast<int>(top) + j - 2, texture.height()));
    int source = Wrap(static_cast<int>(left) - 2, texture.width());
    for (int done = 0; done < needed; source = 0) {
      const int length = std::min(needed - done, texture.width() - source);
      float* target = line.data() + done;
      const float* from = row + source;
      for (int i = 0; i < length; ++i) target[i] += weight * from[i];
      done += length;
    }
  }
  const float* in = line.data();
  for (int i = 0; i < count; ++i) {
    out[static_cast<std::size_t>(i)] = along[0] * in[i] + along[1] * in[i + 1] + along[2] * in[i + 2] +
                                       along[3] * in[i + 3] + along[4] * in[i + 4] + along[5] * in[i + 5];
  }
}

void BlurWithPsf(Image<float>& image, double sigma_px) {
  const float side = static_cast<float>(sigma_px * sigma_px / 6), centre = 1 - 2 * side;
  const int height = image.height(), width = image.width();
  Image<float> other(height, width);
  for (int pass = 0; pass < 3; ++pass) {
    for (int y = 0; y < height; ++y) {
      const float* in = image.row(y);
      float* out = other.row(y);
      out[0] = centre * in[0] + side * (in[width - 1] + in[1]);
      for (int x = 1; x + 1 < width; ++x) out[x] = centre * in[x] + side * (in[x - 1] + in[x + 1]);
      out[width - 1] = centre * in[width - 1] + side * (in[width - 2] + in[0]);
    }
    for (int y = 0; y < height; ++y) {
      const float* above = other.row(std::max(y - 1, 0));
      const float* here = other.row(y);
      const float* below = other.row(std::min(y + 1, height - 1));
      float* out = image.row(y);
      for (int x = 0; x < width; ++x) out[x] = centre * here[x] + side * (above[x] + below[x]);
    }
  }
}

double SmoothPath(const RandomKey& key, double knot_frames, int frame) {
  const double position = frame / knot_frames;
  const double first = std::floor(position);
  const auto weights = SplineWeights(position - first);
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    RandomStream random(key.WithFrame(static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i)));
    sum += static_cast<double>(weights[i]) * random.Normal();
  }
  return sum * 1.4443;  // a cubic B-spline of independent knots has, on average, variance 151/315
}

double SmoothStep(double low, double high, double value) {
  const double t = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

}  // namespace mirst
