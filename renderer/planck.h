// In-band radiance of a black body and its slope with temperature: the closed series of Widger and Woodall (Bull. Am.
// Meteorol. Soc. 57, 1976). Energy units, not photons. The exponential is computed with additions, multiplications and
// divisions only, so that every machine finds the same radiance to the last bit.
#pragma once

#include <string>
#include <string_view>

namespace mirst {

/// A spectral band, micrometres, 0 < low < high.
struct Band {
  double low_um = 8;
  double high_um = 14;
  friend bool operator==(const Band&, const Band&) = default;
};
/// "8-14 um"
std::string ToString(const Band& band);
/// Reads "8-14" or "8-14 um". Throws kUsage unless 0.1 <= low < high <= 1000.
Band ParseBand(std::string_view text);

/// Temperatures that the renderer takes, kelvins: (0, kMaxTemperature_K].
inline constexpr double kMaxTemperature_K = 5000;

/// L(T) of a black body within the band, W m-2 sr-1; relative error below 1e-12. Throws kBadInput outside
/// (0, 5000] K or for a band that ParseBand would refuse.
double BandRadiance(const Band& band, double temperature_k);

/// dL/dT, W m-2 sr-1 K-1; the exact derivative of the same series.
double BandRadianceSlope(const Band& band, double temperature_k);

}  // namespace mirst
