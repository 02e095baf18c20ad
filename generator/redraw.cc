#include "generator/redraw.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "fusion/scene_estimate.h"
#include "generator/target_view.h"

namespace mirst {

std::optional<TakenApart> TakeApart(ImageView<const float> frame, ImageView<const float> background,
                                    const RedrawnTarget& target, int scene_radius_px) {
  const PixelBox& box = target.box;
  if (!PixelBox{0, 0, frame.width(), frame.height()}.Contains(box)) return std::nullopt;
  TakenApart parts;
  parts.scene = MedianScene(background, box, scene_radius_px);
  parts.left = parts.before = Image<double>(box.height, box.width);
  double weighted = 0, weight = 0;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      const double a = target.opacity(y, x), scene = static_cast<double>(parts.scene(y, x));
      const double own = static_cast<double>(background(box.y + y, box.x + x)) - scene;
      const double rest = static_cast<double>(frame(box.y + y, box.x + x)) - target.contrast(y, x) - (1 - a) * scene;
      parts.before(y, x) = own;
      parts.left(y, x) = rest;
      weighted += a * (rest - own);
      weight += a * a;
    }
  }
  parts.reference_level = weight > 0 ? weighted / weight : 0;
  for (std::size_t i = 0; i < parts.left.size(); ++i)
    parts.left.data()[i] -= target.opacity.data()[i] * parts.reference_level;
  return parts;
}

TargetRedraw::TargetRedraw(const Manifest& manifest)
    : options_(ReadOptions<GenerateOptions>(ConfigTree::FromText(manifest.config_json, "the manifest's config"))),
      camera_(options_) {}

const TargetModel* TargetRedraw::FindModel(const ManifestSequence& sequence, const std::string& path) {
  const auto [it, is_new] = models_.try_emplace(path);
  if (is_new) {
    std::vector<std::string> candidates = {path};
    for (const ManifestModel& model : sequence.models) {
      for (const std::string& root : options_.models.paths) {
        candidates.push_back((std::filesystem::path(root) / model.path).string());
      }
    }
    for (const std::string& candidate : candidates) {
      try {
        const TargetModel model = TargetModel::Load(candidate, options_.models.materials);
        const bool known = std::any_of(sequence.models.begin(), sequence.models.end(),
                                       [&](const ManifestModel& m) { return m.sha256 == model.sha256(); });
        if (known) it->second = model;
      } catch (const Error&) {
        continue;  // not there
      }
      if (it->second) break;
    }
  }
  return it->second ? &*it->second : nullptr;
}

std::optional<RedrawnTarget> TargetRedraw::Draw(const ManifestSequence& sequence, const Annotation& target) {
  if (target.visibility < 1 || target.area_px == 0) return std::nullopt;
  const TargetModel* model = FindModel(sequence, target.model);
  if (model == nullptr) return std::nullopt;
  RedrawnTarget drawn;
  drawn.sharp = *camera_.Sharp(*model, target.attitude, target.range_m);
  drawn.blurred = camera_.View(*model, target.attitude, target.range_m);
  const double unit = MeanContrast(drawn.blurred);
  const Vec2 smear = options_.camera.integration_share * target.velocity_px_per_frame;
  const int subexposures = 1 + static_cast<int>(4 * std::max(std::abs(smear.x), std::abs(smear.y)));
  Footprint footprint;
  drawn.centre_px = target.centroid_xy;
  // The centroid follows the centre one to one, but for the pixels' grid: each step leaves some per cent of the error.
  for (int step = 0; step < 6; ++step) {
    footprint = ResampleToSensor(drawn.blurred, drawn.centre_px, smear, subexposures, 1, options_.camera.fill_factor);
    drawn.centre_px = drawn.centre_px + (target.centroid_xy - Quantise(footprint, unit).centroid_px);
  }
  drawn.box = footprint.box;
  drawn.opacity = std::move(footprint.opacity);
  drawn.contrast = std::move(footprint.contrast);
  for (double& value : drawn.contrast) value *= target.gain;
  return drawn;
}

}  // namespace mirst
