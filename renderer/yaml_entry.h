// Reading YAML key by key with faults that name file and line; for the renderer's own files.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace mirst {

/// A map of a document whose keys are read one by one; what is left unread is a fault.
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
  /// A list of texts, or one text as a list of one; empty where the key is missing.
  std::vector<std::string> FindTexts(const std::string& key) {
    if (!Has(key)) return {};
    if (node_[key].IsSequence()) return Get<std::vector<std::string>>(key, "a list of texts");
    return {Get<std::string>(key, "a text")};
  }
  std::vector<std::string> Keys() {
    for (const auto& item : node_) known_.insert(item.first.as<std::string>());
    return {known_.begin(), known_.end()};
  }
  bool IsMap(const std::string& key) { return Has(key) && node_[key].IsMap(); }
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
  /// "file:line"
  std::string Place() const { return fmt::format("{}:{}", origin_, node_.Mark().line + 1); }
  [[noreturn]] void Refuse(std::string_view message) const { Fail(node_, message); }
  /// Calls `read`; its Error gets this map's file and line.
  template <class Function>
  auto At(Function&& read) const {
    try {
      return read();
    } catch (const Error& error) {
      Refuse(error.message());
    }
  }

 private:
  [[noreturn]] void Fail(const YAML::Node& node, std::string_view message) const {
    throw BadInput(fmt::format("{}:{}: {}", origin_, node.Mark().line + 1, message));
  }

  YAML::Node node_;
  std::string origin_;
  std::set<std::string> known_;
};

/// Parses `yaml` and lets `read` have its top; whatever yaml-cpp throws becomes kBadInput with file and line. An empty
/// document is passed over.
template <class Function>
void ReadYaml(const std::string& yaml, const std::string& origin, Function&& read) {
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (root.IsNull()) return;
    Entry document(root, origin);
    read(document);
    document.RefuseUnknown();
  } catch (const YAML::Exception& error) {
    throw BadInput(fmt::format("{}:{}: not valid YAML: {}", origin, error.mark.line + 1, error.msg));
  }
}

}  // namespace mirst
