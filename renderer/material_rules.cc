#include "renderer/material_rules.h"

#include <array>
#include <cmath>

#include "renderer/yaml_entry.h"

namespace mirst {
namespace {

Patterns PatternsOf(Entry& entry, const std::string& key) {
  return entry.Has(key) ? entry.FindTexts(key) : Patterns{"*"};
}

std::optional<std::string> FindAxis(Entry& entry, const std::string& key) {
  auto axis = entry.Find<std::string>(key, "an axis");
  if (axis && axis->size() == 1) axis = fmt::format("+{}", *axis);
  static const std::set<std::string> kAxes{"+x", "-x", "+y", "-y", "+z", "-z"};
  if (axis && !kAxes.contains(*axis)) {
    entry.Refuse(fmt::format("{}: found '{}', expected an axis of the file: +x, -x, +y, -y, +z or -z", key, *axis));
  }
  return axis;
}

BodyShape ReadShape(Entry& entry) {
  const auto text = entry.Find<std::string>("shape", "any, flat or long");
  if (!text || *text == "any") return BodyShape::kAny;
  if (*text == "flat") return BodyShape::kFlat;
  if (*text == "long") return BodyShape::kLong;
  entry.Refuse(fmt::format("shape: found '{}', expected any, flat or long", *text));
}

constexpr double kLargestLength_m = 1e5;

NameRule ReadNameRule(Entry entry) {
  NameRule rule;
  rule.names = PatternsOf(entry, "name");
  if (const auto name = entry.Find<std::string>("class", "a name")) {
    rule.kind.class_name = *name;
    rule.names_class = true;
  }
  rule.kind.up = FindAxis(entry, "up");
  rule.kind.forward = FindAxis(entry, "forward");
  rule.kind.metres_per_unit = entry.FindNumber("metres_per_unit", 1e-9, 1e9);
  rule.kind.length_m = entry.FindNumber("length_m", 1e-3, kLargestLength_m);
  if (rule.kind.up && rule.kind.forward && (*rule.kind.up)[1] == (*rule.kind.forward)[1]) {
    entry.Refuse("up and forward must be different axes");
  }
  entry.RefuseUnknown();
  return rule;
}

TargetKind ReadClass(const std::string& name, Entry entry) {
  TargetKind kind;
  kind.class_name = name;
  kind.plausible_length_m = entry.FindInterval("plausible_length_m", 1e-3, kLargestLength_m);
  kind.nominal_length_m = entry.FindNumber("nominal_length_m", 1e-3, kLargestLength_m);
  kind.shape = ReadShape(entry);
  kind.speed_m_s = entry.FindNumber("speed_m_s", 0, 3000).value_or(0);
  entry.RefuseUnknown();
  return kind;
}

// A number, {n, k} of a smooth surface, or {angles_deg, values}.
Emissivity ReadEmissivity(Entry& parent, const std::string& key) {
  if (!parent.IsMap(key))
    return parent.At(
        [&] { return Emissivity::Lambert(parent.Get<double>(key, "a number, {n, k} or {angles_deg, values}")); });
  Entry entry = parent.Child(key);
  const auto n = entry.Find<double>("n", "a number"), k = entry.Find<double>("k", "a number");
  const auto angles = entry.Find<std::vector<double>>("angles_deg", "a list of numbers");
  const auto values = entry.Find<std::vector<double>>("values", "a list of numbers");
  entry.RefuseUnknown();
  if (n && !angles && !values) return entry.At([&] { return Emissivity::Smooth(*n, k.value_or(0)); });
  if (angles && values && !n && !k) return entry.At([&] { return Emissivity::Table(*angles, *values); });
  entry.Refuse("expected {n, k} or {angles_deg, values}");
}

// One for both bands, or {mwir, lwir}.
BandEmissivity ReadBandEmissivity(Entry& parent) {
  if (parent.IsMap("emissivity")) {
    Entry bands = parent.Child("emissivity");
    if (bands.Has("mwir") || bands.Has("lwir")) {
      if (!bands.Has("mwir") || !bands.Has("lwir")) bands.Refuse("emissivity: expected both mwir and lwir");
      BandEmissivity read{ReadEmissivity(bands, "mwir"), ReadEmissivity(bands, "lwir")};
      bands.RefuseUnknown();
      return read;
    }
  }
  const Emissivity both = ReadEmissivity(parent, "emissivity");
  return {both, both};
}

double ReadRecovery(Entry& entry) {
  const auto text = entry.Get<std::string>("recovery", "laminar, turbulent, stagnation or a factor");
  if (text == "laminar") return kLaminarRecovery;
  if (text == "turbulent") return kTurbulentRecovery;
  if (text == "stagnation") return kStagnationRecovery;
  const double factor = entry.Get<double>("recovery", "laminar, turbulent, stagnation or a factor");
  if (!(factor >= 0 && factor <= 1)) entry.Refuse(fmt::format("recovery: found {}, allowed: 0 to 1", factor));
  return factor;
}

SurfaceTemperature ReadTemperature(Entry& entry) {
  using Rule = SurfaceTemperature::Rule;
  const auto absolute = entry.FindNumber("temperature_k", 0, kMaxSurfaceTemperature_K);
  const auto above = entry.FindNumber("above_air_k", -kMaxSurfaceTemperature_K, kMaxSurfaceTemperature_K);
  const bool recovers = entry.Has("recovery"), balanced = entry.Has("convection_w_m2_k");
  if (absolute && *absolute == 0) entry.Refuse("temperature_k: found 0, allowed: above 0");
  if (absolute ? above || recovers || balanced : balanced ? above.has_value() : !above && !recovers) {
    entry.Refuse(
        "a rule needs temperature_k, above_air_k, recovery (with or without above_air_k), or convection_w_m2_k "
        "(with or without recovery)");
  }
  SurfaceTemperature read;
  read.rule = absolute ? Rule::kAbsolute : balanced ? Rule::kSkinBalance : recovers ? Rule::kRecovery : Rule::kAboveAir;
  read.value_k = absolute ? *absolute : above.value_or(0);
  if (recovers) read.recovery_factor = ReadRecovery(entry);
  read.convection_w_m2_k = entry.FindNumber("convection_w_m2_k", 0.1, 1e5).value_or(0);
  return read;
}

Zone ReadZone(Entry box) {
  Zone zone;
  zone.name = box.Find<std::string>("name", "a name").value_or("zone");
  static const std::array<const char*, 3> kAxes{"x", "y", "z"};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (const auto share = box.FindInterval(kAxes[axis], 0, 1)) zone.shares[axis] = *share;
    zone.metres[axis] = box.FindInterval(fmt::format("{}_m", kAxes[axis]), -kLargestLength_m, kLargestLength_m);
  }
  box.RefuseUnknown();
  return zone;
}

PartRule ReadPartRule(Entry entry) {
  PartRule rule;
  rule.place = entry.Place();
  rule.classes = PatternsOf(entry, "class");
  rule.parts = PatternsOf(entry, "part");
  rule.nodes = PatternsOf(entry, "node");
  rule.meshes = PatternsOf(entry, "mesh");
  rule.materials = PatternsOf(entry, "material");
  for (const char* key : {"part", "node", "mesh", "material", "zone"}) rule.names_parts |= entry.Has(key);
  rule.material.ignored = entry.Find<bool>("ignore", "true or false").value_or(false);
  if (!rule.material.ignored) rule.material.temperature = ReadTemperature(entry);
  rule.made_of = entry.Find<std::string>("made_of", "a name among `surfaces`").value_or("");
  if (entry.Has("emissivity")) {
    rule.own_emissivity = true;
    rule.material.emissivity = ReadBandEmissivity(entry);
  }
  if (const auto absorptance = entry.FindNumber("solar_absorptance", 0, 1)) {
    rule.own_absorptance = true;
    rule.material.solar_absorptance = *absorptance;
  }
  if (entry.Has("zone")) rule.zone = ReadZone(entry.Child("zone"));
  entry.RefuseUnknown();
  return rule;
}

SurfaceFinish ReadFinish(Entry entry) {
  SurfaceFinish finish;
  if (!entry.Has("emissivity")) entry.Refuse("a surface needs its emissivity");
  finish.emissivity = ReadBandEmissivity(entry);
  finish.solar_absorptance = entry.FindNumber("solar_absorptance", 0, 1).value_or(finish.solar_absorptance);
  entry.RefuseUnknown();
  return finish;
}

ClassMotion ReadMotion(Entry entry) {
  ClassMotion read;
  MotionRule& motion = read.motion;
  read.classes = PatternsOf(entry, "class");
  motion.parts = PatternsOf(entry, "part");
  motion.name = entry.Find<std::string>("name", "a name").value_or("motion");
  if (const auto axis = entry.Find<std::vector<double>>("axis", "[x, y, z]")) {
    if (axis->size() != 3) entry.Refuse("axis: expected [x, y, z], towards nose, left and top");
    motion.axis = {(*axis)[0], (*axis)[1], (*axis)[2]};
    if (!(Length(motion.axis) > 1e-6 && Length(motion.axis) < 1e6))
      entry.Refuse("axis: expected a direction, found none");
  }
  if (const auto pivot = entry.Find<std::vector<double>>("pivot", "[x, y, z]")) {
    if (pivot->size() != 3) entry.Refuse("pivot: expected [x, y, z], shares of the moving parts' box");
    for (std::size_t i = 0; i < 3; ++i) {
      if (!(std::abs((*pivot)[i]) <= 100))
        entry.Refuse(fmt::format("pivot: found {}, allowed: -100 to 100", (*pivot)[i]));
      motion.pivot_shares[i] = (*pivot)[i];
    }
  }
  const auto rate_hz = entry.FindNumber("rate_hz", -1000, 1000);
  if (!rate_hz) entry.Refuse("a motion needs its rate_hz");
  motion.rate_hz = *rate_hz;
  motion.swing_deg = entry.FindNumber("swing_deg", -180, 180).value_or(0);
  motion.phase_deg = entry.FindNumber("phase_deg", -360, 360).value_or(0);
  entry.RefuseUnknown();
  return read;
}

}  // namespace

void MaterialRules::Append(const std::string& yaml, const std::string& origin) {
  ReadYaml(yaml, origin, [&](Entry& document) {
    for (const Entry& entry : document.List("targets")) names.push_back(ReadNameRule(entry));
    if (document.Has("classes")) {
      for (const auto& item : document.Child("classes").Items()) classes.push_back(ReadClass(item.first, item.second));
    }
    if (document.Has("surfaces")) {
      for (const auto& item : document.Child("surfaces").Items()) finishes.emplace(item.first, ReadFinish(item.second));
    }
    for (const Entry& entry : document.List("parts")) parts.push_back(ReadPartRule(entry));
    for (const Entry& entry : document.List("motions")) motions.push_back(ReadMotion(entry));
  });
}

}  // namespace mirst
