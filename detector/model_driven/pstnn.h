// PSTNN: a tensor of patches split into background and target under the partial sum of the tensor nuclear norm, with a
// structure-tensor prior that spares edges. Zhang, Peng, Remote Sensing 11, 382 (2019).
#pragma once

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct PstnnOptions {
  int patch_px = 40;
  int step_px = 40;
  double lambda = 0.7;  ///< over sqrt(patch_px x patches)
  double mu = 2e-3;
  double mu_growth = 1.05;
  double tolerance = 1e-3;
  int max_iterations = 500;
  int iterations = 0;
  friend bool operator==(const PstnnOptions&, const PstnnOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, PstnnOptions& o) {
  visitor.Integer("patch_px", o.patch_px, {2, 400}, "side of the square patches");
  visitor.Integer("step_px", o.step_px, {1, 400}, "from patch to patch, both ways");
  visitor.Real("lambda", o.lambda, {1e-6, 1e6}, "weight of the target, over sqrt(patch_px x number of patches)");
  visitor.Real("mu", o.mu, {1e-12, 1e6}, "penalty at the start");
  visitor.Real("mu_growth", o.mu_growth, {1, 10}, "growth of the penalty in each iteration");
  visitor.Real("tolerance", o.tolerance, {0, 1}, "relative residual at which the iteration ends");
  visitor.Integer("max_iterations", o.max_iterations, {1, 100000}, "bound of the iteration");
  visitor.Integer("iterations", o.iterations, {0, 100000}, "exactly so many iterations; 0: the published rules decide");
}

/// 0..1, larger at corners and blobs than at edges; 0 where the frame is flat.
Image<double> PstnnPrior(ImageView<const float> frame);

struct PstnnResult {
  Image<double> target, background;  ///< counts; target >= 0
  int iterations = 0;
};

/// A frame of zeros gives 0 everywhere. Throws kBadInput for frames smaller than a patch.
PstnnResult Pstnn(ImageView<const float> frame, const PstnnOptions& options = {});

class PstnnDetector final : public ModelDrivenDetector {
 public:
  explicit PstnnDetector(const PstnnOptions& options = {}) : options_(options) {}
  std::string_view id() const override { return "pstnn"; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  PstnnOptions options_;
};

}  // namespace mirst
