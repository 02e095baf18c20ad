#include "detector/model_driven/imnn_lwec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "core/error.h"
#include "core/parallel.h"
#include "detector/model_driven/image_filter.h"
#include "detector/model_driven/linear_algebra.h"
#include "detector/model_driven/patch_grid.h"
#include "detector/model_driven/tensor_svd.h"

namespace mirst {
namespace {

constexpr double kEpsilon = 1e-4;  // of the weights exp(-sigma / epsilon)
constexpr double kGrowth = 1.5;

/// Corners of a frame's patches: row by row of patches, the first row from right to left, the next back, and so on.
std::vector<PatchCorner> SnakingCorners(int height, int width, const ImnnLwecOptions& options) {
  std::vector<PatchCorner> corners;
  bool to_left = true;
  for (const int y : PatchStarts(height, options.patch_px, options.step_px)) {
    std::vector<int> columns = PatchStarts(width, options.patch_px, options.step_px);
    if (to_left) std::reverse(columns.begin(), columns.end());
    for (const int x : columns) corners.push_back({y, x});
    to_left = !to_left;
  }
  return corners;
}

// One of the three ways to look at the tensor: two modes span the slices, the third is transformed. Holds the auxiliary
// variable Z, its multiplier P, and the singular values of Z.
class ModePair {
 public:
  ModePair(const Tensor& shape, std::array<int, 3> order, double alpha)
      : extents_{shape.rows, shape.columns, shape.slices},
        order_(order),
        alpha_(alpha),
        svd_(Extent(0), Extent(1), Extent(2), SvdDriver::kFull, HighestFrequency::kHalf),
        z_(shape.size()),
        p_(shape.size()),
        values_(static_cast<std::size_t>(svd_.half_slices()),
                std::vector<double>(static_cast<std::size_t>(std::min(Extent(0), Extent(1))))) {}

  void UpdateZ(const std::vector<double>& l, double beta) {
    std::vector<double> permuted(l.size());
    ForEach([&](std::size_t here, std::size_t there) { permuted[there] = l[here] + p_[here] / beta; });
    svd_.Shrink(permuted, [&](int k, std::vector<double>& values) {
      std::vector<double>& before = values_[static_cast<std::size_t>(k)];
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = std::max(values[i] - alpha_ / beta / kEpsilon * std::exp(-before[i] / kEpsilon), 0.0);
      before = values;  // what the spectrum of Z will have, without another decomposition
      if (svd_.IsHalved(k)) {
        for (double& value : before) value /= 2;
      }
    });
    ForEach([&](std::size_t here, std::size_t there) { z_[here] = permuted[there]; });
  }
  void UpdateP(const std::vector<double>& l, double beta) {
    for (std::size_t i = 0; i < l.size(); ++i) p_[i] += beta * (l[i] - z_[i]);
  }
  double Share(std::size_t i, double beta) const { return z_[i] - p_[i] / beta; }

 private:
  int Extent(int mode) const { return extents_[static_cast<std::size_t>(order_[static_cast<std::size_t>(mode)])]; }
  /// Meets every element with its offset in the tensor and in the one whose modes are `order_`.
  template <class Meet>
  void ForEach(const Meet& meet) const {
    std::array<std::size_t, 3> stride{};  // in the permuted tensor, by mode of the tensor
    stride[static_cast<std::size_t>(order_[0])] = 1;
    stride[static_cast<std::size_t>(order_[1])] = static_cast<std::size_t>(Extent(0));
    stride[static_cast<std::size_t>(order_[2])] =
        static_cast<std::size_t>(Extent(0)) * static_cast<std::size_t>(Extent(1));
    std::size_t here = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(extents_[2]); ++k) {
      for (std::size_t c = 0; c < static_cast<std::size_t>(extents_[1]); ++c) {
        for (std::size_t r = 0; r < static_cast<std::size_t>(extents_[0]); ++r)
          meet(here++, r * stride[0] + c * stride[1] + k * stride[2]);
      }
    }
  }

  std::array<int, 3> extents_, order_;
  double alpha_;
  TensorSvd svd_;
  std::vector<double> z_, p_;
  std::vector<std::vector<double>> values_;
};

// Rows of patches whose spectral norm lies below the threshold vanish, others shrink.
void ShrinkRows(const Tensor& q, double threshold, Tensor& e) {
  ParallelFor(static_cast<std::size_t>(q.rows), [&](std::size_t row) {
    const OneBlasThread one_thread;
    std::vector<double> matrix(static_cast<std::size_t>(q.columns) * static_cast<std::size_t>(q.slices));
    const std::size_t rows = static_cast<std::size_t>(q.rows);
    for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = q.values[row + rows * i];
    const double norm = SingularValuesByGram(matrix.data(), q.columns, q.slices).front();
    const double factor = norm > 0 ? std::max(1 - threshold / norm, 0.0) : 0.0;
    for (std::size_t i = 0; i < matrix.size(); ++i) e.values[row + rows * i] = factor * matrix[i];
  });
}

}  // namespace

