// Flags that choose an atmosphere, for the commands that have one.
#pragma once

#include <optional>
#include <string>

#include "renderer/atmosphere.h"
#include "tools/command.h"

namespace mirst {

struct AtmosphereChoice {
  std::string name;  ///< profile or file
  double altitude_m = 0;
  std::optional<double> visibility_km = std::nullopt;
  std::string haze_law = "kruse";
};

/// Adds `name_flag`, --altitude-m, --visibility-km and --haze-law.
void AddAtmosphereFlags(CLI::App& command, AtmosphereChoice& choice, const std::string& name_flag);

/// Throws kBadInput.
Atmosphere MakeAtmosphere(const AtmosphereChoice& choice, const Band& band);

}  // namespace mirst
