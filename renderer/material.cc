#include "renderer/material.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "core/pattern.h"
#include "renderer/builtin_configs.h"
#include "renderer/material_rules.h"

namespace mirst {
namespace {

// "node/mesh/material"; a name of one piece is all three.
bool Matches(const PartRule& rule, std::string_view class_name, std::string_view part) {
  const std::size_t first = part.find('/'), last = part.rfind('/');
  const bool whole = first == std::string_view::npos;
  const std::string_view node = whole ? part : part.substr(0, first), material = whole ? part : part.substr(last + 1);
  const std::string_view mesh = first < last ? part.substr(first + 1, last - first - 1) : material;
  return MatchesAny(rule.classes, class_name) && MatchesAny(rule.parts, part) && MatchesAny(rule.nodes, node) &&
         MatchesAny(rule.meshes, mesh) && MatchesAny(rule.materials, material);
}

int Rank(const PartRule& rule) { return rule.material.ignored ? 0 : rule.names_parts ? 1 : 2; }

}  // namespace

double Material::Temperature(const HeatState& state, double cos_sun) const {
  using Rule = SurfaceTemperature::Rule;
  if (temperature.rule == Rule::kAbsolute) return temperature.value_k;
  if (temperature.rule == Rule::kAboveAir) return state.air_temperature_k + temperature.value_k;
  const double recovery = RecoveryTemperature(state.air_temperature_k, state.mach, temperature.recovery_factor);
  if (temperature.rule == Rule::kRecovery) return recovery + temperature.value_k;
  return SkinTemperature({recovery, temperature.convection_w_m2_k, emissivity.lwir.Normal(),
                          state.environment_temperature_k,
                          solar_absorptance * state.solar_irradiance_w_m2 * std::max(0.0, cos_sun)});
}

MaterialMap::MaterialMap(const std::vector<std::filesystem::path>& layers) : rules_(std::make_unique<MaterialRules>()) {
  for (const auto& path : layers) rules_->Append(ReadFile(path), path.string());
  const auto first_builtin = static_cast<std::ptrdiff_t>(rules_->parts.size());
  for (const BuiltinConfig& config : BuiltinMaterials()) {
    rules_->Append(std::string(config.text), fmt::format("built-in {}", config.name));
  }
  std::stable_sort(rules_->parts.begin() + first_builtin, rules_->parts.end(),
                   [](const PartRule& a, const PartRule& b) { return Rank(a) < Rank(b); });
  for (PartRule& rule : rules_->parts) {
    if (!rule.made_of.empty()) {
      const auto finish = rules_->finishes.find(rule.made_of);
      if (finish == rules_->finishes.end())
        throw BadInput(fmt::format("{}: no surface '{}'", rule.place, rule.made_of));
      if (!rule.own_emissivity) rule.material.emissivity = finish->second.emissivity;
      if (!rule.own_absorptance) rule.material.solar_absorptance = finish->second.solar_absorptance;
    }
    if (rule.zone) rule.zone->material = rule.material;
  }
}
MaterialMap::~MaterialMap() = default;

TargetKind MaterialMap::KindOf(std::string_view model_name) const {
  TargetKind kind;
  bool class_known = false;
  for (const NameRule& rule : rules_->names) {
    if (!MatchesAny(rule.names, model_name)) continue;
    if (!class_known && rule.names_class) {
      kind.class_name = rule.kind.class_name;
      class_known = true;
    }
    if (!kind.up) kind.up = rule.kind.up;
    if (!kind.forward) kind.forward = rule.kind.forward;
    if (!kind.metres_per_unit && !kind.length_m) {
      kind.metres_per_unit = rule.kind.metres_per_unit;
      kind.length_m = rule.kind.length_m;
    }
  }
  for (const TargetKind& of_class : rules_->classes) {
    if (of_class.class_name != kind.class_name) continue;
    kind.plausible_length_m = of_class.plausible_length_m;
    kind.nominal_length_m = of_class.nominal_length_m;
    kind.shape = of_class.shape;
    kind.speed_m_s = of_class.speed_m_s;
    break;
  }
  return kind;
}

Material MaterialMap::Of(std::string_view class_name, std::string_view part_name) const {
  for (const PartRule& rule : rules_->parts) {
    if (!rule.zone && Matches(rule, class_name, part_name)) return rule.material;
  }
  return {};
}

std::vector<Zone> MaterialMap::ZonesOf(std::string_view class_name) const {
  std::vector<Zone> zones;
  for (const PartRule& rule : rules_->parts) {
    if (rule.zone && MatchesAny(rule.classes, class_name)) zones.push_back(*rule.zone);
  }
  return zones;
}

std::vector<MotionRule> MaterialMap::MotionsOf(std::string_view class_name) const {
  std::vector<MotionRule> motions;
  for (const ClassMotion& rule : rules_->motions) {
    if (MatchesAny(rule.classes, class_name)) motions.push_back(rule.motion);
  }
  return motions;
}

std::string ToString(const SurfaceTemperature& temperature) {
  using Rule = SurfaceTemperature::Rule;
  const double value = temperature.value_k;
  const std::string offset = fmt::format(" {} {:g} K", value < 0 ? '-' : '+', std::abs(value));
  switch (temperature.rule) {
    case Rule::kAbsolute:
      return fmt::format("{:g} K", value);
    case Rule::kAboveAir:
      return "air" + offset;
    case Rule::kRecovery:
      return fmt::format("recovery (r = {:.3g})", temperature.recovery_factor) + (value == 0 ? "" : offset);
    default:
      return fmt::format("skin balance (h = {:g} W/m2/K)", temperature.convection_w_m2_k);
  }
}

}  // namespace mirst
