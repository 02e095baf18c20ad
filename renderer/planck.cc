#include "renderer/planck.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/units.h"
#include "renderer/portable_math.h"

namespace mirst {
namespace {

constexpr double kC1_W_m2_sr = 2 * kPlanck_J_s * kLightSpeed_m_s * kLightSpeed_m_s;
constexpr double kC2_m_K = kPlanck_J_s * kLightSpeed_m_s / kBoltzmann_J_K;
// 2 k^4 / (h^3 c^2), W m-2 sr-1 K-4, and 2 k^3 / (h^3 c^2), photons s-1 m-2 sr-1 K-3
constexpr double kSeries = 2 * kBoltzmann_J_K / kPlanck_J_s * (kBoltzmann_J_K / kPlanck_J_s) *
                           (kBoltzmann_J_K / kPlanck_J_s) * kBoltzmann_J_K / (kLightSpeed_m_s * kLightSpeed_m_s);
constexpr double kPhotonSeries = kSeries / kBoltzmann_J_K;

// x^power / (e^x - 1), written for large x.
double BoseTerm(double x, double x_to_power) { return x_to_power * ExpOfMinus(x) / OneMinusExpOfMinus(x); }

double Cube(double x) { return x * x * x; }

// Integral of t^3 / (e^t - 1), for photons t^2 / (e^t - 1), from x to infinity: the share of the radiance at
// wavelengths shorter than lambda = c2 / (x T). Sum over n of e^-nx (x^3/n + 3 x^2/n^2 + 6 x/n^3 + 6/n^4), e^-nx (x^2/n
// + 2 x/n^2 + 2/n^3).
double ShortwaveSeries(double x, Radiant radiant) {
  const double e = ExpOfMinus(x);
  double power = 1, sum = 0;
  for (int n = 1; n <= 100000; ++n) {
    power *= e;
    const double m = 1.0 / n;
    const double term =
        power * m *
        (radiant == Radiant::kWatts ? x * x * x + m * (3 * x * x + m * (6 * x + m * 6)) : x * x + m * (2 * x + m * 2));
    sum += term;
    if (term <= 1e-17 * sum) break;
  }
  return sum;
}

void CheckTemperature(double temperature_k) {
  if (!(temperature_k > 0 && temperature_k <= kMaxTemperature_K)) {
    throw BadInput(fmt::format("a temperature of {} K; allowed: above 0 to {} K", temperature_k, kMaxTemperature_K));
  }
}

void CheckBand(const Band& band) {
  if (!(band.low_um >= 0.1 && band.low_um < band.high_um && band.high_um <= 1000)) {
    throw BadInput(
        fmt::format("a band from {} to {} um; allowed: 0.1 <= low < high <= 1000", band.low_um, band.high_um));
  }
}

struct Limits {
  double x_low;   // of the band's short end, the larger x
  double x_high;  // of its long end
  double width;   // x_low - x_high without cancellation

