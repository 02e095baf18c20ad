#include "fusion/fuse.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "fusion/quantise.h"

namespace mirst {

double SceneLevel(const SensorTemplate& target, const Image<float>& scene) {
  double sum = 0, weight = 0;
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      sum += target.opacity(y, x) * static_cast<double>(scene(y, x));
      weight += target.opacity(y, x);
    }
  }
  return sum / weight;
}

FusedTarget Fuse(ImageView<const float> background, const SensorTemplate& target, const Image<float>& scene,
                 double reference_level, CountLimits limits, const ScrRule& rule, const Mask* others,
                 const PixelSums* frame_sums) {
  if (!PixelBox{0, 0, background.width(), background.height()}.Contains(target.box)) {
    throw InternalError("the target's support leaves the frame");
  }
  FusedTarget fused;
  fused.box = target.box;
  fused.contrast = target.contrast;
  fused.mask = HalfMaxMask(target.coverage);
  fused.base = Image<double>(target.box.height, target.box.width);
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      const auto b = static_cast<double>(background(target.box.y + y, target.box.x + x));
      if (others != nullptr && (*others)(target.box.y + y, target.box.x + x) > 127) fused.mask(y, x) = 0;
      fused.base(y, x) = b + target.opacity(y, x) * (reference_level - static_cast<double>(scene(y, x)));
    }
  }
  fused.problem =
      MakeProblem(background, {fused.box, fused.base, fused.contrast, fused.mask}, limits, rule, others, frame_sums);
  return fused;
}

Image<double> Compose(const FusedTarget& fused, double gain) {
  Image<double> composed(fused.box.height, fused.box.width);
  const CountLimits limits = fused.problem.limits;
  for (std::size_t i = 0; i < composed.size(); ++i) {
    const double value = fused.base.data()[i] + gain * static_cast<double>(fused.contrast.data()[i]);
    composed.data()[i] = std::clamp(value, limits.low, limits.high);
  }
  return composed;
}

Image<std::uint16_t> ComposeWritten(const FusedTarget& fused, double gain, std::optional<double> scr, int polarity) {
  const Image<double> composed = Compose(fused, gain);
  const CountLimits limits = fused.problem.limits;
  if (!scr) return RoundKeepingSum(composed, fused.mask, limits);
  if (fused.problem.rule.statistic != ScrRule::Statistic::kMean) return RoundToNearest(composed, limits);
  return RoundKeepingSum(composed, fused.mask, limits, MaskSumForScr(fused.problem, gain, *scr, polarity));
}

}  // namespace mirst
