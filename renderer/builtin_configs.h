// The texts of configs/materials.yaml, configs/targets/*.yaml and configs/atmospheres.yaml as they were when the
// program was built.
#pragma once

#include <span>
#include <string_view>

namespace mirst {

struct BuiltinConfig {
  std::string_view name;  ///< "targets/jet.yaml"
  std::string_view text;
};

/// The classes' own files first, then materials.yaml.
std::span<const BuiltinConfig> BuiltinMaterials();

extern const std::string_view kBuiltinAtmospheres;

}  // namespace mirst
