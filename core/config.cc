#include "core/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"

namespace mirst {

// ---- ConfigTree -----------------------------------------------------------------------------------------------------

struct ConfigTree::State {
  YAML::Node root{YAML::NodeType::Map};
  std::string origin;
  std::set<std::string> assigned;  // paths that came from --set
};

ConfigTree::ConfigTree() : state_(std::make_unique<State>()) {}
ConfigTree::~ConfigTree() = default;
ConfigTree::ConfigTree(ConfigTree&&) noexcept = default;
ConfigTree& ConfigTree::operator=(ConfigTree&&) noexcept = default;

ConfigTree ConfigTree::FromFile(const std::filesystem::path& path) {
  return FromText(ReadFile(path), path.filename().string());
}

ConfigTree ConfigTree::FromText(std::string_view yaml, std::string_view origin) {
  ConfigTree tree;
  tree.state_->origin = origin;
  try {
    YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsNull()) tree.state_->root = root;
  } catch (const YAML::Exception& error) {
    throw UsageError(
        fmt::format("{}:{}:{}: not valid YAML: {}", origin, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
  if (!tree.state_->root.IsMap()) throw UsageError(fmt::format("{}: options must be 'key: value' pairs", origin));
  return tree;
}

void ConfigTree::Assign(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw UsageError(fmt::format("--set {}: expected key.key=value", assignment));
  }
  const std::string path(assignment.substr(0, equals));
  YAML::Node value;
  try {
    value = YAML::Load(std::string(assignment.substr(equals + 1)));
  } catch (const YAML::Exception& error) {
    throw UsageError(fmt::format("--set {}: the value is not valid YAML: {}", assignment, error.msg));
  }
  YAML::Node node = state_->root;
  std::size_t start = 0;
  while (true) {
    const std::size_t dot = path.find('.', start);
    const std::string key = path.substr(start, dot == std::string::npos ? dot : dot - start);
    if (key.empty()) throw UsageError(fmt::format("--set {}: an empty key", assignment));
    if (dot == std::string::npos) {
      node[key] = value;
      break;
    }
    if (!node[key] || !node[key].IsMap()) node[key] = YAML::Node(YAML::NodeType::Map);
    const YAML::Node child = node[key];
    node.reset(child);
    start = dot + 1;
  }
  state_->assigned.insert(path);
}

// ---- OptionsReader --------------------------------------------------------------------------------------------------

struct OptionsReader::State {
  struct Level {
    std::string path;
    YAML::Node node;  // map or undefined
    std::set<std::string> known;
  };
  const ConfigTree::State* tree = nullptr;
  std::vector<Level> levels;
  std::map<std::string, int> lines;  // of the keys in the file, by path
  std::vector<std::string> faults;

  std::string PathOf(std::string_view name) const {
    const std::string& parent = levels.back().path;
    return parent.empty() ? std::string(name) : fmt::format("{}.{}", parent, name);
  }
  // --set a=... also brings a.b.
  bool IsAssigned(const std::string& path) const {
    return std::any_of(tree->assigned.begin(), tree->assigned.end(), [&](const std::string& assigned) {
      return path.starts_with(assigned) && (path.size() == assigned.size() || path[assigned.size()] == '.');
    });
  }
  void Fault(const std::string& path, std::string_view message) {
    std::string place;
    if (IsAssigned(path)) {
      place = " (--set)";
    } else if (const auto line = lines.find(path); line != lines.end()) {
      place = fmt::format(" ({}:{})", tree->origin, line->second);
    }
    faults.push_back(fmt::format("{}{}: {}", path, place, message));
  }
  void Enter(const std::string& path, const YAML::Node& node) {
    levels.push_back({path, node, {}});
    if (!node.IsDefined() || !node.IsMap()) return;
    for (const auto& entry : node) {
      if (entry.first.Mark().is_null()) continue;
      const std::string key = entry.first.as<std::string>("?");
      lines[path.empty() ? key : path + "." + key] = entry.first.Mark().line + 1;
    }
  }
  // The node of a field, undefined when the tree does not name it.
  YAML::Node Take(std::string_view name) {
    Level& level = levels.back();
    level.known.insert(std::string(name));
    if (!level.node.IsDefined() || !level.node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    const YAML::Node& map = level.node;  // const: looking up must not insert
    return map[std::string(name)];
  }
  static std::string Shown(const YAML::Node& node) {
    YAML::Emitter emitter;
    emitter << YAML::Flow << node;
    std::string text = emitter.c_str();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.size() > 60 ? text.substr(0, 57) + "..." : text;
  }
  template <class T>
  std::optional<T> As(const std::string& path, const YAML::Node& node, std::string_view expected) {
    try {
      if (!HoldsNull(node)) return node.as<T>();  // the library would read an empty value as the text "null"
    } catch (const YAML::Exception&) {            // reported below
    }
    Fault(path, fmt::format("found '{}', expected {}", Shown(node), expected));
    return std::nullopt;
  }
  static bool HoldsNull(const YAML::Node& node) {
    return node.IsNull() || (node.IsSequence() && std::any_of(node.begin(), node.end(), HoldsNull));
  }
  // Plain scalars are numbers or truth values where they read as such, else text.
  static Json ToJson(const YAML::Node& node) {
    Json json;
    if (node.IsSequence()) {
      json = Json::array();
      for (const auto& item : node) json.push_back(ToJson(item));
    } else if (node.IsMap()) {
      json = Json::object();
      for (const auto& entry : node) json[entry.first.as<std::string>("?")] = ToJson(entry.second);
    } else if (node.IsScalar()) {
      const bool is_quoted = node.Tag() == "!";
      std::int64_t whole = 0;
      double real = 0;
      bool truth = false;
      if (!is_quoted && YAML::convert<std::int64_t>::decode(node, whole)) {
        json = whole;
      } else if (!is_quoted && YAML::convert<double>::decode(node, real) && std::isfinite(real)) {
        json = real;
      } else if (!is_quoted && YAML::convert<bool>::decode(node, truth)) {
        json = truth;
      } else {
        json = node.Scalar();
      }
    }
    return json;
  }
  static std::string Shown(Range range) {
    if (std::isinf(range.low) && std::isinf(range.high)) return "a number";
    if (std::isinf(range.high)) return fmt::format("at least {}", range.low);
    if (std::isinf(range.low)) return fmt::format("at most {}", range.high);
    return fmt::format("{} to {}", range.low, range.high);
  }
  bool InRange(const std::string& path, double value, Range range) {
    if (std::isfinite(value) && value >= range.low && value <= range.high) return true;
    Fault(path, fmt::format("found {}, allowed: {}", value, Shown(range)));
    return false;
  }
  void CollectUnknown(const Level& level) {
    if (!level.node.IsDefined() || !level.node.IsMap()) return;
    std::set<std::string> seen;
    for (const auto& entry : level.node) {
      const std::string key = entry.first.as<std::string>("?");
      const std::string path = level.path.empty() ? key : level.path + "." + key;
      if (!level.known.contains(key)) {
        Fault(path, fmt::format("unknown key; known here: {}", fmt::join(level.known, ", ")));
      } else if (!seen.insert(key).second) {
        Fault(path, "given twice");
      }
    }
  }
};

OptionsReader::OptionsReader(const ConfigTree& tree) : state_(std::make_unique<State>()) {
  state_->tree = tree.state_.get();
  state_->Enter("", tree.state_->root);
}
OptionsReader::~OptionsReader() = default;

void OptionsReader::BeginGroup(std::string_view name, std::string_view) {
  const std::string path = state_->PathOf(name);
  YAML::Node node = state_->Take(name);
  if (node.IsDefined() && !node.IsMap() && !node.IsNull()) {
    state_->Fault(path, fmt::format("found '{}', expected a group of keys", State::Shown(node)));
  }
  state_->Enter(path, node);
}

void OptionsReader::EndGroup() {
  state_->CollectUnknown(state_->levels.back());
  state_->levels.pop_back();
}

void OptionsReader::Boolean(std::string_view name, bool& value, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  if (const auto read = state_->As<bool>(state_->PathOf(name), node, "true or false")) value = *read;
}

void OptionsReader::Integer(std::string_view name, std::int64_t& value, Range range, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  const std::string path = state_->PathOf(name);
  const auto read = state_->As<std::int64_t>(path, node, "a whole number");
  if (read && state_->InRange(path, static_cast<double>(*read), range)) value = *read;
}

void OptionsReader::Real(std::string_view name, double& value, Range range, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  const std::string path = state_->PathOf(name);
  const auto read = state_->As<double>(path, node, "a number");
  if (read && state_->InRange(path, *read, range)) value = *read;
}

void OptionsReader::OptionalReal(std::string_view name, std::optional<double>& value, Range range, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  if (node.IsNull()) {
    value.reset();
    return;
  }
  const std::string path = state_->PathOf(name);
  const auto read = state_->As<double>(path, node, "a number or null");
  if (read && state_->InRange(path, *read, range)) value = *read;
}

void OptionsReader::Text(std::string_view name, std::string& value, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  if (const auto read = state_->As<std::string>(state_->PathOf(name), node, "text")) value = *read;
}

void OptionsReader::TextList(std::string_view name, std::vector<std::string>& value, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  if (const auto read = state_->As<std::vector<std::string>>(state_->PathOf(name), node, "a list of texts"))
    value = *read;
}

void OptionsReader::Choice(std::string_view name, int& index, const std::vector<std::string>& names, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  const std::string path = state_->PathOf(name);
  const auto read = state_->As<std::string>(path, node, "text");
  if (!read) return;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == *read) {
      index = static_cast<int>(i);
      return;
    }
  }
  state_->Fault(path, fmt::format("found '{}', allowed: {}", *read, fmt::join(names, ", ")));
}

void OptionsReader::Interval(std::string_view name, std::pair<double, double>& value, Range range, std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  const std::string path = state_->PathOf(name);
  const auto read = state_->As<std::vector<double>>(path, node, "[low, high]");
  if (!read) return;
  if (read->size() != 2) {
    state_->Fault(path, fmt::format("found {} numbers, expected [low, high]", read->size()));
  } else if (state_->InRange(path, read->front(), range) && state_->InRange(path, read->back(), range)) {
    if (read->front() > read->back()) {
      state_->Fault(path, fmt::format("low {} exceeds high {}", read->front(), read->back()));
    } else {
      value = {read->front(), read->back()};
    }
  }
}

void OptionsReader::Structure(std::string_view name, std::string_view, const ReadJson& read, std::string_view,
                              std::string_view) {
  const YAML::Node node = state_->Take(name);
  if (!node.IsDefined()) return;
  const std::string path = state_->PathOf(name);
  for (const std::string& fault : read(Dump(State::ToJson(node)))) state_->Fault(path, fault);
}

void OptionsReader::AddFault(std::string_view path, std::string_view message) {
  state_->faults.push_back(fmt::format("{}: {}", path, message));
}

void OptionsReader::Finish() {
  state_->CollectUnknown(state_->levels.front());
  if (!state_->faults.empty()) throw UsageError(fmt::format("{}", fmt::join(state_->faults, "\n  ")));
}

}  // namespace mirst
