// Every option of `mirst generate`, with units, ranges and defaults; YAML and flags fill this struct and the manifest
// stores it. `mirst generate --print-config` prints it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "datasets/sequence_source.h"
#include "fusion/scene_estimate.h"
#include "generator/quota_options.h"
#include "generator/registration.h"
#include "generator/sampling_law.h"
#include "generator/sensor_options.h"
#include "renderer/render_template.h"

namespace mirst {

enum class ScrMode { kSequenceMean, kPerFrame, kRadiometric, kContrast };
enum class OnInfeasible { kRefuse, kLower };
enum class ReferenceLevel { kAbsolute, kLocal };
enum class CountLimitRule { kAutomatic, kFormat };
/// How the further targets of a sequence move with respect to the first one.
enum class Grouping { kIndependent, kCrossing, kFormation, kSwarm };
enum class OnUnregistered { kCameraFixed, kRefuse };
/// What becomes of the real targets that a background is known to hold.
enum class RealTargets { kAvoid, kExcise, kIgnore };
enum class HeldOutModels { kShared, kHeldOut };
enum class ForegroundRule { kNone, kEstimated };
enum class PsfShape { kGaussian, kAiry };

struct BackgroundOptions {
  std::vector<std::string> paths;  ///< source roots; none = the procedural stand-in
  std::vector<std::string> names;  ///< shell patterns: only sources so named; none = all
  std::string library;             ///< catalogue of `mirst inspect --library`, in place of paths
  int procedural_sources = 6;      ///< how many stand-ins to make
  RealTargets real_targets = RealTargets::kAvoid;
  ProceduralOptions procedural;
};

struct ModelOptions {
  std::vector<std::string> paths;  ///< model files, folders, or "builtin:NAME"; none = the built-in ones that fly
  std::string materials;           ///< YAML material map; empty = defaults
};

struct CameraOptions {
  double focal_length_mm = 100;
  double pixel_pitch_um = 17;
  std::pair<double, double> band_um{8, 14};
  double f_number = 1.4;
  PsfShape psf = PsfShape::kGaussian;
  std::optional<double> psf_sigma_px;  ///< none = 0.450 lambda F / pitch
  double defocus_um = 0;               ///< these two: kAiry alone
  double jitter_px = 0;
  double halo_share = 0;  ///< of the light, over a wider Gaussian
  double halo_sigma_px = 1.5;
  double fill_factor = 1;
  double integration_share = 0.25;  ///< of the frame time, for motion smear
  CountLimitRule count_limits = CountLimitRule::kAutomatic;
  std::optional<double> saturation_counts;  ///< where a target's light ends before the limits do
};

struct SceneOptions {
  double air_temperature_k = 288.15;
  double background_temperature_k = 270;
  std::string atmosphere = "none";  ///< or a profile, or a table's file
  double altitude_m = 0;
  std::optional<double> visibility_km;  ///< none = the profile's
  HazeLaw haze_law = HazeLaw::kKruse;
  std::optional<double> sky_temperature_k, ground_temperature_k;  ///< none = the air's
  std::optional<double> sun_elevation_deg;                        ///< none = no sun
  double sun_azimuth_deg = Sun{}.azimuth_deg;
  double sun_transmission = Sun{}.transmission;
  double sun_irradiance_w_m2 = Sun{}.irradiance_w_m2;
  double camera_elevation_deg = 0;
};

struct TargetOptions {
  std::pair<double, double> count{1, 1};
  Grouping grouping = Grouping::kIndependent;
  std::pair<double, double> spacing_px{3, 12};
  SamplingLaw area_px{1, 81};  ///< a plain interval is log-uniform
  double hot_share = 0.7;
  double tilt_deg = 15;
  int supersampling = 8;
  std::optional<double> mach;  ///< none = the class's usual speed
};

struct TrackOptions {
  SamplingLaw speed_px_per_frame{0.2, 4};  ///< a plain interval is uniform
  double acceleration_px_per_frame2 = 0.05;
  double turn_rate_deg_per_frame = 0.5;
  double range_ratio = 1;
  std::string model = "accelerated 0.5, straight 0.5";  ///< names and weights (generator/motion_models.h)
  std::pair<double, double> speed_m_per_s{0, 0};        ///< [0, 0]: speed_px_per_frame holds
  std::pair<double, double> heading_rate_deg_per_frame{0.5, 3};
  double correlation_frames = 10;
  double jitter_px = 0.5;
  int waypoints = 5;
  double entry_share = 0;
  double exit_share = 0;
  std::string file;  ///< of paths that are given; empty: they are drawn
  RegistrationMethod registration = RegistrationMethod::kNone;
  OnUnregistered on_unregistered = OnUnregistered::kCameraFixed;
};

struct ScrOptions {
  ScrMode mode = ScrMode::kSequenceMean;
  std::string id = "box20";
  SamplingLaw range{0.5, 8};  ///< a plain interval is uniform below and above 3, by low_share
  double low_share = 0.65;
  SamplingLaw contrast_counts{20, 400};  ///< kContrast, in place of range; a plain interval is log-uniform
  OnInfeasible on_infeasible = OnInfeasible::kRefuse;
  int placements = 160;
};

struct FusionOptions {
  ReferenceLevel reference_level = ReferenceLevel::kAbsolute;
  SceneMethod scene = SceneMethod::kMedian;
  int scene_radius_px = 3;
};

/// What lies between camera and target (generator/occlusion.h).
struct OcclusionOptions {
  ForegroundRule foreground = ForegroundRule::kNone;
  double texture_limit = 6;
  double cloud_opacity = 0;
  std::string layers;  ///< folder of given layers; empty: none
  std::pair<double, double> seen_share{0.25, 1};
  double hidden_below = 0.05;
};

/// What looks like a target and is none; counts a sequence (generator/decoys.h).
struct DecoyOptions {
  int dead_pixels = 0;
  int blinking_pixels = 0;
  int glints = 0;
  int cloud_edges = 0;
  int birds = 0;
  std::pair<double, double> amplitude_sigma{3, 10};
  int margin_px = 6;
};

struct SplitOptions {
  double val_share = 0.15;
  double test_share = 0.2;
  HeldOutModels models = HeldOutModels::kShared;
};

struct GenerateOptions {
  std::uint64_t seed = 0;
  int sequences = 24;
  std::pair<double, double> frames{40, 60};
  int avoid_margin_px = 8;
  bool pairs = false;
  BackgroundOptions backgrounds;
  ModelOptions models;
  CameraOptions camera;
  SceneOptions scene;
  TargetOptions target;
  TrackOptions track;
  ScrOptions scr;
  FusionOptions fusion;
  OcclusionOptions occlusion;
  DecoyOptions decoys;
  SensorOptions sensor;
  CodecOptions codec;
  SplitOptions split;
  QuotaOptions quota;

  // The laws with their plain intervals read as what they stand for.
  SamplingLaw AreaLaw() const;
  SamplingLaw SpeedLaw() const;
  SamplingLaw ScrLaw() const;
  SamplingLaw ContrastLaw() const;
  /// Largest mean mask area that may be asked for, px.
  double LargestAreaPx() const;
};

void Visit(OptionsVisitor& visitor, GenerateOptions& options);
void AddFaults(OptionsReader& reader, const GenerateOptions& options);

}  // namespace mirst
