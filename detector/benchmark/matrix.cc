#include "detector/benchmark/matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "detector/model_driven/methods.h"
#include "metrics/mask_convention.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// One object of a list in the config: each key is named once, the rest are faults.
class Item {
 public:
  Item(const Json& json, std::string place, std::vector<std::string>& faults)
      : json_(json), place_(std::move(place)), faults_(faults) {
    if (!json_.is_object()) faults_.push_back(fmt::format("{} is no mapping", place_));
  }
  void Take(const char* key, std::string& value) {
    Read(key, value, "a text", [](const Json& found) { return found.is_string(); });
  }
  void Take(const char* key, bool& value) {
    Read(key, value, "true or false", [](const Json& found) { return found.is_boolean(); });
  }
  void Take(const char* key, std::vector<std::string>& value) {
    Read(key, value, "a list of texts", [](const Json& found) {
      return found.is_array() &&
             std::all_of(found.begin(), found.end(), [](const Json& each) { return each.is_string(); });
    });
  }
  void Finish() {
    if (!json_.is_object()) return;
    for (const auto& [key, value] : json_.items()) {
      if (!taken_.contains(key)) faults_.push_back(fmt::format("{}: unknown key '{}'", place_, key));
    }
  }

 private:
  template <class Value, class IsRight>
  void Read(const char* key, Value& value, const char* expected, const IsRight& is_right) {
    taken_.insert(key);
    if (!json_.is_object() || !json_.contains(key)) return;
    const Json& found = json_[key];
    if (!is_right(found)) {
      faults_.push_back(fmt::format("{}: {} is {}, expected {}", place_, key, found.dump(), expected));
      return;
    }
    value = found.get<Value>();
  }

  const Json& json_;
  std::string place_;
  std::vector<std::string>& faults_;
  std::set<std::string> taken_;
};

// One function for each kind of item names its keys: for reading and for printing alike.
template <class Visitor>
void Keys(Visitor& item, BenchmarkSet& set) {
  item.Take("name", set.name);
  item.Take("generate", set.generate);
  item.Take("set", set.assignments);
  item.Take("folder", set.folder);
  item.Take("layout", set.layout);
  item.Take("val", set.val);
  item.Take("test", set.test);
  item.Take("boxes", set.boxes);
  item.Take("single_frame", set.single_frame);
  item.Take("without", set.without);
}
template <class Visitor>
void Keys(Visitor& item, BenchmarkNetwork& network) {
  item.Take("id", network.id);
  item.Take("name", network.name);
  item.Take("arch", network.arch);
  item.Take("train", network.train);
  item.Take("set", network.assignments);
  item.Take("checkpoint", network.checkpoint);
  item.Take("on", network.on);
  item.Take("single_frame", network.single_frame);
  item.Take("boxes", network.boxes);
  item.Take("ablation", network.ablation);
}
template <class Visitor>
void Keys(Visitor& item, BenchmarkTable& table) {
  item.Take("title", table.title);
  item.Take("rows", table.rows);
}

struct Printer {
  Json json = Json::object();
  template <class Value>
  void Take(const char* key, const Value& value) {
    if (value != Value{}) json[key] = value;
  }
};

template <class Element>
void VisitList(OptionsVisitor& visitor, const char* name, std::vector<Element>& list, const char* description) {
  Json json = Json::array();
  for (Element& element : list) {
    Printer printer;
    Keys(printer, element);
    json.push_back(std::move(printer.json));
  }
  const auto read = [&](std::string_view text) {
    std::vector<std::string> faults;
    const Json items = ParseJson(text);
    if (!items.is_array()) return std::vector<std::string>{"expected a list"};
    list.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      Item item(items[i], fmt::format("entry {}", i + 1), faults);
      Keys(item, list.emplace_back());
      item.Finish();
    }
    return faults;
  };
  visitor.Structure(name, Dump(json), read, R"({"type": "array", "items": {"type": "object"}})", description);
}

bool IsPlainName(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.").find(c) !=
           std::string_view::npos;
  });
}

std::string Expand(std::string text) {
  for (std::size_t begin; (begin = text.find("${")) != std::string::npos;) {
    const std::size_t end = text.find('}', begin);
    if (end == std::string::npos) throw UsageError(fmt::format("'{}': '${{' without '}}'", text));
    const std::string name = text.substr(begin + 2, end - begin - 2);
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0')
      throw UsageError(fmt::format("'{}': the environment variable {} is not set", text, name));
    text.replace(begin, end - begin + 1, value);
  }
  return text;
}

}  // namespace

