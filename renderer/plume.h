// A jet's exhaust plume in its simplest form, an engineering assumption and not a measured flow: a core of constant
// temperature five nozzle diameters long, then an axis that cools as 1/x, a grey gas with one absorption coefficient a
// band. docs/physics.md, equation (15).
#pragma once

#include "renderer/planck.h"

namespace mirst {

struct Plume {
  double core_temperature_k = 900;
  double air_temperature_k = 288.15;
  double nozzle_diameter_m = 0.6;
  double absorption_per_m = 0.5;  ///< of the core's gas: 0.1 to 1 in 3-5 um, 0.02 to 0.1 in 8-14 um

  /// On the axis, `x_m` >= 0 behind the nozzle.
  double AxisTemperature(double x_m) const;
  double HalfWidth(double x_m) const;
  /// Across the plume on its axis.
  double AxisEmissivity(double x_m) const;
  /// Radiance over the background's at the distance `radius_m` from the axis, seen across, W m-2 sr-1.
  double Contrast(const Band& band, double x_m, double radius_m, double background_temperature_k) const;
};

}  // namespace mirst
