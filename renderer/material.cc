#include "renderer/material.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "renderer/default_materials.h"
#include "renderer/planck.h"

namespace mirst {
namespace {

using Patterns = std::vector<std::string>;

bool MatchesAny(const Patterns& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return MatchesPattern(p, text); });
}

// A map of the document whose keys are read one by one; what is left unread is a fault.
class Entry {
 public:
  Entry(const YAML::Node& node, std::string origin) : node_(node), origin_(std::move(origin)) {
    if (!node_.IsMap()) Fail(node_, "expected 'key: value' pairs");
  }

  bool Has(const std::string& key) {
    known_.insert(key);
    return node_[key].IsDefined();
  }
  template <class T>
  T Get(const std::string& key, std::string_view expected) {
    try {
      return node_[key].as<T>();
    } catch (const YAML::Exception&) {
      Fail(node_[key], fmt::format("{}: expected {}", key, expected));
    }
  }
  template <class T>
  std::optional<T> Find(const std::string& key, std::string_view expected) {
    if (!Has(key)) return std::nullopt;
    return Get<T>(key, expected);
  }
  std::optional<double> FindNumber(const std::string& key, double low, double high) {
    const auto value = Find<double>(key, "a number");
    if (value && !(*value >= low && *value <= high)) {
      Fail(node_[key], fmt::format("{}: found {}, allowed: {} to {}", key, *value, low, high));
    }
    return value;
  }
  std::optional<std::pair<double, double>> FindInterval(const std::string& key, double low, double high) {
    const auto pair = Find<std::vector<double>>(key, "[low, high]");
    if (!pair) return std::nullopt;
    if (pair->size() != 2 || !((*pair)[0] >= low && (*pair)[0] <= (*pair)[1] && (*pair)[1] <= high)) {
      Fail(node_[key], fmt::format("{}: expected [low, high] within {} to {}", key, low, high));
    }
    return std::pair((*pair)[0], (*pair)[1]);
  }
  Patterns FindPatterns(const std::string& key) {
    if (!Has(key)) return {"*"};
    if (node_[key].IsSequence()) return Get<Patterns>(key, "a list of patterns");
    return {Get<std::string>(key, "a pattern")};
  }
  std::optional<std::string> FindAxis(const std::string& key) {
    auto axis = Find<std::string>(key, "an axis");
    if (axis && axis->size() == 1) axis = fmt::format("+{}", *axis);
    static const std::set<std::string> kAxes{"+x", "-x", "+y", "-y", "+z", "-z"};
    if (axis && !kAxes.contains(*axis)) {
      Fail(node_[key], fmt::format("{}: found '{}', expected an axis of the file: +x, -x, +y, -y, +z or -z", key, *axis));
    }
    return axis;
  }
  Entry Child(const std::string& key) const { return {node_[key], origin_}; }
  std::vector<Entry> List(const std::string& key) {
    if (!Has(key)) return {};
    if (!node_[key].IsSequence()) Fail(node_[key], fmt::format("{}: expected a list", key));
    std::vector<Entry> entries;
    for (const auto& item : node_[key]) entries.emplace_back(item, origin_);
    return entries;
  }
  std::vector<std::pair<std::string, Entry>> Items() const {
    std::vector<std::pair<std::string, Entry>> items;
    for (const auto& item : node_) items.emplace_back(item.first.as<std::string>(), Entry(item.second, origin_));
    return items;
  }
  void RefuseUnknown() const {
    for (const auto& item : node_) {
      const std::string key = item.first.as<std::string>("?");
      if (!known_.contains(key)) {
        Fail(item.first, fmt::format("the key '{}' is unknown; known here: {}", key, fmt::join(known_, ", ")));
      }
    }
  }
  [[noreturn]] void Refuse(std::string_view message) const { Fail(node_, message); }

 private:
  [[noreturn]] void Fail(const YAML::Node& node, std::string_view message) const {
    throw BadInput(fmt::format("{}:{}: {}", origin_, node.Mark().line + 1, message));
  }

  YAML::Node node_;
  std::string origin_;
  std::set<std::string> known_;
};

struct NameRule {
  Patterns names;
  TargetKind kind;
  bool names_class = false;
};

struct PartRule {
  Patterns classes;
  Patterns parts;
  std::optional<Zone> zone;
  Material material;
};

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
  rule.names = entry.FindPatterns("name");
  if (const auto name = entry.Find<std::string>("class", "a name")) {
    rule.kind.class_name = *name;
    rule.names_class = true;
  }
  rule.kind.up = entry.FindAxis("up");
  rule.kind.forward = entry.FindAxis("forward");
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
  entry.RefuseUnknown();
  return kind;
}

