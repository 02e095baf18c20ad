#include "renderer/plume.h"

#include <cmath>

#include "renderer/portable_math.h"

namespace mirst {
namespace {

constexpr double kCoreLength_diameters = 5, kSpread = 0.0848, kLn2 = 0.69314718055994531;

}  // namespace

double Plume::AxisTemperature(double x_m) const {
  const double core_m = kCoreLength_diameters * nozzle_diameter_m;
  if (x_m <= core_m) return core_temperature_k;
  return air_temperature_k + (core_temperature_k - air_temperature_k) * core_m / x_m;
}

double Plume::HalfWidth(double x_m) const { return 0.5 * nozzle_diameter_m + kSpread * x_m; }

double Plume::AxisEmissivity(double x_m) const {
  const double share = (AxisTemperature(x_m) - air_temperature_k) / (core_temperature_k - air_temperature_k);
  return OneMinusExpOfMinus(absorption_per_m * 2 * HalfWidth(x_m) * share);
}

double Plume::Contrast(const Band& band, double x_m, double radius_m, double background_temperature_k) const {
  const double relative = radius_m / HalfWidth(x_m);
  return AxisEmissivity(x_m) * ExpOfMinus(kLn2 * relative * relative) *
         (BandRadiance(band, AxisTemperature(x_m)) - BandRadiance(band, background_temperature_k));
}

}  // namespace mirst
