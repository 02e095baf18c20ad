// Radiance of a black body: spectral, and within a band by the closed series of Widger and Woodall (Bull. Am. Meteorol.
// Soc. 57, 1976), in watts or in photons, its slope with temperature, and the temperature that has a given radiance.
// The exponential is computed with additions, multiplications and divisions only, so that every machine finds the same
// radiance to the last bit. docs/physics.md, equations (1) to (4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mirst {

/// A spectral band, micrometres, 0 < low < high.
struct Band {
  double low_um = 8;
  double high_um = 14;
  double middle_um() const { return 0.5 * (low_um + high_um); }
  friend bool operator==(const Band&, const Band&) = default;
};
/// "8-14 um"
std::string ToString(const Band& band);
/// Reads "8-14" or "8-14 um". Throws kUsage unless 0.1 <= low < high <= 1000.
Band ParseBand(std::string_view text);

/// Temperatures of black bodies, kelvins: (0, kMaxTemperature_K]; the sun's 5772 K among them.
inline constexpr double kMaxTemperature_K = 10000;

/// What is counted: watts (bolometers) or photons a second (photon detectors).
enum class Radiant { kWatts, kPhotons };

/// L(T) of a black body within the band, W m-2 sr-1 (photons s-1 m-2 sr-1); relative error below 1e-12, for bands as
/// narrow as the two doubles that bound them allow. Throws kBadInput outside (0, 10000] K or for a band that ParseBand
/// would refuse.
double BandRadiance(const Band& band, double temperature_k, Radiant radiant = Radiant::kWatts);

/// dL/dT, the same per kelvin; the exact derivative, no finite difference.
double BandRadianceSlope(const Band& band, double temperature_k, Radiant radiant = Radiant::kWatts);

/// Planck's law per micrometre of wavelength, W m-2 sr-1 um-1 (photons s-1 m-2 sr-1 um-1), and its slope per kelvin.
double SpectralRadiance(double wavelength_um, double temperature_k, Radiant radiant = Radiant::kWatts);
double SpectralRadianceSlope(double wavelength_um, double temperature_k, Radiant radiant = Radiant::kWatts);

/// The temperature of the black body whose band radiance is `radiance`: Newton on ln L over 1/T, which converges from
/// one side because ln L is convex there; error below 1e-9 K plus what the radiance's own last digit is worth. Throws
/// kBadInput unless 0 < radiance <= L(kMaxTemperature_K), and where the temperature would lie below 1 K.
double BrightnessTemperature(const Band& band, double radiance, Radiant radiant = Radiant::kWatts);

/// L(T) of one band by cubic interpolation of ln L over 1/T: two to four times as fast as BandRadiance, relative error
/// below 1e-6 (in fact 3e-8) for temperatures within [low_k, high_k].
class PlanckTable {
 public:
  /// Throws kBadInput: a band or temperature that BandRadiance refuses, low_k >= high_k, high_k / low_k > 1000, or a
  /// radiance at low_k too small for a double.
  explicit PlanckTable(const Band& band, double low_k = 50, double high_k = 3000, Radiant radiant = Radiant::kWatts);

  double low_k() const { return low_k_; }
  double high_k() const { return high_k_; }
  /// `temperature_k` within [low_k, high_k]; outside, the exact radiance is computed.
  double Radiance(double temperature_k) const;

 private:
  struct Node {
    double log_radiance;
    double slope;  ///< d ln L / d(1/T), times the spacing of the nodes
  };
  Band band_;
  Radiant radiant_;
  double low_k_, high_k_;
  double first_per_k_, spacing_per_k_;
  std::vector<Node> nodes_;
};

}  // namespace mirst