  Limits(const Band& band, double temperature_k) {
    CheckTemperature(temperature_k);
    CheckBand(band);
    x_low = kC2_m_K / (band.low_um * 1e-6 * temperature_k);
    x_high = kC2_m_K / (band.high_um * 1e-6 * temperature_k);
    width = x_low * (band.high_um - band.low_um) / band.high_um;
  }
  // The series' difference loses digits where the two ends are close in x.
  bool close() const { return width < 0.5; }
};

// Five-point Gauss-Legendre between the two ends, for `close` ones: relative error below 1e-15.
template <class Integrand>
double Integrate(const Limits& x, const Integrand& integrand) {
  constexpr std::array<double, 5> kNode{-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831,
                                        0.9061798459386640};
  constexpr std::array<double, 5> kWeight{0.2369268850561891, 0.4786286704993665, 0.5688888888888889,
                                          0.4786286704993665, 0.2369268850561891};
  const double middle = x.x_high + 0.5 * x.width;
  double sum = 0;
  for (std::size_t i = 0; i < kNode.size(); ++i) sum += kWeight[i] * integrand(middle + 0.5 * x.width * kNode[i]);
  return sum * 0.5 * x.width;
}

double Value(const Limits& x, Radiant radiant) {
  if (x.close())
    return Integrate(x, [radiant](double t) { return BoseTerm(t, radiant == Radiant::kWatts ? t * t * t : t * t); });
  return ShortwaveSeries(x.x_high, radiant) - ShortwaveSeries(x.x_low, radiant);
}

// T d/dT of (T^p times Value) / T^p, p = 4 or 3.
double LogSlope(const Limits& x, Radiant radiant) {
  const bool watts = radiant == Radiant::kWatts;
  const auto power = [watts](double t) { return watts ? (t * t) * (t * t) : t * t * t; };
  if (x.close()) return Integrate(x, [&](double t) { return BoseTerm(t, power(t)) / OneMinusExpOfMinus(t); });
  return (watts ? 4 : 3) * Value(x, radiant) + BoseTerm(x.x_high, power(x.x_high)) - BoseTerm(x.x_low, power(x.x_low));
}

double SpectralFactor(double wavelength_m, Radiant radiant) {
  const double l2 = wavelength_m * wavelength_m;
  return radiant == Radiant::kWatts ? kC1_W_m2_sr / (l2 * l2 * wavelength_m) * 1e-6
                                    : 2 * kLightSpeed_m_s / (l2 * l2) * 1e-6;
}

double CheckedExponent(double wavelength_um, double temperature_k) {
  CheckTemperature(temperature_k);
  if (!(wavelength_um >= 0.1 && wavelength_um <= 1000)) {
    throw BadInput(fmt::format("a wavelength of {} um; allowed: 0.1 to 1000 um", wavelength_um));
  }
  return kC2_m_K / (wavelength_um * 1e-6 * temperature_k);
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
    throw UsageError(
        fmt::format("the band '{}': expected LOW-HIGH in micrometres with 0.1 <= LOW < HIGH <= 1000, as 8-14", text));
  }
  return band;
}

double BandRadiance(const Band& band, double temperature_k, Radiant radiant) {
  const Limits x(band, temperature_k);
  const double t3 = Cube(temperature_k);
  return (radiant == Radiant::kWatts ? kSeries * (t3 * temperature_k) : kPhotonSeries * t3) * Value(x, radiant);
}

double BandRadianceSlope(const Band& band, double temperature_k, Radiant radiant) {
  const Limits x(band, temperature_k);
  const double t2 = temperature_k * temperature_k;
  return (radiant == Radiant::kWatts ? kSeries * (t2 * temperature_k) : kPhotonSeries * t2) * LogSlope(x, radiant);
}

double SpectralRadiance(double wavelength_um, double temperature_k, Radiant radiant) {
  return BoseTerm(CheckedExponent(wavelength_um, temperature_k), SpectralFactor(wavelength_um * 1e-6, radiant));
}

double SpectralRadianceSlope(double wavelength_um, double temperature_k, Radiant radiant) {
  const double x = CheckedExponent(wavelength_um, temperature_k);
  return SpectralRadiance(wavelength_um, temperature_k, radiant) * x / (temperature_k * OneMinusExpOfMinus(x));
}

double BrightnessTemperature(const Band& band, double radiance, Radiant radiant) {
  CheckBand(band);
  const double largest = BandRadiance(band, kMaxTemperature_K, radiant);
  if (!(radiance > 0 && radiance <= largest)) {
    throw BadInput(fmt::format("a radiance of {} in {}; allowed: above 0 to {:.6g}, a black body's at {} K", radiance,
                               ToString(band), largest, kMaxTemperature_K));
  }
  // From the hot end, where Newton on the convex ln L of u = 1/T approaches from one side; the first guess treats the
  // band as one wavelength, and a guess on the far side is thrown back to the near one by its first step.
  const double middle_m = band.middle_um() * 1e-6, goal = Log(radiance);
  const double peak = SpectralFactor(middle_m, radiant) * (band.high_um - band.low_um);
  double u = std::log1p(peak / radiance) * middle_m / kC2_m_K;
  for (int step = 0; step < 200; ++step) {
    u = std::fmin(std::fmax(u, 1 / kMaxTemperature_K), 1.0);
    const double t = 1 / u, found = BandRadiance(band, t, radiant);
    if (!(found > 0)) {  // too cold for a double: nearer to the goal
      u *= 0.5;
      continue;
    }
    const double change = (Log(found) - goal) * found / (t * t * BandRadianceSlope(band, t, radiant));
    u += change;
    if (u >= 1)
      throw BadInput(fmt::format("a radiance of {} in {} is that of a body below 1 K", radiance, ToString(band)));
    if (std::abs(change) < 1e-13 * u) break;
  }
  return std::fmin(1 / u, kMaxTemperature_K);
}

PlanckTable::PlanckTable(const Band& band, double low_k, double high_k, Radiant radiant)
    : band_(band), radiant_(radiant), low_k_(low_k), high_k_(high_k) {
  if (!(low_k > 0 && low_k < high_k && high_k <= kMaxTemperature_K && high_k / low_k <= 1000)) {
    throw BadInput(fmt::format("a table from {} to {} K; allowed: 0 < low < high <= {} K, high <= 1000 low", low_k,
                               high_k, kMaxTemperature_K));
  }
  if (!(BandRadiance(band, low_k, radiant) > 1e-290)) {
    throw BadInput(
        fmt::format("a table from {} K in {}: the radiance there is too small for a number", low_k, ToString(band)));
  }
  // ln L is -ln(1/T) and smoother at the hot end, where its fourth derivative is largest: the error of a Hermite cubic
  // is h^4 6 T^4 / 384 there, 3e-8 for h T = 0.037.
  first_per_k_ = 1 / high_k;
  const double length = 1 / low_k - first_per_k_;
  const auto steps = static_cast<int>(std::ceil(length * high_k / 0.03)) + 1;
  spacing_per_k_ = length / steps;
  for (int i = 0; i <= steps + 1; ++i) {  // one more than needed, against rounding at the cold end
    const double t = 1 / (first_per_k_ + spacing_per_k_ * i), radiance = BandRadiance(band, t, radiant);
    nodes_.push_back({Log(radiance), -t * t * BandRadianceSlope(band, t, radiant) / radiance * spacing_per_k_});
  }
}

double PlanckTable::Radiance(double temperature_k) const {
  if (!(temperature_k >= low_k_ && temperature_k <= high_k_)) return BandRadiance(band_, temperature_k, radiant_);
  const double place = std::fmax(0, (1 / temperature_k - first_per_k_) / spacing_per_k_);
  const auto i = static_cast<std::size_t>(place);
  const double s = place - static_cast<double>(i);
  const Node &a = nodes_[i], &b = nodes_[i + 1];
  const double rise = b.log_radiance - a.log_radiance;
  const double log =
      a.log_radiance + s * (a.slope + s * ((3 * rise - 2 * a.slope - b.slope) + s * (a.slope + b.slope - 2 * rise)));
  return log > 0 ? 1 / ExpOfMinus(log) : ExpOfMinus(-log);
}

}  // namespace mirst
