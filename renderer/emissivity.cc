#include "renderer/emissivity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "renderer/portable_math.h"

namespace mirst {
namespace {

void CheckIndex(double n, double k) {
  if (!(n > 0 && k >= 0 && std::isfinite(n + k))) {
    throw BadInput(fmt::format("a refractive index of {} - {} i; allowed: n > 0, k >= 0", n, k));
  }
}

void CheckEmissivity(double value) {
  if (!(value >= 0 && value <= 1)) throw BadInput(fmt::format("emissivity: found {}, allowed: 0 to 1", value));
}

}  // namespace

FresnelReflectance Fresnel(double n, double k, double cos_angle) {
  CheckIndex(n, k);
  const double c = std::clamp(cos_angle, 0.0, 1.0), sine2 = (1 - c) * (1 + c);
  // q = a - ib = sqrt(m^2 - sin^2), the larger of a and b first: the other would cancel.
  const double real = n * n - k * k - sine2, imaginary = 2 * n * k;
  const double larger = std::sqrt(0.5 * (std::sqrt(real * real + imaginary * imaginary) + std::abs(real)));
  const double smaller = larger > 0 ? 0.5 * imaginary / larger : 0;
  const double a = real >= 0 ? larger : smaller, b = real >= 0 ? smaller : larger;
  const double m2_real = (n * n - k * k) * c, m2_imaginary = imaginary * c;
  const auto ratio = [](double x, double y, double u, double v) {
    const double below = u * u + v * v;
    return below > 0 ? (x * x + y * y) / below : 1;  // 0 / 0: the limit of grazing rays
  };
  return {ratio(c - a, b, c + a, b), ratio(m2_real - a, m2_imaginary - b, m2_real + a, m2_imaginary + b)};
}

Emissivity Emissivity::Lambert(double value) {
  CheckEmissivity(value);
  Emissivity result;
  result.value_ = value;
  return result;
}

Emissivity Emissivity::Smooth(double n, double k) {
  CheckIndex(n, k);
  Emissivity result;
  result.law_ = Law::kSmooth;
  result.n_ = n;
  result.k_ = k;
  return result;
}

Emissivity Emissivity::Table(std::vector<double> angles_deg, std::vector<double> values) {
  if (angles_deg.empty() || angles_deg.size() != values.size()) {
    throw BadInput(fmt::format("emissivity: {} angles and {} values; expected as many, at least one", angles_deg.size(),
                               values.size()));
  }
  for (std::size_t i = 0; i < angles_deg.size(); ++i) {
    CheckEmissivity(values[i]);
    if (!(angles_deg[i] >= 0 && angles_deg[i] <= 90) || (i > 0 && !(angles_deg[i] > angles_deg[i - 1]))) {
      throw BadInput(
          fmt::format("emissivity: the angle {} degrees; expected rising angles within 0 to 90", angles_deg[i]));
    }
  }
  Emissivity result;
  result.law_ = Law::kTable;
  result.angles_deg_ = std::move(angles_deg);
  result.values_ = std::move(values);
  return result;
}

double Emissivity::At(double cos_angle) const {
  if (law_ == Law::kLambert) return value_;
  if (law_ == Law::kSmooth) return std::clamp(1 - Fresnel(n_, k_, cos_angle).unpolarised(), 0.0, 1.0);
  const double angle = DegreesOfCosine(std::clamp(cos_angle, 0.0, 1.0));
  const auto above = std::upper_bound(angles_deg_.begin(), angles_deg_.end(), angle);
  if (above == angles_deg_.begin()) return values_.front();
  if (above == angles_deg_.end()) return values_.back();
  const auto i = static_cast<std::size_t>(above - angles_deg_.begin());
  const double share = (angle - angles_deg_[i - 1]) / (angles_deg_[i] - angles_deg_[i - 1]);
  return values_[i - 1] + share * (values_[i] - values_[i - 1]);
}

}  // namespace mirst
