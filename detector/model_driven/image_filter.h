// The small filters that the model-driven methods share, in double. Borders in the terms of their papers: symmetric
// repeats the edge pixel and then mirrors, replicate repeats it for ever.
#pragma once

#include <vector>

#include "core/image.h"

namespace mirst {

enum class Border { kSymmetric, kReplicate };

/// Index of [0, size) that stands for `index`, at any distance.
int BorderIndex(int index, int size, Border border);

Image<double> ToDouble(ImageView<const float> image);
Image<float> ToFloat(const Image<double>& image);
/// `image` with `margin` px more on each side.
Image<double> Pad(const Image<double>& image, int margin, Border border);

/// exp(-x^2 / (2 sigma^2)) on whole offsets, sum 1; `size` odd.
std::vector<double> GaussianWeights(int size, double sigma);
/// The square filter whose rows and columns both weigh as `weights` (odd length), normalised as they are.
Image<double> FilterSeparably(const Image<double>& image, const std::vector<double>& weights, Border border);
/// Sums over size x size px (odd), symmetric border; exact for whole numbers.
Image<double> BoxSum(const Image<double>& image, int size, Border border);

/// Eigenvalues of the structure tensor, larger >= smaller: gradients (central differences, one-sided on the border) of
/// the image smoothed by `smoothing`, their products averaged by `integration`.
struct StructureEigenvalues {
  Image<double> larger, smaller;
};
StructureEigenvalues StructureTensor(const Image<double>& image, const std::vector<double>& smoothing,
                                     const std::vector<double>& integration);

/// (value - min) / (max - min) over the finite values; what is not a number afterwards becomes 0.
void StretchToUnit(Image<double>& image);

}  // namespace mirst