PartRule ReadPartRule(Entry entry) {
  PartRule rule;
  rule.classes = entry.FindPatterns("class");
  rule.parts = entry.FindPatterns("part");
  rule.material.ignored = entry.Find<bool>("ignore", "true or false").value_or(false);
  const auto absolute = entry.FindNumber("temperature_k", 0, kMaxTemperature_K);
  const auto above = entry.FindNumber("above_air_k", -kMaxTemperature_K, kMaxTemperature_K);
  if (absolute && *absolute == 0) entry.Refuse("temperature_k: found 0, allowed: above 0");
  if (!rule.material.ignored && absolute.has_value() == above.has_value()) {
    entry.Refuse("a rule needs either temperature_k or above_air_k");
  }
  rule.material.temperature = {absolute ? *absolute : above.value_or(0), !absolute};
  rule.material.emissivity = entry.FindNumber("emissivity", 0, 1).value_or(rule.material.emissivity);
  if (entry.Has("zone")) {
    Entry box = entry.Child("zone");
    Zone zone;
    zone.name = box.Find<std::string>("name", "a name").value_or("zone");
    static const std::array<const char*, 3> kAxes{"x", "y", "z"};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (const auto share = box.FindInterval(kAxes[axis], 0, 1)) zone.shares[axis] = *share;
    }
    box.RefuseUnknown();
    zone.material = rule.material;
    rule.zone = zone;
  }
  entry.RefuseUnknown();
  return rule;
}

}  // namespace

struct MaterialMap::State {
  std::vector<NameRule> names;
  std::vector<TargetKind> classes;
  std::vector<PartRule> parts;

  void Append(const std::string& yaml, const std::string& origin) {
    YAML::Node root;
    try {
      root = YAML::Load(yaml);
    } catch (const YAML::Exception& error) {
      throw BadInput(fmt::format("{}:{}: not valid YAML: {}", origin, error.mark.line + 1, error.msg));
    }
    if (root.IsNull()) return;
    try {
      Entry document(root, origin);
      for (const Entry& entry : document.List("targets")) names.push_back(ReadNameRule(entry));
      if (document.Has("classes")) {
        for (const auto& item : document.Child("classes").Items()) classes.push_back(ReadClass(item.first, item.second));
      }
      for (const Entry& entry : document.List("parts")) parts.push_back(ReadPartRule(entry));
      document.RefuseUnknown();
    } catch (const YAML::Exception& error) {
      throw BadInput(fmt::format("{}:{}: {}", origin, error.mark.line + 1, error.msg));
    }
  }
};

MaterialMap::MaterialMap(const std::vector<std::filesystem::path>& layers) : state_(std::make_unique<State>()) {
  for (const auto& path : layers) state_->Append(ReadFile(path), path.string());
  state_->Append(std::string(kDefaultMaterials), "built-in materials");
}
MaterialMap::~MaterialMap() = default;

TargetKind MaterialMap::KindOf(std::string_view model_name) const {
  TargetKind kind;
  bool class_known = false;
  for (const NameRule& rule : state_->names) {
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
  for (const TargetKind& of_class : state_->classes) {
    if (of_class.class_name != kind.class_name) continue;
    kind.plausible_length_m = of_class.plausible_length_m;
    kind.nominal_length_m = of_class.nominal_length_m;
    kind.shape = of_class.shape;
    break;
  }
  return kind;
}

Material MaterialMap::Of(std::string_view class_name, std::string_view part_name) const {
  for (const PartRule& rule : state_->parts) {
    if (!rule.zone && MatchesAny(rule.classes, class_name) && MatchesAny(rule.parts, part_name)) return rule.material;
  }
  return {};
}

std::vector<Zone> MaterialMap::ZonesOf(std::string_view class_name) const {
  std::vector<Zone> zones;
  for (const PartRule& rule : state_->parts) {
    if (rule.zone && MatchesAny(rule.classes, class_name)) zones.push_back(*rule.zone);
  }
  return zones;
}

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {  // let the last '*' take one character more
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string ToString(const SurfaceTemperature& temperature) {
  if (!temperature.above_air) return fmt::format("{:g} K", temperature.value_k);
  return fmt::format("air {} {:g} K", temperature.value_k < 0 ? '-' : '+', std::abs(temperature.value_k));
}

}  // namespace mirst
