#include "renderer/planck.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/units.h"

namespace mirst {
namespace {

constexpr double kC1_W_m2_sr = 2 * kPlanck_J_s * kLightSpeed_m_s * kLightSpeed_m_s;
constexpr double kC2_m_K = kPlanck_J_s * kLightSpeed_m_s / kBoltzmann_J_K;
// 2 k^4 / (h^3 c^2), W m-2 sr-1 K-4
constexpr double kSeries = 2 * kBoltzmann_J_K / kPlanck_J_s * (kBoltzmann_J_K / kPlanck_J_s) *
                           (kBoltzmann_J_K / kPlanck_J_s) * kBoltzmann_J_K / (kLightSpeed_m_s * kLightSpeed_m_s);

// e^-x for x >= 0: x = k ln 2 + r with |r| <= ln 2 / 2, Taylor polynomial of e^-r (next term below 1e-18).
double ExpOfMinus(double x) {
  if (x > 700) return 0;
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  const double k = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1;
  for (int n = 15; n >= 1; --n) sum = 1 - r / n * sum;
  return std::ldexp(sum, -static_cast<int>(k));
}

// x^power / (e^x - 1), written for large x.
double BoseTerm(double x, double x_to_power) {
  const double e = ExpOfMinus(x);
  return x_to_power * e / (1 - e);
}

// S3(x) = sum over n of e^-nx (x^3/n + 3 x^2/n^2 + 6 x/n^3 + 6/n^4): the share of the radiance beyond x = c2/(lambda T),
// that is at shorter wavelengths.
double ShortwaveSeries(double x) {
  const double e = ExpOfMinus(x);
  double power = 1, sum = 0;
  for (int n = 1; n <= 100000; ++n) {
    power *= e;
    const double m = 1.0 / n;
    const double term = power * m * (x * x * x + m * (3 * x * x + m * (6 * x + m * 6)));
    sum += term;
    if (term <= 1e-17 * sum) break;
  }
  return sum;
}

struct Limits {
  double x_low;   // of the band's short end, the larger x
  double x_high;  // of its long end
};

Limits CheckedLimits(const Band& band, double temperature_k) {
  if (!(temperature_k > 0 && temperature_k <= kMaxTemperature_K)) {
    throw BadInput(fmt::format("a temperature of {} K; allowed: above 0 to {} K", temperature_k, kMaxTemperature_K));
  }
  if (!(band.low_um >= 0.1 && band.low_um < band.high_um && band.high_um <= 1000)) {
    throw BadInput(fmt::format("a band from {} to {} um; allowed: 0.1 <= low < high <= 1000", band.low_um, band.high_um));
  }
  return {kC2_m_K / (band.low_um * 1e-6 * temperature_k), kC2_m_K / (band.high_um * 1e-6 * temperature_k)};
}

// Five-point Gauss-Legendre over the band, for bands so narrow that the series' difference loses digits.
template <class Spectral>
double IntegrateNarrow(const Band& band, const Spectral& spectral) {
  constexpr std::array<double, 5> kNode{-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831,
                                        0.9061798459386640};
  constexpr std::array<double, 5> kWeight{0.2369268850561891, 0.4786286704993665, 0.5688888888888889,
                                          0.4786286704993665, 0.2369268850561891};
  const double middle_m = (band.low_um + band.high_um) * 0.5e-6, half_m = (band.high_um - band.low_um) * 0.5e-6;
  double sum = 0;
  for (std::size_t i = 0; i < kNode.size(); ++i) sum += kWeight[i] * spectral(middle_m + half_m * kNode[i]);
  return sum * half_m;
}

bool IsNarrow(const Band& band) { return band.high_um - band.low_um < 1e-2 * band.low_um; }

double SpectralRadiance(double wavelength_m, double temperature_k) {
  const double l2 = wavelength_m * wavelength_m;
  return kC1_W_m2_sr / (l2 * l2 * wavelength_m) * BoseTerm(kC2_m_K / (wavelength_m * temperature_k), 1);
}

}  // namespace

std::string ToString(const Band& band) { return fmt::format("{}-{} um", band.low_um, band.high_um); }

Band ParseBand(std::string_view text) {
  Band band;
  const char* const end = text.data() + text.size();
  const auto low = std::from_chars(text.data(), end, band.low_um);
  bool good = low.ec == std::errc() && low.ptr != end && *low.ptr == '-';
  if (good) {
    const auto high = std::from_chars(low.ptr + 1, end, band.high_um);
    const std::string_view rest(high.ptr, static_cast<std::size_t>(end - high.ptr));
    good = high.ec == std::errc() && (rest.empty() || rest == " um" || rest == "um");
  }
  if (!good || !(band.low_um >= 0.1 && band.low_um < band.high_um && band.high_um <= 1000)) {
    throw UsageError(fmt::format("the band '{}': expected LOW-HIGH in micrometres with 0.1 <= LOW < HIGH <= 1000, as 8-14", text));
  }
  return band;
}

double BandRadiance(const Band& band, double temperature_k) {
  const Limits x = CheckedLimits(band, temperature_k);
  if (IsNarrow(band)) {
    return IntegrateNarrow(band, [&](double wavelength_m) { return SpectralRadiance(wavelength_m, temperature_k); });
  }
  const double t2 = temperature_k * temperature_k;
  return kSeries * (t2 * t2) * (ShortwaveSeries(x.x_high) - ShortwaveSeries(x.x_low));
}

double BandRadianceSlope(const Band& band, double temperature_k) {
  const Limits x = CheckedLimits(band, temperature_k);
  if (IsNarrow(band)) {
    return IntegrateNarrow(band, [&](double wavelength_m) {
      const double u = kC2_m_K / (wavelength_m * temperature_k);
      return SpectralRadiance(wavelength_m, temperature_k) * u / (temperature_k * (1 - ExpOfMinus(u)));
    });
  }
  const auto fourth = [](double v) { return v * v * v * v; };
  return kSeries * (temperature_k * temperature_k * temperature_k) *
         (4 * (ShortwaveSeries(x.x_high) - ShortwaveSeries(x.x_low)) + BoseTerm(x.x_high, fourth(x.x_high)) -
          BoseTerm(x.x_low, fourth(x.x_low)));
}

}  // namespace mirst
