// ASTTV-NTLA: frames of a sequence split into background and target under an asymmetric spatio-temporal total variation
// and a nonconvex low-rank term. Liu, Yang, Li, Sun, Wang, An, "Nonconvex tensor low-rank approximation for infrared
// small target detection", IEEE Trans. Geosci. Remote Sens. 60 (2022).
#pragma once

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct AsttvNtlaOptions {
  int frames = 3;
  double h = 10;  ///< weight of the target, over sqrt(max(height, width) frames)
  double total_variation = 0.01;
  double temporal = 1.25;  ///< temporal part of the total variation
  double noise = 100;      ///< weight of Gaussian noise
  double mu = 0.005;
  double mu_growth = 1.2;
  double tolerance = 1e-6;
  int max_iterations = 100;
  int iterations = 0;
  bool svd_step = false;
  enum class Start { kRandom, kFrames } start = Start::kRandom;
  friend bool operator==(const AsttvNtlaOptions&, const AsttvNtlaOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, AsttvNtlaOptions& o) {
  visitor.Integer("frames", o.frames, {1, 64}, "frames looked at together");
  visitor.Real("h", o.h, {1e-6, 1e6}, "weight of the target, over sqrt(max(height, width) frames)");
  visitor.Real("total_variation", o.total_variation, {0, 1e6}, "weight of the total variation");
  visitor.Real("temporal", o.temporal, {0, 1e6}, "factor of the temporal part of the total variation");
  visitor.Real("noise", o.noise, {0, 1e12}, "weight of Gaussian noise");
  visitor.Real("mu", o.mu, {1e-12, 1e6}, "penalty at the start");
  visitor.Real("mu_growth", o.mu_growth, {1, 10}, "growth of the penalty in each iteration");
  visitor.Real("tolerance", o.tolerance, {0, 1}, "relative residual at which the iteration ends");
  visitor.Integer("max_iterations", o.max_iterations, {1, 100000}, "bound of the iteration");
  visitor.Integer("iterations", o.iterations, {0, 100000}, "exactly so many iterations; 0: until the tolerance is met");
  visitor.Boolean("svd_step", o.svd_step,
                  "take the low-rank step of the published code: an identity in effect, at many times the cost");
  visitor.Choice("start", o.start, {"random", "frames"},
                 "background at the start: std::minstd_rand0 of seed 1, uniform in [0, 1), or the frames / 255");
}

struct AsttvNtlaResult {
  std::vector<Image<double>> targets, backgrounds;  ///< counts, one a frame; targets of both signs
  int iterations = 0;
};

/// `frames`: options.frames of one size, any size. Frames of zeros give 0 everywhere.
AsttvNtlaResult AsttvNtla(const std::vector<ImageView<const float>>& frames, const AsttvNtlaOptions& options = {});

class AsttvNtlaDetector final : public ModelDrivenDetector {
 public:
  explicit AsttvNtlaDetector(const AsttvNtlaOptions& options = {}) : options_(options) {}
  std::string_view id() const override { return "asttv_ntla"; }
  int window_frames() const override { return options_.frames; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  AsttvNtlaOptions options_;
};

}  // namespace mirst
