#include "renderer/portable_math.h"

#include <array>
#include <cmath>

#include "core/units.h"

namespace mirst {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;

constexpr int kTerms = 17;
// (-1)^n / n!
constexpr std::array<double, kTerms> kExponential = [] {
  std::array<double, kTerms> terms{};
  double factorial = 1;
  for (std::size_t n = 0; n < terms.size(); ++n) {
    if (n > 0) factorial *= static_cast<double>(n);
    terms[n] = (n % 2 == 0 ? 1 : -1) / factorial;
  }
  return terms;
}();

}  // namespace

// x = k ln 2 + r with |r| <= ln 2 / 2; Taylor polynomial of e^-r (next term below 1e-18).
double ExpOfMinus(double x) {
  if (x > 745) return 0;
  const double k = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 0;
  for (std::size_t n = 16; n-- > 0;) sum = sum * r + kExponential[n];
  return std::ldexp(sum, -static_cast<int>(k));
}

double OneMinusExpOfMinus(double x) {
  if (x > 0.5) return 1 - ExpOfMinus(x);
  double sum = 0;
  for (std::size_t n = kTerms; --n > 0;) sum = sum * x - kExponential[n];  // next term below 1e-19
  return x * sum;
}

// x = 2^k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh((m - 1) / (m + 1)), |argument| < 0.172.
double Log(double x) {
  int k = 0;
  double m = std::frexp(x, &k);
  if (m < 0.70710678118654752) {
    m *= 2;
    --k;
  }
  const double t = (m - 1) / (m + 1), t2 = t * t;
  double sum = 0;
  for (int n = 21; n >= 1; n -= 2) sum = sum * t2 + 1.0 / n;  // next term below 1e-18
  return k * kLn2High + (2 * t * sum + k * kLn2Low);
}

double Power(double x, double y) {
  if (x == 0) return 0;
  const double exponent = y * Log(x);
  return exponent > 0 ? 1 / ExpOfMinus(exponent) : ExpOfMinus(-exponent);
}

double DegreesOfCosine(double cosine) {
  constexpr std::array<double, 8> kArc{1.5707963050, -0.2145988016, 0.0889789874, -0.0501743046,
                                       0.0308918810, -0.0170881256, 0.0066700901, -0.0012624911};
  double sum = 0;
  for (std::size_t i = kArc.size(); i-- > 0;) sum = sum * cosine + kArc[i];
  return Degrees(std::sqrt(1 - cosine) * sum);
}

}  // namespace mirst
