#include "renderer/surface_radiance.h"

#include <algorithm>
#include <cmath>

#include "core/units.h"

namespace mirst {

double SolarIrradiance(const Band& band) { return kSunSolidAngle_sr * BandRadiance(band, kSunTemperature_K); }

double ClearSkyTemperature(double air_temperature_k) {
  return 0.0552 * air_temperature_k * std::sqrt(air_temperature_k);
}

double LeavingRadiance(double emissivity, double surface, const SurroundingRadiance& around, double cos_tilt,
                       double cos_sun) {
  const double arriving = around.ground + 0.5 * (1 + cos_tilt) * (around.sky - around.ground);
  return arriving + emissivity * (surface - arriving) +
         (1 - emissivity) / kPi * around.sun_irradiance * std::max(0.0, cos_sun);
}

}  // namespace mirst
