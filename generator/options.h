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
#include "generator/sensor_options.h"

namespace mirst {

enum class ScrMode { kSequenceMean, kPerFrame, kRadiometric };
enum class OnInfeasible { kRefuse, kLower };
enum class ReferenceLevel { kAbsolute, kLocal };
enum class CountLimitRule { kAutomatic, kFormat };
/// How the further targets of a sequence move with respect to the first one.
enum class Grouping { kIndependent, kCrossing, kFormation };
enum class ForegroundRule { kNone, kEstimated };

struct BackgroundOptions {
  std::vector<std::string> paths;  ///< source roots; none = the procedural stand-in
  std::string library;             ///< catalogue of `mirst inspect --library`, in place of paths
  int procedural_sources = 6;      ///< how many stand-ins to make
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
  std::optional<double> psf_sigma_px;  ///< none = 0.450 lambda F / pitch
  double integration_share = 0.25;     ///< of the frame time, for motion smear
  CountLimitRule count_limits = CountLimitRule::kAutomatic;
};

struct SceneOptions {
  double air_temperature_k = 288.15;
  double background_temperature_k = 270;
  std::string atmosphere;
};

struct TargetOptions {
  std::pair<double, double> count{1, 1};
  Grouping grouping = Grouping::kIndependent;
  std::pair<double, double> spacing_px{3, 12};
  std::pair<double, double> area_px{1, 81};
  double hot_share = 0.7;
  double tilt_deg = 15;
  int supersampling = 8;
};

struct TrackOptions {
  std::pair<double, double> speed_px_per_frame{0.2, 4};
  double accelerated_share = 0.5;
  double acceleration_px_per_frame2 = 0.05;
  double turn_rate_deg_per_frame = 0.5;
  double range_ratio = 1;
};

struct ScrOptions {
  ScrMode mode = ScrMode::kSequenceMean;
  std::string id = "box20";
  std::pair<double, double> range{0.5, 8};
  double low_share = 0.65;
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
};

void Visit(OptionsVisitor& visitor, GenerateOptions& options);
void AddFaults(OptionsReader& reader, const GenerateOptions& options);

}  // namespace mirst
