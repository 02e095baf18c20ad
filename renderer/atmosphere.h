// How much infrared a horizontal path lets through, and what it adds: band transmission by a stretched exponential or
// by a table, aerosol extinction by visibility, path radiance. No scattering of sunlight into the path, no slant paths.
// docs/physics.md, equations (12) to (14).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "renderer/planck.h"

namespace mirst {

/// How the aerosol's extinction falls with wavelength: gamma ~ lambda^-q. The two differ below 6 km; Kim is the one for
/// fog and mist.
enum class HazeLaw { kKruse, kKim };

/// q of the Kruse or Kim law. Throws kBadInput unless visibility_km > 0.
double HazeExponent(double visibility_km, HazeLaw law);
/// Koschmieder: gamma = 3.912 / V (lambda / 0.55 um)^-q, km-1. Throws kBadInput.
double HazeExtinction(double visibility_km, double wavelength_um, HazeLaw law);

/// One band's transmission over the length of the path. Regular value; the default is vacuum.
class Atmosphere {
 public:
  Atmosphere() = default;

  /// Beer's law with one coefficient, km-1, >= 0.
  static Atmosphere Uniform(double extinction_per_km);
  /// exp(-a R^b), R in km; a >= 0, 0 < b <= 2.
  static Atmosphere StretchedExponential(double a, double b);
  /// Between points ln tau is linear in R, from tau = 1 at R = 0; behind the last point it goes on with the last slope.
  /// Ranges in km, rising above 0; transmissions in (0, 1], never rising. Throws kBadInput.
  static Atmosphere Table(std::vector<double> ranges_km, std::vector<double> transmissions);
  /// A .csv with the columns range_km,tau, or a .yaml with the lists range_km and tau. Throws kBadInput.
  static Atmosphere FromFile(const std::filesystem::path& path);
  /// A profile of configs/atmospheres.yaml (built in) at a height of the path; heights beyond the profile's count as
  /// its ends. `visibility_km`: of the aerosol; none = rural, 23 km; infinite = no aerosol; else Koschmieder at the
  /// band's middle. The profile's band that overlaps most with `band` is used; throws kBadInput where they share less
  /// than half of what they cover together, or for an unknown name.
  static Atmosphere Profile(const std::string& name, const Band& band, double altitude_km = 0,
                            std::optional<double> visibility_km = std::nullopt, HazeLaw law = HazeLaw::kKruse);
  static std::vector<std::string> ProfileNames();
  /// "none" = vacuum, a table's file (.csv, .yaml), or else a profile, with the arguments of Profile. Throws kBadInput.
  static Atmosphere Named(const std::string& name, const Band& band, double altitude_km,
                          std::optional<double> visibility_km, HazeLaw law);

  /// tau over `range_m` >= 0, in [0, 1].
  double Transmission(double range_m) const;
  /// Of the profile's air at that height; none for others.
  const std::optional<double>& air_temperature_k() const { return air_temperature_k_; }
  /// The band whose fit is used; none for others.
  const std::optional<Band>& fitted_band() const { return fitted_band_; }

 private:
  double a_ = 0, b_ = 1;                               // exp(-a R^b) ...
  double haze_per_km_ = 0;                             // ... times exp(-haze R)
  std::vector<double> ranges_km_, log_transmissions_;  // instead, where not empty
  std::optional<double> air_temperature_k_;
  std::optional<Band> fitted_band_;
};

/// What arrives of a source's radiance: tau L + (1 - tau) L_bb(T_air), same unit.
double ArrivingRadiance(double transmission, double source, double black_air);

}  // namespace mirst
