#include "generator/target_view.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/units.h"
#include "fusion/region_resample.h"

namespace mirst {
namespace {

Surroundings SurroundingsOf(const GenerateOptions& options) {
  const SceneOptions& scene = options.scene;
  Surroundings around{.band = {options.camera.band_um.first, options.camera.band_um.second},
                      .air_temperature_k = scene.air_temperature_k,
                      .background_temperature_k = scene.background_temperature_k,
                      .mach = options.target.mach,
                      .sky_temperature_k = scene.sky_temperature_k,
                      .ground_temperature_k = scene.ground_temperature_k,
                      .camera_elevation_deg = scene.camera_elevation_deg};
  if (scene.sun_elevation_deg) {
    around.sun =
        Sun{scene.sun_azimuth_deg, *scene.sun_elevation_deg, scene.sun_transmission, scene.sun_irradiance_w_m2};
  }
  around.atmosphere =
      Atmosphere::Named(scene.atmosphere, around.band, 1e-3 * scene.altitude_m, scene.visibility_km, scene.haze_law);
  return around;
}

}  // namespace

TargetCamera::TargetCamera(const GenerateOptions& options, std::size_t cache_bytes)
    : camera_(options.camera),
      supersampling_(options.target.supersampling),
      surroundings_(SurroundingsOf(options)),
      cache_(cache_bytes) {
  const auto& [low_um, high_um] = camera_.band_um;
  if (camera_.psf == PsfShape::kAiry) {
    lens_ = MakePsfKernel({.f_number = camera_.f_number,
                           .band_low_um = low_um,
                           .band_high_um = high_um,
                           .pixel_pitch_um = camera_.pixel_pitch_um,
                           .defocus_um = camera_.defocus_um,
                           .jitter_px = camera_.jitter_px},
                          supersampling_);
  } else {
    sigma_px_ = PsfSigmaPx(camera_);
  }
  if (camera_.halo_share > 0) {
    lens_ = WithHalo(lens_ ? *lens_ : MakeGaussianKernel(sigma_px_, supersampling_), camera_.halo_share,
                     camera_.halo_sigma_px);
  }
}

TargetRadiometry TargetCamera::Radiometry(const Template& view) const {
  // The optics spread opacity and contrast alike, so their sums are those of the template before them.
  double opacity = 0;
  for (const float value : view.opacity) opacity += static_cast<double>(value);
  const double tau = surroundings_.atmosphere.Transmission(view.range_m);
  const double background = BandRadiance(surroundings_.band, surroundings_.background_temperature_k);
  const double mean = MeanContrast(view);
  return {LabelNumber(background + (tau > 0 ? mean / tau : 0)), LabelNumber(background), LabelNumber(tau),
          LabelNumber(mean), LabelNumber(opacity / (supersampling_ * supersampling_))};
}

double TargetCamera::psf_reach_px() const {
  return lens_ ? 0.5 * lens_->weights.width() / supersampling_ : 4 * sigma_px_;
}

std::shared_ptr<const Template> TargetCamera::Sharp(const TargetModel& model, const Attitude& attitude,
                                                    double range_m) {
  return cache_.Render(model, {attitude, range_m, camera_.focal_length_mm, camera_.pixel_pitch_um}, surroundings_,
                       supersampling_);
}

Template TargetCamera::View(const TargetModel& model, const Attitude& attitude, double range_m) {
  const auto sharp = Sharp(model, attitude, range_m);
  return lens_ ? ApplyPsf(*sharp, *lens_) : ApplyGaussianPsf(*sharp, sigma_px_);
}

double PsfSigmaPx(const CameraOptions& camera) {
  if (camera.psf_sigma_px) return *camera.psf_sigma_px;
  return DiffractionSigmaPx(0.5 * (camera.band_um.first + camera.band_um.second), camera.f_number,
                            camera.pixel_pitch_um);
}

double MaskAreaPx(const Template& target, double fill_factor) {
  // Coverage alone decides; the contrast's unit does not matter here.
  const Footprint footprint = ResampleToSensor(target, {0, 0}, {}, 1, 1, fill_factor);
  const double peak = *std::max_element(footprint.opacity.begin(), footprint.opacity.end());
  return static_cast<double>(std::count_if(footprint.opacity.begin(), footprint.opacity.end(),
                                           [peak](double opacity) { return 2 * opacity >= peak; }));
}

double SolveRange(const TargetModel& model, const Attitude& attitude, double area_px, TargetCamera& camera) {
  const double pixels_per_radian = camera.options().focal_length_mm * 1e3 / camera.options().pixel_pitch_um;
  // The target's length spans 1.5 cells at the far end; at the near end the camera keeps two radii away.
  const auto rounded = [](double value) { return std::floor(value * 1000 + 0.5) / 1000; };
  const double far = model.length_m() * pixels_per_radian * camera.supersampling() / 1.5;
  const double near = std::min(2.0 * model.radius_m(), far);
  // Millimetres: no label depends on the last bit of libm, and the view found is the one that frames are made with.
  double range = rounded(std::clamp(model.length_m() * pixels_per_radian / (2 * std::sqrt(area_px)), near, far));
  double best_range = range, best_error = 1e300;
  for (int step = 0; step < 8; ++step) {
    double area = 0;
    try {
      area = MaskAreaPx(camera.View(model, attitude, range), camera.options().fill_factor);
    } catch (const Error&) {
      if (step == 7 || range <= near) throw;
      range = rounded(std::max(near, 0.5 * range));  // no ray hit: nearer
      continue;
    }
    const double error = std::abs(area - area_px);
    if (error < best_error) {
      best_error = error;
      best_range = range;
    }
    if (best_error <= std::max(0.5, 0.03 * area_px)) break;
    range = rounded(std::clamp(range * std::sqrt(area / area_px), near, far));
  }
  return best_range;
}

void HoldViews(const TargetModel& model, const TargetCamera& camera, TargetScenario& scenario) {
  constexpr double kLargestStep_cells = 1, kLargestTurn_deg = 2;
  const double cells_per_radian =
      camera.options().focal_length_mm * 1e3 / camera.options().pixel_pitch_um * camera.supersampling();
  const double nearest_m = scenario.range_m * std::min(1.0, scenario.range_ratio);
  const double radius_cells = model.radius_m() / nearest_m * cells_per_radian;
  const Attitude& rate = scenario.attitude_rate;
  const double turn_deg =
      std::sqrt(rate.roll_deg * rate.roll_deg + rate.pitch_deg * rate.pitch_deg + rate.yaw_deg * rate.yaw_deg);
  const double growth =
      std::abs(scenario.range_ratio - 1) / std::min(1.0, scenario.range_ratio) / std::max(1, scenario.frames - 1);
  // In units of what is allowed.
  const double motion =
      std::max(radius_cells * (turn_deg * kPi / 180 + growth) / kLargestStep_cells, turn_deg / kLargestTurn_deg);
  scenario.frames_a_view =
      motion * scenario.frames <= 1 ? scenario.frames : std::max(1, static_cast<int>(std::floor(1 / motion)));
}

int QuarterFrame(int quarter, int frames) { return quarter * (frames - 1) / kQuarters; }

TargetViews::TargetViews(const TargetModel& model, const TargetScenario& scenario, TargetCamera& camera)
    : model_(model),
      camera_(camera),
      scenario_(scenario),
      views_(scenario.KeepsItsView() ? 1 : static_cast<std::size_t>(scenario.frames)) {}

const Template& TargetViews::At(int frame) {
  const int first = scenario_.attitudes.empty() && scenario_.ranges_m.empty() ? scenario_.ViewFrame(frame) : frame;
  std::optional<Template>& view = views_[views_.size() == 1 ? 0 : static_cast<std::size_t>(first)];
  if (!view) view = camera_.View(model_, scenario_.AttitudeAt(frame), scenario_.RangeAt(frame));
  return *view;
}

const Template& TargetViews::Near(int frame) {
  if (!scenario_.attitudes.empty() || !scenario_.ranges_m.empty() || scenario_.frames == 1) return At(frame);
  const int quarter = (2 * kQuarters * frame + scenario_.frames - 1) / (2 * (scenario_.frames - 1));
  return At(QuarterFrame(quarter, scenario_.frames));
}

}  // namespace mirst