ImnnLwecResult ImnnLwec(const std::vector<ImageView<const float>>& frames, const ImnnLwecOptions& options) {
  const int height = frames.front().height(), width = frames.front().width(), patch = options.patch_px;
  if (std::min(height, width) < patch) {
    throw BadInput(fmt::format("a frame of {} x {} px is too small for IMNN-LWEC, the least is one patch, {} x {} px",
                               width, height, patch, patch));
  }
  const std::vector<PatchCorner> corners = SnakingCorners(height, width, options);
  const int per_frame = static_cast<int>(corners.size()), slices = per_frame * static_cast<int>(frames.size());
  Tensor x(patch, patch, slices), prior(patch, patch, slices);
  for (int f = 0; f < static_cast<int>(frames.size()); ++f) {
    const ImageView<const float>& frame = frames[static_cast<std::size_t>(f)];
    CutPatches(ToDouble(frame), corners, f * per_frame, x);
    CutPatches(ImnnLwecPrior(frame), corners, f * per_frame, prior);
  }
  Tensor l(patch, patch, slices), s(patch, patch, slices), e(patch, patch, slices), q(patch, patch, slices);
  ImnnLwecResult result;
  if (const double norm = FrobeniusNorm(x.values); norm > 0) {
    const double lambda = 1e5 * options.lambda / (std::sqrt(patch) * slices), lambda_rest = 50 * lambda;
    const double alpha = 1 / (2 + options.pair_weight);
    ModePair pair12(x, {0, 1, 2}, options.pair_weight * alpha), pair13(x, {0, 2, 1}, alpha),
        pair23(x, {1, 2, 0}, alpha);
    const std::array<ModePair*, 3> pairs = {&pair12, &pair13, &pair23};
    std::vector<double> g(x.size()), m(x.size()), weight(x.size()), residual(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) weight[i] = 1 / prior.values[i];
    double beta = 1 / options.omega, rho = 1 / options.omega;
    std::size_t targets_before = x.size();
    const int limit = options.iterations > 0 ? options.iterations : options.max_iterations;
    while (result.iterations < limit) {
      for (ModePair* pair : pairs) pair->UpdateZ(l.values, beta);
      for (std::size_t i = 0; i < x.size(); ++i) {
        double sum = 0;
        for (const ModePair* pair : pairs) sum += beta * pair->Share(i, beta);
        const double rest = x.values[i] - e.values[i] - g[i] + m[i] / rho;
        l.values[i] = (sum + rho * (rest - s.values[i])) / (rho + 3 * beta);
        s.values[i] = std::max(rest - l.values[i] - weight[i] * lambda / rho, 0.0);
        weight[i] = 2 / (s.values[i] + 0.01) / prior.values[i];
        q.values[i] = x.values[i] - l.values[i] - s.values[i] - g[i] + m[i] / rho;
      }
      ShrinkRows(q, lambda_rest / rho, e);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double rest = x.values[i] - l.values[i] - s.values[i] - e.values[i];
        g[i] = (rho * rest + m[i]) / (2 * lambda_rest + rho);
        residual[i] = rest - g[i];
      }
      ++result.iterations;
      const std::size_t targets = CountPositive(s.values);
      if (options.iterations == 0 && (FrobeniusNorm(residual) / norm < options.tolerance || targets == targets_before))
        break;
      targets_before = targets;
      for (ModePair* pair : pairs) pair->UpdateP(l.values, beta);
      for (std::size_t i = 0; i < x.size(); ++i) m[i] += rho * residual[i];
      beta = std::min(kGrowth * beta, 1e10);
      rho = std::min(kGrowth * rho, 1e4);
    }
  }
  for (int f = 0; f < static_cast<int>(frames.size()); ++f) {
    result.targets.push_back(JoinPatches(s, corners, f * per_frame, height, width));
    result.backgrounds.push_back(JoinPatches(l, corners, f * per_frame, height, width));
  }
  return result;
}

Responses ImnnLwecDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  const ImnnLwecResult result = ImnnLwec(window, options_);
  Responses responses{{}, result.iterations};
  for (const Image<double>& target : result.targets) responses.maps.push_back(ToFloat(target));
  return responses;
}

}  // namespace mirst