void Visit(OptionsVisitor& v, BenchmarkMatrix& m) {
  v.Text("title", m.title, "heads the pages");
  v.Boolean("smoke", m.smoke, "the pages are headed 'smoke run': it shows that all works and measures nothing");
  auto seed = static_cast<std::int64_t>(m.seed);
  v.Integer("seed", seed, {0, 9007199254740992.0}, "of the first training of each network");
  m.seed = static_cast<std::uint64_t>(seed);
  v.Integer("seeds", m.seeds, {1, 1000}, "trainings of each network, from seed, seed + 1, ...; ranks need three");
  v.Boolean("leave_one_source_out", m.leave_one_source_out,
            "a fold for each background source of the first set: tested on it, trained on the others");
  v.OptionalReal("limit_minutes", m.limit_minutes, {0.001, 1e6}, "of one training; null: by its own config");
  v.Integer("limit_memory_mib", m.limit_memory_mib, {0, 1e8},
            "address space of a cell's process, MiB; a cell that needs more fails alone; 0: no limit");
  v.Integer("least_validations", m.least_validations, {0, 1e6},
            "a training with fewer validations counts as not converged");
  v.Real("probe_s", m.probe_s, {0, 3600}, "seconds of training from which the whole run is estimated; 0: no estimate");
  v.Integer("speed_frames", m.speed_frames, {1, 1e6}, "frames that are timed, one after the other");
  v.Integer("pictures", m.pictures, {0, 120}, "rows of the figure of examples");
  v.Text("masks", m.masks, "second mask convention where the set has coverage: coverage:T or energy:T");
  VisitList(v, "sets", m.sets,
            "data sets, the first one that of Table 1: name, generate or folder, set, layout, val, test, boxes, "
            "single_frame, without (detectors that are not scored on it)");
  v.TextList("methods", m.methods, "classical methods");
  v.TextList("method_options", m.method_assignments, "KEY=VALUE of `mirst evaluate --print-config`");
  VisitList(v, "networks", m.networks, "id, name, arch, train, set, checkpoint, on, single_frame, boxes, ablation");
  VisitList(v, "ablations", m.ablations, "tables of some rows: title, rows (ids)");
}

void AddFaults(OptionsReader& reader, const BenchmarkMatrix& m) {
  const auto fault = [&](const char* path, const std::string& text) { reader.AddFault(path, text); };
  try {
    ParseMaskConvention(m.masks);
  } catch (const Error& error) {
    fault("masks", error.what());
  }
  std::set<std::string> sets, detectors;
  if (m.sets.empty()) fault("sets", "is empty, expected a data set at least");
  if (!m.sets.empty() && (m.sets.front().boxes || m.sets.front().single_frame))
    fault("sets", "begins with a set of boxes or of single pictures, which Table 1 cannot be made of");
  for (const BenchmarkSet& set : m.sets) {
    if (!IsPlainName(set.name)) fault("sets", fmt::format("'{}' is no plain name of a set", set.name));
    if (!sets.insert(set.name).second) fault("sets", fmt::format("the name {} comes twice", set.name));
    if (set.generate.empty() == set.folder.empty())
      fault("sets", fmt::format("{} needs one of generate and folder", set.name));
    if (!set.assignments.empty() && set.generate.empty())
      fault("sets", fmt::format("{}: set goes with generate alone", set.name));
  }
  const auto& known = ModelDrivenMethods();
  for (const std::string& method : m.methods) {
    if (std::find(known.begin(), known.end(), method) == known.end())
      fault("methods", fmt::format("holds '{}', allowed: {}", method, fmt::join(known, ", ")));
    if (!detectors.insert(method).second) fault("methods", fmt::format("{} comes twice", method));
  }
  for (const BenchmarkNetwork& network : m.networks) {
    if (!IsPlainName(network.id)) fault("networks", fmt::format("'{}' is no plain id", network.id));
    if (!detectors.insert(network.id).second) fault("networks", fmt::format("the id {} comes twice", network.id));
    if (!network.on.empty() && !sets.contains(network.on))
      fault("networks", fmt::format("{} is trained on {}, which is no set", network.id, network.on));
    if (!network.checkpoint.empty() && !(network.train.empty() && network.assignments.empty() && network.on.empty()))
      fault("networks", fmt::format("{}: a checkpoint takes no train, set or on", network.id));
  }
  for (const BenchmarkSet& set : m.sets) {
    for (const std::string& id : set.without) {
      if (!detectors.contains(id)) fault("sets", fmt::format("{}: without names no detector: {}", set.name, id));
      if (&set == &m.sets.front()) fault("sets", fmt::format("{}: the first set is without {}", set.name, id));
    }
  }
  if (detectors.empty()) fault("networks", "and methods are empty: nothing to score");
  for (const BenchmarkTable& table : m.ablations) {
    for (const std::string& row : table.rows) {
      if (!detectors.contains(row)) fault("ablations", fmt::format("'{}' names no detector: {}", table.title, row));
    }
  }
}

void ResolvePaths(BenchmarkMatrix& matrix, const fs::path& base) {
  const auto resolve = [&](std::string& path) {
    if (!path.empty()) path = (base / Expand(path)).lexically_normal().string();
  };
  for (BenchmarkSet& set : matrix.sets) {
    resolve(set.generate);
    resolve(set.folder);
    for (std::string& assignment : set.assignments) assignment = Expand(assignment);
  }
  for (BenchmarkNetwork& network : matrix.networks) {
    resolve(network.train);
    resolve(network.checkpoint);
  }
}

bool IsSingleFrameMethod(const std::string& method) { return MakeModelDrivenDetector(method)->window_frames() == 1; }

}  // namespace mirst
