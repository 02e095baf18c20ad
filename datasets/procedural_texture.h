// Random fields of the procedural stand-in: fractal textures on a torus, their sub-pixel sampling, and smooth paths in
// time. Additions, multiplications, divisions and square roots only, so that every machine makes the same values.
#pragma once

#include <span>

#include "core/image.h"
#include "core/random.h"

namespace mirst {

/// A sum of octaves of cubic B-spline noise; each octave halves the cells of the one before, down to about 1.5 px.
struct FractalShape {
  double cell_x_px = 64;  ///< lattice cell of the coarsest octave, along the row
  double cell_y_px = 64;  ///< the same, along the column
  double slope = 3;       ///< power spectral density falls with frequency to this power, 2..5
};

/// Shape (height, width), periodic both ways, mean 0 and standard deviation 1.
Image<float> FractalTexture(int height, int width, const FractalShape& shape, RandomStream& random);

/// Moves each texel's point of sampling by `amplitude_px` times the two displacement textures (all of one shape):
/// fields that look blown rather than blurred.
Image<float> Warp(const Image<float>& texture, const Image<float>& shift_x, const Image<float>& shift_y,
                  double amplitude_px);

/// out[i] = texture at column x + i, row y, by six-point Lagrange interpolation each way; the texture is periodic.
void SampleRow(const Image<float>& texture, double y, double x, std::span<float> out);

/// Optics blur with a standard deviation of exactly `sigma_px`, 0 ... 1.2, along either axis: three passes of a
/// three-point kernel, each tap within 0.04 of a sampled Gaussian's. Columns are periodic, rows end at the edge.
void BlurWithPsf(Image<float>& image, double sigma_px);

/// A smooth random function of time with standard deviation 1: a cubic B-spline whose knots lie `knot_frames` apart.
double SmoothPath(const RandomKey& key, double knot_frames, int frame);

/// 0 below `low`, 1 above `high`, a cubic between them.
double SmoothStep(double low, double high, double value);

}  // namespace mirst
