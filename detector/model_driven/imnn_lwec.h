// IMNN-LWEC: patches of three frames under the improved multi-mode nuclear norm, with a prior of local weighted entropy
// contrast. Luo, Li, Chen, Li, IEEE Trans. Geosci. Remote Sens. 60, 5004022 (2022), doi 10.1109/TGRS.2022.3230051.
#pragma once

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct ImnnLwecOptions {
  int frames = 3;
  int patch_px = 15;
  int step_px = 15;
  double lambda = 1.4;        ///< x 1e5 over sqrt(patch_px) x patches of all frames
  double omega = 5;           ///< one over the penalty at the start
  double pair_weight = 1e-3;  ///< of the mode pair (1, 2) against the two others
  double tolerance = 1e-4;
  int max_iterations = 400;
  int iterations = 0;
  friend bool operator==(const ImnnLwecOptions&, const ImnnLwecOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, ImnnLwecOptions& o) {
  visitor.Integer("frames", o.frames, {1, 64}, "frames looked at together");
  visitor.Integer("patch_px", o.patch_px, {2, 200}, "side of the square patches");
  visitor.Integer("step_px", o.step_px, {1, 200}, "from patch to patch, both ways");
  visitor.Real("lambda", o.lambda, {1e-9, 1e9}, "weight of the target, x 1e5 / (sqrt(patch_px) x number of patches)");
  visitor.Real("omega", o.omega, {1e-6, 1e6}, "one over the penalty at the start");
  visitor.Real("pair_weight", o.pair_weight, {1e-9, 1e9}, "weight of the mode pair (1, 2) against (1, 3) and (2, 3)");
  visitor.Real("tolerance", o.tolerance, {0, 1}, "relative residual at which the iteration ends");
  visitor.Integer("max_iterations", o.max_iterations, {1, 100000}, "bound of the iteration");
  visitor.Integer("iterations", o.iterations, {0, 100000}, "exactly so many iterations; 0: the published rules decide");
}

/// 0..4, larger where a pixel differs from its neighbourhood like a small target; flat frames give 0.
Image<double> ImnnLwecPrior(ImageView<const float> frame);

struct ImnnLwecResult {
  std::vector<Image<double>> targets, backgrounds;  ///< counts, one a frame; targets >= 0
  int iterations = 0;
};

/// `frames`: options.frames of one size. The weight of the target falls with the number of patches, so that small
/// frames may give 0 everywhere. Throws kBadInput for frames smaller than a patch.
ImnnLwecResult ImnnLwec(const std::vector<ImageView<const float>>& frames, const ImnnLwecOptions& options = {});

class ImnnLwecDetector final : public ModelDrivenDetector {
 public:
  explicit ImnnLwecDetector(const ImnnLwecOptions& options = {}) : options_(options) {}
  std::string_view id() const override { return "imnn_lwec"; }
  int window_frames() const override { return options_.frames; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  ImnnLwecOptions options_;
};

}  // namespace mirst
