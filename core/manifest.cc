#include "core/manifest.h"

#include <algorithm>

#include "core/json.h"

namespace mirst {
namespace {

Json AsJson(const ManifestSequence& s) {
  Json models = Json::array();
  for (const ManifestModel& model : s.models) models.push_back({{"path", model.path}, {"sha256", model.sha256}});
  return {{"name", s.name},
          {"split", s.split},
          {"background",
           {{"source", s.background.source},
            {"kind", s.background.kind},
            {"path", s.background.path},
            {"sha256", s.background.sha256},
            {"frames", {{"first", s.background.first_frame}, {"count", s.background.frame_count}}}}},
          {"models", models},
          {"frames", s.frames},
          {"size", {s.width, s.height}},
          {"bit_depth", s.bit_depth},
          {"scenario", ParseJson(s.scenario_json)}};
}

ManifestSequence ParseSequence(const Json& entry) {
  ManifestSequence s;
  s.name = Get<std::string>(entry, "name");
  InContext(fmt::format("sequence {}", s.name), [&] {
    if (s.name.empty() || s.name.find('/') != std::string::npos || s.name.starts_with('.')) {
      throw BadInput("a sequence's name must be a plain folder name");
    }
    s.split = Get<std::string>(entry, "split");
    if (std::find(kSplitNames.begin(), kSplitNames.end(), s.split) == kSplitNames.end()) {
      throw BadInput(fmt::format("unknown split '{}'; allowed: train, val, test", s.split));
    }
    const Json background = GetOr<Json>(entry, "background", Json::object());
    s.background.source = GetOr<std::string>(background, "source", "");
    s.background.kind = GetOr<std::string>(background, "kind", "");
    s.background.path = GetOr<std::string>(background, "path", "");
    s.background.sha256 = GetOr<std::string>(background, "sha256", "");
    const Json frames = GetOr<Json>(background, "frames", Json::object());
    s.background.first_frame = GetOr<int>(frames, "first", 0);
    s.background.frame_count = GetOr<int>(frames, "count", 0);
    for (const Json& model : GetOr<Json::array_t>(entry, "models", {})) {
      s.models.push_back({Get<std::string>(model, "path"), Get<std::string>(model, "sha256")});
    }
    s.frames = Get<int>(entry, "frames");
    const auto size = Get<std::array<int, 2>>(entry, "size");
    s.width = size[0];
    s.height = size[1];
    s.bit_depth = Get<int>(entry, "bit_depth");
    if (s.frames < 0) throw BadInput(fmt::format("found {} frames, allowed: at least 0", s.frames));
    if (s.width < 1 || s.height < 1) {
      throw BadInput(fmt::format("found the frame size {} x {}, allowed: at least 1 x 1", s.width, s.height));
    }
    if (s.bit_depth != 8 && s.bit_depth != 16) {
      throw BadInput(fmt::format("found bit_depth {}, allowed: 8, 16", s.bit_depth));
    }
    s.scenario_json = GetOr<Json>(entry, "scenario", Json::object()).dump();
  });
  return s;
}

// The object `files` of a large set has some hundred thousand keys, and the library's ordered objects seek a new key
// among all before it: these pairs are taken out while it reads.
class FilesApart {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::key) {
      if (depth == 1) inside_ = value == "files";
      if (depth != 2 || !inside_) return true;
      path_ = value.get<std::string>();
      return false;
    }
    if (depth != 2 || !inside_) return true;
    if (event == Json::parse_event_t::value && value.is_string()) {
      files[path_] = value.get<std::string>();
    } else if (event != Json::parse_event_t::object_end && event != Json::parse_event_t::array_end) {
      throw BadInput(fmt::format("files: the hash of '{}' is no text", path_));
    }
    return true;
  }
  std::map<std::string, std::string> files;

 private:
  bool inside_ = false;
  std::string path_;
};

Json ParseApart(std::string_view text, FilesApart& apart) {
  try {
    return Json::parse(text,
                       [&](int depth, Json::parse_event_t event, Json& value) { return apart(depth, event, value); });
  } catch (const Json::exception& error) {
    throw BadInput(fmt::format("not valid JSON: {}", error.what()));
  }
}

}  // namespace

std::string ToJson(const Manifest& m) {
  Json sequences = Json::array();
  Json splits = Json::object();
  for (const std::string_view split : kSplitNames) splits[std::string(split)] = Json::array();
  for (const ManifestSequence& s : m.sequences) {
    splits[s.split].push_back(s.name);
    sequences.push_back(AsJson(s));
  }
  const Json json = {{"schema_version", m.schema_version},
                     {"program", {{"name", "mirst"}, {"version", m.program_version}, {"git", m.program_git}}},
                     {"config", ParseJson(m.config_json)},
                     {"seed", m.seed},
                     {"inputs", m.inputs},
                     {"dataset_id", m.dataset_id},
                     {"mask_convention", m.mask_convention},
                     {"splits", splits},
                     {"sequences", sequences},
                     {"files", m.files}};
  return Dump(json, 1) + "\n";
}

Manifest ParseManifest(std::string_view text) {
  FilesApart apart;
  const Json json = ParseApart(text, apart);
  Manifest m;
  m.schema_version = Get<int>(json, "schema_version");
  if (m.schema_version != kManifestSchemaVersion) {
    throw BadInput(fmt::format("schema_version {} is not supported; this program reads version {}", m.schema_version,
                               kManifestSchemaVersion));
  }
  const Json program = Get<Json>(json, "program");
  m.program_version = Get<std::string>(program, "version");
  m.program_git = GetOr<std::string>(program, "git", "");
  m.config_json = GetOr<Json>(json, "config", Json::object()).dump();
  m.seed = GetOr<std::uint64_t>(json, "seed", 0);
  m.inputs = GetOr<decltype(m.inputs)>(json, "inputs", {});
  m.dataset_id = Get<std::string>(json, "dataset_id");
  m.mask_convention = GetOr<std::string>(json, "mask_convention", "half_max");
  for (const Json& entry : Get<Json::array_t>(json, "sequences")) {
    m.sequences.push_back(ParseSequence(entry));
  }
  if (json.contains("files") && !json["files"].is_object()) throw BadInput("files is no object of paths and hashes");
  m.files = std::move(apart.files);
  return m;
}

std::string ToJson(const ManifestSequence& sequence) { return Dump(AsJson(sequence)); }

ManifestSequence ParseManifestSequence(std::string_view text) { return ParseSequence(ParseJson(text)); }

}  // namespace mirst
