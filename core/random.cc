#include "core/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <span>

#include "core/error.h"

namespace mirst {
namespace {

// Natural logarithm from basic operations only: libm's differs in the last bit between instruction sets.
// x = m 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh((m-1)/(m+1)), 13 terms leave < 1e-17.
double PortableLog(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752440) {
    m *= 2;
    --exponent;
  }
  const double z = (m - 1) / (m + 1), z2 = z * z;
  double sum = 0;
  for (int k = 25; k >= 1; k -= 2) sum = sum * z2 + 1.0 / k;
  return 2 * z * sum + exponent * 0.69314718055994530942;
}

// exp(-x) for x in [0, 10]: Taylor series of exp(-x/1024), ten squarings.
double PortableExpNegative(double x) {
  const double t = -x / 1024;
  double sum = 1;
  for (int k = 12; k >= 1; --k) sum = 1 + t * sum / k;
  for (int i = 0; i < 10; ++i) sum *= sum;
  return sum;
}

// ln Gamma(x), x >= 1, by Stirling's series after shifting x above 10.
double PortableLogGamma(double x) {
  double shift = 0;
  while (x < 10) shift -= PortableLog(x++);
  const double r = 1 / x, r2 = r * r;
  const double series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 / 1188))));
  return shift + (x - 0.5) * PortableLog(x) - x + 0.91893853320467274178 + series;
}

double Polynomial(std::span<const double> coefficients, double x) {
  double sum = 0;
  for (auto it = coefficients.rbegin(); it != coefficients.rend(); ++it) sum = sum * x + *it;
  return sum;
}

}  // namespace

RandomKey RandomKey::WithSequence(std::uint32_t value) const {
  RandomKey key = *this;
  key.sequence = value;
  return key;
}
RandomKey RandomKey::WithFrame(std::uint32_t value) const {
  RandomKey key = *this;
  key.frame = value;
  return key;
}
RandomKey RandomKey::WithObject(std::uint16_t value) const {
  RandomKey key = *this;
  key.object = value;
  return key;
}
RandomKey RandomKey::For(Purpose value) const {
  RandomKey key = *this;
  key.purpose = value;
  return key;
}

std::uint32_t RandomStream::Next() {
  if (used_ == 4) {
    const r123::Philox4x32::ctr_type counter = {
        {block_++, key_.frame, key_.sequence,
         (static_cast<std::uint32_t>(key_.object) << 16) | static_cast<std::uint32_t>(key_.purpose)}};
    const r123::Philox4x32::key_type key = {
        {static_cast<std::uint32_t>(key_.seed), static_cast<std::uint32_t>(key_.seed >> 32)}};
    const auto result = r123::Philox4x32()(counter, key);
    for (std::size_t i = 0; i < 4; ++i) words_[i] = result[i];
    used_ = 0;
  }
  return words_[static_cast<std::size_t>(used_++)];
}

double RandomStream::Uniform() {
  const std::uint64_t high = Next() >> 5, low = Next() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

double RandomStream::Uniform(double low, double high) {
  const double value = low + (high - low) * Uniform();
  return value < high ? value : std::nextafter(high, low);  // the sum may round up to `high`
}

std::uint32_t RandomStream::Integer(std::uint32_t count) {
  if (count == 0) throw InternalError("random integer below 0 asked for");
  // Lemire 2019: multiply and reject the short remainder.
  std::uint64_t product = static_cast<std::uint64_t>(Next()) * count;
  if (static_cast<std::uint32_t>(product) < count) {
    const std::uint32_t threshold = -count % count;
    while (static_cast<std::uint32_t>(product) < threshold) product = static_cast<std::uint64_t>(Next()) * count;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

double RandomStream::Normal() {
  // (k + 1/2) 2^-52 is exact, and so lies strictly inside (0, 1); with 53 bits the largest k would round to 1.
  const std::uint64_t high = Next() >> 6, low = Next() >> 6;
  return NormalQuantile((static_cast<double>((high << 26) | low) + 0.5) * 0x1p-52);
}

std::int64_t RandomStream::Poisson(double mean) {
  if (!(mean >= 0) || mean > 1e15) throw InternalError("Poisson mean outside [0, 1e15]");
  if (mean < 10) {
    const double limit = PortableExpNegative(mean);
    std::int64_t count = 0;
    for (double product = Uniform(); product > limit; product *= Uniform()) ++count;
    return count;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
  const double log_mean = PortableLog(mean);
  while (true) {
    const double u = Uniform() - 0.5, v = 1 - Uniform();
    const double u_s = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / u_s + b) * u + mean + 0.43);
    if (u_s >= 0.07 && v <= v_r) return static_cast<std::int64_t>(k);
    if (k < 0 || (u_s < 0.013 && v > u_s)) continue;
    if (PortableLog(v * inverse_alpha / (a / (u_s * u_s) + b)) <= k * log_mean - mean - PortableLogGamma(k + 1)) {
      return static_cast<std::int64_t>(k);
    }
  }
}

double NormalQuantile(double p) {
  if (!(p > 0 && p < 1)) throw InternalError("normal quantile outside (0, 1)");
  // M. J. Wichura, Algorithm AS 241: The percentage points of the normal distribution, Appl. Statist. 37 (1988) 477.
  // clang-format off
  static constexpr double kA[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double kB[] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                                  2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                                  5.2264952788528545610e3};
  static constexpr double kC[] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                  3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kD[] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                                  1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
  static constexpr double kE[] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kF[] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                  7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};
  // clang-format on
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * Polynomial(kA, r) / Polynomial(kB, r);
  }
  const double r = std::sqrt(-PortableLog(q < 0 ? p : 1 - p));
  const double tail =
      r <= 5 ? Polynomial(kC, r - 1.6) / Polynomial(kD, r - 1.6) : Polynomial(kE, r - 5) / Polynomial(kF, r - 5);
  return q < 0 ? -tail : tail;
}

}  // namespace mirst
