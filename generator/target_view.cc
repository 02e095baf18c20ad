#include "generator/target_view.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "fusion/psf.h"
#include "fusion/region_resample.h"

namespace mirst {

Template RenderSharp(const TargetModel& model, const Attitude& attitude, double range_m, const GenerateOptions& options,
                     TemplateCache& cache) {
  const CameraOptions& camera = options.camera;
  const View view{attitude, range_m, camera.focal_length_mm, camera.pixel_pitch_um};
  Surroundings surroundings{{camera.band_um.first, camera.band_um.second},
                            options.scene.air_temperature_k,
                            options.scene.background_temperature_k};
  if (!options.scene.atmosphere.empty())
    surroundings.atmosphere = Atmosphere::Profile(options.scene.atmosphere, surroundings.band);
  return *cache.Render(model, view, surroundings, options.target.supersampling);
}

Template RenderView(const TargetModel& model, const Attitude& attitude, double range_m, const GenerateOptions& options,
                    TemplateCache& cache) {
  return ApplyGaussianPsf(RenderSharp(model, attitude, range_m, options, cache), PsfSigmaPx(options.camera));
}

double PsfSigmaPx(const CameraOptions& camera) {
  if (camera.psf_sigma_px) return *camera.psf_sigma_px;
  return DiffractionSigmaPx(0.5 * (camera.band_um.first + camera.band_um.second), camera.f_number,
                            camera.pixel_pitch_um);
}

double MaskAreaPx(const Template& target) {
  // Coverage alone decides; the contrast's unit does not matter here.
  const Footprint footprint = ResampleToSensor(target, {0, 0});
  const double peak = *std::max_element(footprint.opacity.begin(), footprint.opacity.end());
  return static_cast<double>(std::count_if(footprint.opacity.begin(), footprint.opacity.end(),
                                           [peak](double opacity) { return 2 * opacity >= peak; }));
}

double SolveRange(const TargetModel& model, const Attitude& attitude, double area_px, const GenerateOptions& options,
                  TemplateCache& cache) {
  const double pixels_per_radian = options.camera.focal_length_mm * 1e3 / options.camera.pixel_pitch_um;
  // The target's length spans 1.5 cells at the far end; at the near end the camera keeps two radii away.
  const double far = model.length_m() * pixels_per_radian * options.target.supersampling / 1.5;
  const double near = std::min(2.0 * model.radius_m(), far);
  double range = std::clamp(model.length_m() * pixels_per_radian / (2 * std::sqrt(area_px)), near, far);
  double best_range = range, best_error = 1e300;
  for (int step = 0; step < 8; ++step) {
    double area = 0;
    try {
      area = MaskAreaPx(RenderView(model, attitude, range, options, cache));
    } catch (const Error&) {
      if (step == 7 || range <= near) throw;
      range = std::max(near, 0.5 * range);  // no ray hit: nearer
      continue;
    }
    const double error = std::abs(area - area_px);
    if (error < best_error) {
      best_error = error;
      best_range = range;
    }
    if (best_error <= std::max(0.5, 0.03 * area_px)) break;
    range = std::clamp(range * std::sqrt(area / area_px), near, far);
  }
  return std::floor(best_range * 1000 + 0.5) / 1000;  // millimetres: no label depends on the last bit of libm
}

TargetViews::TargetViews(const TargetModel& model, const TargetScenario& scenario, const GenerateOptions& options,
                         TemplateCache& cache)
    : model_(model),
      options_(options),
      cache_(cache),
      scenario_(scenario),
      views_(scenario.attitude_rate == Attitude{} && scenario.range_ratio == 1
                 ? 1
                 : static_cast<std::size_t>(scenario.frames)) {}

const Template& TargetViews::At(int frame) {
  std::optional<Template>& view = views_[views_.size() == 1 ? 0 : static_cast<std::size_t>(frame)];
  if (!view) view = RenderView(model_, scenario_.AttitudeAt(frame), scenario_.RangeAt(frame), options_, cache_);
  return *view;
}

}  // namespace mirst
