// `mirst physics atmosphere`: what a horizontal path does to a target's radiance.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>

#include "core/json.h"
#include "renderer/atmosphere.h"
#include "renderer/thermal.h"
#include "tools/atmosphere_flags.h"
#include "tools/physics_command.h"

namespace mirst {
namespace {

struct AtmosphereFlags : CommonFlags {
  AtmosphereChoice choice{.name = "us76"};
  std::string band = "8-12";
  double range_km = 1, target_temperature_k = 300;
  std::optional<double> air_temperature_k;
};

void RunAtmosphere(AtmosphereFlags& flags) {
  const auto thread_limit = ApplyCommonFlags(flags);
  const Band band = ParseBand(flags.band);
  const Atmosphere atmosphere = MakeAtmosphere(flags.choice, band);
  const double air_k = flags.air_temperature_k.value_or(
      atmosphere.air_temperature_k().value_or(StandardAtmosphere(flags.choice.altitude_m).temperature_k));
  const double tau = atmosphere.Transmission(1000 * flags.range_km);
  const double source = BandRadiance(band, flags.target_temperature_k), air = BandRadiance(band, air_k);
  const double arriving = ArrivingRadiance(tau, source, air);
  Json result{{"profile", flags.choice.name}, {"band_um", {band.low_um, band.high_um}}};
  if (const auto& fitted = atmosphere.fitted_band()) result["fitted_band_um"] = {fitted->low_um, fitted->high_um};
  if (!flags.json) {
    PrintLine(fmt::format("{:<26} {}, {}", "profile", flags.choice.name, ToString(band)));
    if (const auto& fitted = atmosphere.fitted_band(); fitted && !(*fitted == band)) {
      PrintLine(fmt::format("{:<26} {}", "fit of the band", ToString(*fitted)));
    }
  }
  const auto add = [&](const char* name, double value, const char* unit) {
    result[name] = value;
    if (!flags.json) PrintLine(fmt::format("{:<26} {:.10g} {}", name, value, unit));
  };
  add("altitude_m", flags.choice.altitude_m, "m");
  add("range_km", flags.range_km, "km");
  add("transmission", tau, "");
  add("air_temperature_k", air_k, "K");
  add("target_temperature_k", flags.target_temperature_k, "K");
  add("target_radiance", source, "W m-2 sr-1");
  add("path_radiance", (1 - tau) * air, "W m-2 sr-1");
  add("arriving_radiance", arriving, "W m-2 sr-1");
  add("apparent_temperature_k", BrightnessTemperature(band, arriving), "K");
  if (const auto visibility_km = flags.choice.visibility_km) {
    const double wavelength_um = band.middle_um();
    add("visibility_km", *visibility_km, "km");
    add("haze_kruse_per_km", HazeExtinction(*visibility_km, wavelength_um, HazeLaw::kKruse), "km-1");
    add("haze_kim_per_km", HazeExtinction(*visibility_km, wavelength_um, HazeLaw::kKim), "km-1");
  }
  if (flags.json) PrintLine(Dump(result, 2));
}

}  // namespace

void AddAtmosphereFlags(CLI::App& command, AtmosphereChoice& choice, const std::string& name_flag) {
  command
      .add_option(name_flag, choice.name,
                  fmt::format("{}; or a table of your own: FILE.csv (range_km,tau) or FILE.yaml",
                              fmt::join(Atmosphere::ProfileNames(), ", ")))
      ->type_name("NAME|FILE")
      ->capture_default_str();
  command.add_option("--altitude-m", choice.altitude_m, "Height of target and path above the sea")
      ->type_name("X")
      ->capture_default_str();
  command
      .add_option("--visibility-km", choice.visibility_km,
                  "Haze by Koschmieder's law; without it rural aerosol, 23 km; inf = none")
      ->type_name("X");
  command.add_option("--haze-law", choice.haze_law, "Fall of the haze with wavelength, where it is below 6 km")
      ->type_name("LAW")
      ->check(CLI::IsMember({"kruse", "kim"}))
      ->capture_default_str();
}

Atmosphere MakeAtmosphere(const AtmosphereChoice& choice, const Band& band) {
  return Atmosphere::Named(choice.name, band, 1e-3 * choice.altitude_m, choice.visibility_km,
                           choice.haze_law == "kim" ? HazeLaw::kKim : HazeLaw::kKruse);
}

void AddPhysicsAtmosphere(CLI::App& physics) {
  auto flags = std::make_shared<AtmosphereFlags>();
  CLI::App* command = physics.add_subcommand("atmosphere", "Transmission and path radiance of a horizontal path");
  command->footer("Example:\n  mirst physics atmosphere --profile us76 --band 8-12 --range-km 5");
  AddAtmosphereFlags(*command, flags->choice, "--profile");
  const auto add_number = [&](const char* name, auto& value, const char* text) {
    return command->add_option(name, value, text)->type_name("X");
  };
  command->add_option("--band", flags->band, "Wavelengths in micrometres")
      ->type_name("LOW-HIGH")
      ->capture_default_str();
  add_number("--range-km", flags->range_km, "Length of the path")->capture_default_str();
  add_number("--target-temperature-k", flags->target_temperature_k, "Of a black target")->capture_default_str();
  add_number("--air-temperature-k", flags->air_temperature_k, "Of the path; default: the profile's at that height");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->callback([flags] { RunAtmosphere(*flags); });
}

}  // namespace mirst
