// Flags that say what surrounds a target: air, sky, ground, sun, flow and the path to the camera.
#pragma once

#include <optional>
#include <string>

#include "renderer/render_template.h"
#include "tools/atmosphere_flags.h"

namespace mirst {

struct SurroundingsFlags {
  Surroundings surroundings;
  std::string band = "8-14";
  std::optional<double> air_temperature_k;
  bool clear_sky = false;
  std::optional<double> sun_elevation_deg;
  Sun sun;
  AtmosphereChoice atmosphere{.name = "none"};
};

void AddSurroundingsFlags(CLI::App& command, SurroundingsFlags& flags);

/// What the flags say: the air's temperature, where not given, is the profile's or the standard atmosphere's at that
/// height. Throws kUsage, kBadInput.
Surroundings ResolveSurroundings(const SurroundingsFlags& flags);

}  // namespace mirst
