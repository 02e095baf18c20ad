#include "detector/model_driven/wsnm_stipt.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "detector/model_driven/image_filter.h"
#include "detector/model_driven/tensor_svd.h"

namespace mirst {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// Generalised soft thresholding: the minimiser of |x - s|^2 / 2 + v |x|^p, with v = c / (value before).
void ShrinkSchatten(std::vector<double>& values, double c, double p) {
  for (double& value : values) {
    const double s = value;
    double t = s;
    for (int outer = 0; outer < 3; ++outer) {
      const double v = c / (t + kEpsilon), base = 2 * v * (1 - p);
      const double threshold = std::pow(base, 1 / (2 - p)) + p * v * std::pow(base, (p - 1) / (2 - p));
      t = 0;
      if (s <= threshold) continue;
      t = s;
      for (int inner = 0; inner < 2; ++inner) t = s - p * v * std::pow(t, p - 1);
    }
    value = t;
  }
}

// Singular values of the mean over the spectrum's slices, the conjugate ones included, that are not rounding.
std::size_t TensorRank(TensorSvd& svd, const Tensor& t) {
  const std::vector<std::vector<double>> values = svd.Values(t.values);
  std::vector<double> mean(values.front().size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double share = (k == 0 || 2 * static_cast<int>(k) == t.slices ? 1.0 : 2.0) / t.slices;
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += share * values[k][i];
  }
  const double floor = mean.empty() ? 0.0 : std::max(t.rows, t.columns) * kEpsilon * mean.front();
  return static_cast<std::size_t>(std::count_if(mean.begin(), mean.end(), [&](double v) { return v > floor; }));
}

}  // namespace

WsnmStiptResult WsnmStipt(const std::vector<ImageView<const float>>& frames, const WsnmStiptOptions& options) {
  const int height = frames.front().height(), width = frames.front().width();
  const int slices = static_cast<int>(frames.size());
  Tensor x(width, height, slices);  // a row of the frame is a column: singular values know no difference
  auto next = x.values.begin();
  for (const ImageView<const float>& frame : frames) {
    for (int y = 0; y < height; ++y) next = std::copy_n(frame.row(y), width, next);
  }
  WsnmStiptResult result{std::vector<Image<double>>(frames.size(), Image<double>(height, width)), 0};
  const double norm = FrobeniusNorm(x.values);
  if (norm == 0) return result;

  const double lambda = options.lambda / std::sqrt(static_cast<double>(std::max(height, width)) * slices);
  const double c = options.c * std::sqrt(static_cast<double>(height) * width);
  TensorSvd svd(width, height, slices, SvdDriver::kLeading);
  Tensor b(width, height, slices), t(width, height, slices);
  std::vector<double> y(x.size()), weight(x.size(), 1.0), residual(x.size());
  double mu = options.mu;
  std::size_t rank_before = 0;
  const int limit = options.iterations > 0 ? options.iterations : options.max_iterations;
  while (result.iterations < limit) {
    for (std::size_t i = 0; i < x.size(); ++i) b.values[i] = x.values[i] - t.values[i] - y[i] / mu;
    svd.Shrink(b.values, [&](int, std::vector<double>& values) { ShrinkSchatten(values, c / mu, options.p); });
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double target = std::max(x.values[i] - b.values[i] - y[i] / mu - weight[i] * lambda / mu, 0.0);
      t.values[i] = target;
      weight[i] = 1 / (target + 0.01);
      residual[i] = b.values[i] + target - x.values[i];
      y[i] += mu * residual[i];
    }
    mu = std::min(options.mu_growth * mu, 1e10);
    ++result.iterations;
    if (options.iterations > 0) continue;
    if (FrobeniusNorm(residual) / norm < options.tolerance) break;
    const std::size_t rank = TensorRank(svd, t);
    if (rank == rank_before) break;
    rank_before = rank;
  }
  auto value = t.values.begin();
  for (Image<double>& target : result.targets) {
    std::copy_n(value, target.size(), target.begin());
    value += static_cast<std::ptrdiff_t>(target.size());
  }
  return result;
}

Responses WsnmStiptDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  const WsnmStiptResult result = WsnmStipt(window, options_);
  Responses responses{{}, result.iterations};
  for (const Image<double>& target : result.targets) responses.maps.push_back(ToFloat(target));
  return responses;
}

}  // namespace mirst
