// WSNM-STIPT: frames of a sequence as a spatio-temporal tensor, background of low rank under the weighted Schatten
// p-norm. Sun, Yang, Li, An, Infrared Physics and Technology 102, 103050 (2019).
#pragma once

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct WsnmStiptOptions {
  int frames = 4;
  double lambda = 5;  ///< over sqrt(max(height, width) frames)
  double c = 5;       ///< times sqrt(height width)
  double p = 0.8;
  double mu = 1e-2;
  double mu_growth = 1.1;
  double tolerance = 1e-7;
  int max_iterations = 500;
  int iterations = 0;
  friend bool operator==(const WsnmStiptOptions&, const WsnmStiptOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, WsnmStiptOptions& o) {
  visitor.Integer("frames", o.frames, {1, 64}, "frames looked at together");
  visitor.Real("lambda", o.lambda, {1e-6, 1e6}, "weight of the target, over sqrt(max(height, width) frames)");
  visitor.Real("c", o.c, {1e-6, 1e6}, "weight of the singular values, times sqrt(height width)");
  visitor.Real("p", o.p, {0.01, 0.99}, "exponent of the Schatten norm");
  visitor.Real("mu", o.mu, {1e-12, 1e6}, "penalty at the start");
  visitor.Real("mu_growth", o.mu_growth, {1, 10}, "growth of the penalty in each iteration");
  visitor.Real("tolerance", o.tolerance, {0, 1}, "relative residual at which the iteration ends");
  visitor.Integer("max_iterations", o.max_iterations, {1, 100000}, "bound of the iteration");
  visitor.Integer("iterations", o.iterations, {0, 100000},
                  "exactly so many iterations; 0: until the target's tensor rank stays the same");
}

struct WsnmStiptResult {
  std::vector<Image<double>> targets;  ///< counts, >= 0, one a frame
  int iterations = 0;
};

/// `frames`: options.frames of one size. The published code counts singular values > 0 to the last bit, which rounding
/// decides; here a value counts above max(height, width) eps times the largest. Frames of zeros give 0 everywhere.
WsnmStiptResult WsnmStipt(const std::vector<ImageView<const float>>& frames, const WsnmStiptOptions& options = {});

class WsnmStiptDetector final : public ModelDrivenDetector {
 public:
  explicit WsnmStiptDetector(const WsnmStiptOptions& options = {}) : options_(options) {}
  std::string_view id() const override { return "wsnm_stipt"; }
  int window_frames() const override { return options_.frames; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  WsnmStiptOptions options_;
};

}  // namespace mirst
