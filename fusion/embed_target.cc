#include "fusion/embed_target.h"

#include <fmt/format.h>

#include "core/error.h"

namespace mirst {

SensorTemplate PlaceTemplate(const Template& blurred, Vec2 centre_px, const PixelBox& picture_box) {
  if (!(centre_px.x >= 0 && centre_px.y >= 0 && centre_px.x <= picture_box.width - 1 &&
        centre_px.y <= picture_box.height - 1)) {
    throw BadInput(fmt::format("the place {:g},{:g} lies outside the picture, allowed: 0 to {} and 0 to {}",
                               centre_px.x, centre_px.y, picture_box.width - 1, picture_box.height - 1));
  }
  const SensorTemplate target = Quantise(ResampleToSensor(blurred, centre_px), MeanContrast(blurred));
  const PixelBox& box = target.box;
  if (!picture_box.Contains(box)) {
    throw BadInput(
        fmt::format("the target at {:g},{:g} reaches over columns {} to {} and rows {} to {}, allowed: 0 to {} and 0 "
                    "to {}, the picture's",
                    centre_px.x, centre_px.y, box.x, box.right() - 1, box.y, box.bottom() - 1, picture_box.width - 1,
                    picture_box.height - 1));
  }
  return target;
}

FusedTarget LayTarget(const Frame& background, const SensorTemplate& target, const EmbedRequest& request) {
  const Image<float> scene = EstimateScene(request.scene, {&background, 1}, 0, target.box, request.scene_radius_px);
  return Fuse(background.pixels, target, scene, SceneLevel(target, scene), request.limits, request.rule);
}

EmbeddedTarget WriteTarget(const Frame& background, const FusedTarget& fused, double gain,
                           const EmbedRequest& request) {
  EmbeddedTarget result;
  result.gain = gain;
  result.image = background.pixels;
  result.mask = Mask(background.pixels.height(), background.pixels.width(), 0);
  const Image<std::uint16_t> counts = ComposeWritten(fused, gain, request.scr, request.polarity);
  for (int y = 0; y < fused.box.height; ++y) {
    for (int x = 0; x < fused.box.width; ++x) {
      result.image(fused.box.y + y, fused.box.x + x) = static_cast<float>(counts(y, x));
      result.mask(fused.box.y + y, fused.box.x + x) = fused.mask(y, x);
    }
  }
  result.written = MeasureBox20(result.image, result.mask, result.mask, request.rule);
  result.scr_float = Measure(fused.problem, gain).scr;
  result.scr_empty = MeasureBox20(background.pixels, result.mask, result.mask, request.rule).scr;
  result.scr_delta = ScrDelta(result.image, background.pixels, result.mask, result.written.sigma_background);
  result.rounding_bound = 1 / (2.0 * result.written.target_px * result.written.sigma_background);
  result.clipped_share = ClippedShare(fused.problem, gain);
  result.weak = request.polarity * result.scr_delta < 0.5 * request.scr;
  return result;
}

EmbeddedTarget EmbedTarget(const Frame& background, const Template& blurred, const EmbedRequest& request) {
  const SensorTemplate target = PlaceTemplate(blurred, request.centre_px, background.pixels.box());
  const FusedTarget fused = LayTarget(background, target, request);
  const std::optional<double> gain = SolveGain(fused.problem, request.scr, request.polarity);
  if (!gain) {
    throw BadInput(fmt::format("SCR {:g} cannot be reached at {:g},{:g} by a {} target of {} px: at most {:.4g}",
                               request.scr, request.centre_px.x, request.centre_px.y,
                               request.polarity > 0 ? "hot" : "cold", fused.problem.mask.size(),
                               LargestScr({&fused.problem, 1}, request.polarity)));
  }
  EmbeddedTarget result = WriteTarget(background, fused, *gain, request);
  result.centroid_px = target.centroid_px;
  return result;
}

}  // namespace mirst
