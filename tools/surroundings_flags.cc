#include "tools/surroundings_flags.h"

#include "core/error.h"
#include "renderer/surface_radiance.h"
#include "renderer/thermal.h"

namespace mirst {

void AddSurroundingsFlags(CLI::App& command, SurroundingsFlags& flags) {
  Surroundings& around = flags.surroundings;
  const auto add_number = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->type_name("X");
  };
  command.add_option("--band", flags.band, "Spectral band in micrometres")
      ->type_name("LOW-HIGH")
      ->capture_default_str();
  add_number("--air-temperature-k", flags.air_temperature_k,
             "Of the air at the target; default: the atmosphere's or the standard one's at that height");
  add_number("--background-temperature-k", around.background_temperature_k, "Apparent temperature behind the target")
      ->capture_default_str();
  add_number("--mach", around.mach, "Of the target; default: its class's usual speed");
  add_number("--sky-temperature-k", around.sky_temperature_k, "Of the sky that surfaces reflect; default: the air's");
  command.add_flag("--clear-sky", flags.clear_sky, "Sky of 0.0552 T_air^1.5 K (Swinbank)");
  add_number("--ground-temperature-k", around.ground_temperature_k,
             "Of the ground that surfaces reflect; default: the air's");
  add_number("--sun-elevation-deg", flags.sun_elevation_deg,
             "Lets the sun shine: reflected in the band, and heating skins");
  add_number("--sun-azimuth-deg", flags.sun.azimuth_deg,
             "From the line of sight to the right: 0 = behind the target, 180 = behind the camera")
      ->capture_default_str();
  add_number("--sun-transmission", flags.sun.transmission, "Of the air above, in the band")->capture_default_str();
  add_number("--sun-irradiance-w-m2", flags.sun.irradiance_w_m2, "Of all wavelengths, across its rays")
      ->capture_default_str();
  add_number("--camera-elevation-deg", around.camera_elevation_deg, "Of the optical axis above the horizon")
      ->capture_default_str();
  AddAtmosphereFlags(command, flags.atmosphere, "--atmosphere");
}

Surroundings ResolveSurroundings(const SurroundingsFlags& flags) {
  Surroundings around = flags.surroundings;
  around.band = ParseBand(flags.band);
  around.atmosphere = MakeAtmosphere(flags.atmosphere, around.band);
  around.air_temperature_k = flags.air_temperature_k.value_or(
      around.atmosphere.air_temperature_k().value_or(StandardAtmosphere(flags.atmosphere.altitude_m).temperature_k));
  if (flags.clear_sky && around.sky_temperature_k)
    throw UsageError("--clear-sky and --sky-temperature-k contradict each other");
  if (flags.clear_sky) around.sky_temperature_k = ClearSkyTemperature(around.air_temperature_k);
  if (flags.sun_elevation_deg) {
    around.sun = flags.sun;
    around.sun->elevation_deg = *flags.sun_elevation_deg;
  }
  return around;
}

}  // namespace mirst
