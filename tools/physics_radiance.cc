// `mirst physics radiance`: black bodies in a band, and back from radiance to temperature.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "core/error.h"
#include "core/json.h"
#include "renderer/planck.h"
#include "tools/physics_command.h"

namespace mirst {
namespace {

struct RadianceFlags : CommonFlags {
  std::string band = "8-14";
  std::optional<double> temperature_k, radiance;
  bool photons = false;
};

void RunRadiance(RadianceFlags& flags) {
  const auto thread_limit = ApplyCommonFlags(flags);
  if (!flags.temperature_k && !flags.radiance)
    throw UsageError("nothing to compute: give --temperature, --invert or both");
  const Band band = ParseBand(flags.band);
  const Radiant radiant = flags.photons ? Radiant::kPhotons : Radiant::kWatts;
  const char* unit = flags.photons ? "photons s-1 m-2 sr-1" : "W m-2 sr-1";
  Json result{{"band_um", {band.low_um, band.high_um}}, {"unit", unit}};
  std::string table = fmt::format("{:<24} {}", "band", ToString(band));  // printed when every value is known
  const auto add = [&](const char* name, double value, const std::string& value_unit) {
    result[name] = value;
    table += fmt::format("\n{:<24} {:.14g} {}", name, value, value_unit);
  };
  if (const auto t = flags.temperature_k) {
    add("temperature_k", *t, "K");
    add("radiance", BandRadiance(band, *t, radiant), unit);
    add("radiance_slope", BandRadianceSlope(band, *t, radiant), std::string(unit) + " K-1");
    add("spectral_radiance", SpectralRadiance(band.middle_um(), *t, radiant),
        fmt::format("{} um-1, at {:g} um", unit, band.middle_um()));
  }
  if (const auto radiance = flags.radiance) {
    add("inverted_radiance", *radiance, unit);
    add("brightness_temperature_k", BrightnessTemperature(band, *radiance, radiant), "K");
  }
  PrintLine(flags.json ? Dump(result, 2) : table);
}

}  // namespace

void AddPhysicsRadiance(CLI::App& physics) {
  auto flags = std::make_shared<RadianceFlags>();
  CLI::App* command = physics.add_subcommand(
      "radiance", "Black body's radiance in a band, its slope, and the temperature of a radiance");
  command->footer("Example:\n  mirst physics radiance --band 3-5 --temperature 300 --invert 1.5");
  command->add_option("--band", flags->band, "Wavelengths in micrometres")
      ->type_name("LOW-HIGH")
      ->capture_default_str();
  command->add_option("--temperature", flags->temperature_k, "Of the black body, kelvins, up to 10000")->type_name("K");
  command->add_flag("--photons", flags->photons, "Count photons a second instead of watts");
  command->add_option("--invert", flags->radiance, "Also print the temperature that has this radiance")->type_name("L");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->callback([flags] { RunRadiance(*flags); });
}

}  // namespace mirst
