// What a target is made of and what kind of thing it is, from YAML maps of name patterns (configs/materials.yaml and
// configs/targets, which are also built in as the defaults): temperature and emissivity of each part, hot zones, class,
// plausible length, usual speed, axes. Knows no geometry.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "renderer/emissivity.h"
#include "renderer/motion.h"
#include "renderer/thermal.h"

namespace mirst {

/// Surfaces hotter than this are refused, K.
inline constexpr double kMaxSurfaceTemperature_K = 5000;

/// The air that a target flies through and what heats it; of skins whose temperature is solved.
struct HeatState {
  double air_temperature_k = 288.15;
  double mach = 0;
  double environment_temperature_k = 288.15;  ///< what skins radiate to
  double solar_irradiance_w_m2 = 0;           ///< of all wavelengths, across the rays
};

/// How a surface's temperature is known.
struct SurfaceTemperature {
  enum class Rule {
    kAboveAir,     ///< assigned: air + value_k
    kAbsolute,     ///< assigned: value_k
    kRecovery,     ///< from the flow: recovery temperature + value_k
    kSkinBalance,  ///< solved: flow, sun and surroundings in balance
  };
  Rule rule = Rule::kAboveAir;
  double value_k = 0;
  double recovery_factor = kTurbulentRecovery;
  double convection_w_m2_k = 0;  ///< of kSkinBalance
  friend bool operator==(const SurfaceTemperature&, const SurfaceTemperature&) = default;
};
/// "350 K", "air + 25 K", "recovery (r = 0.892) + 3 K", "skin balance (h = 60 W/m2/K)"
std::string ToString(const SurfaceTemperature& temperature);

struct Material {
  SurfaceTemperature temperature;
  BandEmissivity emissivity;
  double solar_absorptance = 0.6;  ///< of all wavelengths, [0, 1]; of kSkinBalance
  bool ignored = false;            ///< the part is no part of the body (a propeller's painted disc, a shadow)

  /// Kelvins; `cos_sun`: between the surface's normal and the sun, 0 in its shadow.
  double Temperature(const HeatState& state, double cos_sun) const;
};

/// A place on the body with a material of its own: where a model's parts are not named after what they are.
struct Zone {
  std::string name;
  /// Shares of the body's box along x (0 = tail, 1 = nose), y (0 = right, 1 = left), z (0 = bottom, 1 = top).
  std::array<std::pair<double, double>, 3> shares{{{0, 1}, {0, 1}, {0, 1}}};
  /// Limits in metres from the middle of the body's box, along the same axes; as well as the shares.
  std::array<std::optional<std::pair<double, double>>, 3> metres;
  Material material;
};

/// How the body of a class lies in its box; helps to find axes that a file does not tell.
enum class BodyShape {
  kAny,
  kFlat,  ///< lower than wide and long: aircraft
  kLong,  ///< longest from tail to nose: ships, missiles, cars
};

/// What is known of a model beforehand. Axes are signed letters of the file's own frame: "+x" ... "-z".
struct TargetKind {
  std::string class_name = "target";
  std::optional<std::string> up;
  std::optional<std::string> forward;
  std::optional<double> metres_per_unit;
  std::optional<double> length_m;  ///< the largest extent, exactly
  std::optional<std::pair<double, double>> plausible_length_m;
  std::optional<double> nominal_length_m;
  BodyShape shape = BodyShape::kAny;
  double speed_m_s = 0;  ///< usual, through the air
};

struct MaterialRules;

class MaterialMap {
 public:
  /// The rules of `layers` in their order, then the built-in ones: the first rule that matches wins. Of the built-in
  /// rules those that ignore parts go first, then those that name parts or places, last the skins of whole classes.
  /// Throws kBadInput with file and line: not YAML, an unknown key, T outside (0, 5000] K, an emissivity outside [0,
  /// 1].
  explicit MaterialMap(const std::vector<std::filesystem::path>& layers = {});
  ~MaterialMap();
  MaterialMap(const MaterialMap&) = delete;
  MaterialMap& operator=(const MaterialMap&) = delete;

  /// `model_name` without folder and extension; upper and lower case are one.
  TargetKind KindOf(std::string_view model_name) const;
  Material Of(std::string_view class_name, std::string_view part_name) const;
  std::vector<Zone> ZonesOf(std::string_view class_name) const;
  std::vector<MotionRule> MotionsOf(std::string_view class_name) const;

 private:
  std::unique_ptr<MaterialRules> rules_;
};

}  // namespace mirst
