// What a target is made of and what kind of thing it is, from a YAML map of name patterns (configs/materials.yaml, which
// is also built in as the default): temperature and emissivity of each part, hot zones, class, plausible length, axes.
// Knows no geometry.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mirst {

/// A surface temperature, absolute or relative to the air around.
struct SurfaceTemperature {
  double value_k = 0;
  bool above_air = true;
  double Kelvin(double air_temperature_k) const { return above_air ? air_temperature_k + value_k : value_k; }
  friend bool operator==(const SurfaceTemperature&, const SurfaceTemperature&) = default;
};
/// "air + 25 K" or "350 K"
std::string ToString(const SurfaceTemperature& temperature);

struct Material {
  SurfaceTemperature temperature;
  double emissivity = 0.95;  ///< in the band, [0, 1]
  bool ignored = false;      ///< the part is no part of the body (a propeller's painted disc, a shadow)
  friend bool operator==(const Material&, const Material&) = default;
};

/// A place on the body with a material of its own: where a model's parts are not named after what they are.
struct Zone {
  std::string name;
  /// Shares of the body's box along x (0 = tail, 1 = nose), y (0 = right, 1 = left), z (0 = bottom, 1 = top).
  std::array<std::pair<double, double>, 3> shares{{{0, 1}, {0, 1}, {0, 1}}};
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
};

class MaterialMap {
 public:
  /// The rules of `layers` in their order, then the built-in ones: the first rule that matches wins. Throws kBadInput
  /// with file and line: not YAML, an unknown key, T outside (0, 5000] K, an emissivity outside [0, 1].
  explicit MaterialMap(const std::vector<std::filesystem::path>& layers = {});
  ~MaterialMap();
  MaterialMap(const MaterialMap&) = delete;
  MaterialMap& operator=(const MaterialMap&) = delete;

  /// `model_name` without folder and extension; upper and lower case are one.
  TargetKind KindOf(std::string_view model_name) const;
  Material Of(std::string_view class_name, std::string_view part_name) const;
  std::vector<Zone> ZonesOf(std::string_view class_name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// True when `pattern` ('*' any run, '?' any character) covers all of `text`; upper and lower case are one.
bool MatchesPattern(std::string_view pattern, std::string_view text);

}  // namespace mirst
