// IPI, the infrared patch-image model: overlapping patches as the columns of one matrix, split into a background of low
// rank and sparse targets. Gao, Meng, Yang, Wang, Zhou, Hauptmann, IEEE Trans. Image Process. 22(12), 4996 (2013).
#pragma once

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct IpiOptions {
  int patch_px = 50;
  int step_px = 10;
  double tolerance = 1e-6;  ///< relative change that ends the iteration
  int max_iterations = 1000;
  int iterations = 0;  ///< exactly so many, 0: the published rules
  friend bool operator==(const IpiOptions&, const IpiOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, IpiOptions& o) {
  visitor.Integer("patch_px", o.patch_px, {2, 200}, "side of the square patches");
  visitor.Integer("step_px", o.step_px, {1, 200}, "from patch to patch, both ways");
  visitor.Real("tolerance", o.tolerance, {0, 1}, "relative change at which the iteration ends");
  visitor.Integer("max_iterations", o.max_iterations, {1, 100000}, "bound of the iteration");
  visitor.Integer("iterations", o.iterations, {0, 100000}, "exactly so many iterations; 0: the published rules decide");
}

struct IpiResult {
  Image<double> target, background;  ///< in units of the frame's range, (count - min) / (max - min)
  int iterations = 0;
};

/// Pixels right of and below the last whole patch are 0 in both. A frame of one value gives 0 everywhere. Throws
/// kBadInput for frames of fewer than four patches: the start looks at the fourth singular value.
IpiResult Ipi(ImageView<const float> frame, const IpiOptions& options = {});

class IpiDetector final : public ModelDrivenDetector {
 public:
  explicit IpiDetector(const IpiOptions& options = {}) : options_(options) {}
  std::string_view id() const override { return "ipi"; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  IpiOptions options_;
};

}  // namespace mirst
