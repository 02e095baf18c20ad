#include "detector/model_driven/pstnn.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "detector/model_driven/image_filter.h"
#include "detector/model_driven/linear_algebra.h"
#include "detector/model_driven/patch_grid.h"
#include "detector/model_driven/tensor_svd.h"

namespace mirst {
namespace {

// How many singular values stay untouched. The published code looks at the tensor's numbers dealt out to as many rows
// as there are patches, which is not an unfolding.
int UntouchedValues(const Tensor& x) {
  const OneBlasThread one_thread;
  const std::vector<double> values = SingularValuesByGram(x.values.data(), x.slices, static_cast<int>(x.slice_size()));
  int large = 0;
  while (large < static_cast<int>(values.size()) && values[static_cast<std::size_t>(large)] >= 0.1 * values.front())
    ++large;
  return std::max(1, large);
}

}  // namespace

Image<double> PstnnPrior(ImageView<const float> frame) {
  const StructureEigenvalues eigen = StructureTensor(ToDouble(frame), GaussianWeights(3, 2), GaussianWeights(3, 9));
  Image<double> prior(frame.height(), frame.width());
  for (std::size_t i = 0; i < prior.size(); ++i) {
    const double l1 = eigen.larger.data()[i], l2 = eigen.smaller.data()[i];
    prior.data()[i] = l1 * l2 / (l1 + l2) * std::max(l1, l2);
  }
  StretchToUnit(prior);
  return prior;
}

PstnnResult Pstnn(ImageView<const float> frame, const PstnnOptions& options) {
  const int height = frame.height(), width = frame.width(), patch = options.patch_px;
  if (std::min(height, width) < patch) {
    throw BadInput(fmt::format("a frame of {} x {} px is too small for PSTNN, the least is one patch, {} x {} px",
                               width, height, patch, patch));
  }
  std::vector<PatchCorner> corners;
  for (const int x : PatchStarts(width, patch, options.step_px)) {
    for (const int y : PatchStarts(height, patch, options.step_px)) corners.push_back({y, x});
  }
  const int slices = static_cast<int>(corners.size());
  Tensor x(patch, patch, slices), prior(patch, patch, slices);
  CutPatches(ToDouble(frame), corners, 0, x);
  const double norm = FrobeniusNorm(x.values);
  PstnnResult result;
  if (norm == 0) {
    result.target = result.background = Image<double>(height, width);
    return result;
  }
  CutPatches(PstnnPrior(frame), corners, 0, prior);

  const double lambda = options.lambda / std::sqrt(static_cast<double>(patch) * slices);
  const int untouched = UntouchedValues(x);
  TensorSvd svd(patch, patch, slices, SvdDriver::kLeading);
  Tensor l(patch, patch, slices), s(patch, patch, slices);
  std::vector<double> y(x.size()), residual(x.size());
  std::vector<double> weight = std::vector<double>(x.size(), 1.0);
  double mu = options.mu;
  const int limit = options.iterations > 0 ? options.iterations : options.max_iterations;
  while (result.iterations < limit) {
    const std::size_t targets_before = CountPositive(s.values);
    for (std::size_t i = 0; i < x.size(); ++i) l.values[i] = x.values[i] - s.values[i] - y[i] / mu;
    svd.Shrink(l.values, [&](int, std::vector<double>& values) {
      for (std::size_t i = static_cast<std::size_t>(untouched); i < values.size(); ++i)
        values[i] = std::max(values[i] - 1 / mu, 0.0);
    });
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double value = std::max(x.values[i] - l.values[i] - y[i] / mu - weight[i] * lambda / mu, 0.0);
      s.values[i] = value;
      weight[i] = untouched / (value + 0.01) / prior.values[i];
      residual[i] = l.values[i] + value - x.values[i];
    }
    ++result.iterations;
    const std::size_t targets = CountPositive(s.values);
    if (options.iterations == 0 &&
        (FrobeniusNorm(residual) / norm < options.tolerance || (targets > 0 && targets == targets_before)))
      break;
    for (std::size_t i = 0; i < x.size(); ++i) y[i] += mu * residual[i];
    mu = std::min(options.mu_growth * mu, 1e10);
  }
  result.target = JoinPatches(s, corners, 0, height, width);
  result.background = JoinPatches(l, corners, 0, height, width);
  return result;
}

Responses PstnnDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  const PstnnResult result = Pstnn(window.front(), options_);
  return {{ToFloat(result.target)}, result.iterations};
}

}  // namespace mirst
