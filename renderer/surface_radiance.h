// What leaves an opaque surface towards the camera: its own emission, reflected sky and ground, reflected sun.
// docs/physics.md, equations (9) to (11).
#pragma once

#include "renderer/planck.h"

namespace mirst {

/// The sun seen from the mean distance of the earth: a black disc of 5772 K.
inline constexpr double kSunTemperature_K = 5772;
inline constexpr double kSunSolidAngle_sr = 6.794273971369411e-5;  ///< pi (6.957e8 m / 1.495978707e11 m)^2
/// In-band irradiance on a plane across its rays above the atmosphere, W m-2.
double SolarIrradiance(const Band& band);

/// Swinbank's broadband clear-sky temperature, 0.0552 T_air^1.5 K. In 8-14 um a dry zenith is colder still.
double ClearSkyTemperature(double air_temperature_k);

/// In-band radiances around a surface, W m-2 sr-1, and the sun's irradiance on a plane across its rays, W m-2.
struct SurroundingRadiance {
  double sky = 0;
  double ground = 0;
  double sun_irradiance = 0;
};

/// e L_surface + (1 - e) [F_sky L_sky + F_gnd L_gnd] + (1 - e) / pi E_sun cos(theta_sun), W m-2 sr-1, with
/// F_sky = (1 + cos(tilt)) / 2, F_gnd = 1 - F_sky. The reflected part is diffuse whatever e is: a mirror's image of the
/// horizon is smeared. `cos_tilt`: between normal and up; `cos_sun`: between normal and sun, <= 0 or 0 in shadow.
/// Surroundings of one radiance equal to L_surface return exactly it.
double LeavingRadiance(double emissivity, double surface, const SurroundingRadiance& around, double cos_tilt,
                       double cos_sun);

}  // namespace mirst
