#include "detector/benchmark/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 4> kStates = {"done", "not converged", "failed", "absent"};

Json ToJson(const std::map<std::string, SetIdentity>& sets) {
  Json json = Json::object();
  for (const auto& [name, identity] : sets)
    json[name] = {{"dataset_id", identity.dataset_id}, {"splits_sha256", identity.splits_sha256}};
  return json;
}

std::string HashOf(const std::string& file) { return file.empty() ? "" : Sha256OfFile(file); }

}  // namespace

std::vector<BenchmarkCell> CellsOf(const BenchmarkMatrix& matrix, std::size_t folds) {
  std::vector<BenchmarkCell> cells;
  const auto add = [&](const BenchmarkCell& cell) {
    for (std::size_t fold = 0; fold < std::max<std::size_t>(folds, 1); ++fold) {
      cells.push_back(cell);
      if (folds == 0) continue;
      cells.back().fold = fold;
      cells.back().id += fmt::format("-fold{:02}", fold);
    }
  };
  for (const BenchmarkNetwork& network : matrix.networks) {
    if (!network.checkpoint.empty()) {
      add({network.id, network.id, network, {}, {}, network.single_frame});
      continue;
    }
    for (std::uint64_t seed = matrix.seed; seed < matrix.seed + static_cast<std::uint64_t>(matrix.seeds); ++seed)
      add({fmt::format("{}-s{}", network.id, seed), network.id, network, seed, {}, network.single_frame});
  }
  for (const std::string& method : matrix.methods) add({method, method, {}, {}, {}, IsSingleFrameMethod(method)});
  return cells;
}

std::string CellConfigHash(const BenchmarkMatrix& matrix, const BenchmarkCell& cell,
                           const std::map<std::string, SetIdentity>& sets) {
  Json json = {{"detector", cell.detector}, {"masks", matrix.masks}, {"sets", ToJson(sets)}};
  if (cell.network) {
    const BenchmarkNetwork& network = *cell.network;
    json["arch"] = network.arch;
    json["train_sha256"] = HashOf(network.train);
    json["set"] = network.assignments;
    json["checkpoint_sha256"] = HashOf(network.checkpoint);
    json["on"] = network.on;
    json["limit_minutes"] = matrix.limit_minutes ? Json(*matrix.limit_minutes) : Json();
    json["least_validations"] = matrix.least_validations;
  } else {
    json["method_options"] = matrix.method_assignments;
  }
  if (cell.seed) json["seed"] = *cell.seed;
  return Sha256OfText(Dump(json));
}

std::string NameOf(CellState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::string ToJson(const CellStatus& s) {
  Json json = {{"cell", s.cell},
               {"detector", s.detector},
               {"config_sha256", s.config_sha256},
               {"seed", s.seed ? Json(*s.seed) : Json()},
               {"left_out", s.left_out},
               {"state", NameOf(s.state)},
               {"reason", s.reason},
               {"not_scored", s.not_scored},
               {"sets", ToJson(s.sets)},
               {"config", s.config},
               {"weights", s.weights},
               {"log", s.log},
               {"steps", s.steps},
               {"samples", s.samples},
               {"validations", s.validations},
               {"slope", Json()},
               {"train_s", s.train_s},
               {"score_s", s.score_s},
               {"train_peak_mib", s.train_peak_mib},
               {"threads", s.threads},
               {"program", s.program},
               {"files", s.files}};
  if (s.slope) {
    json["slope"] = {{"iou_per_1000_steps", s.slope->per_1000_steps},
                     {"low", s.slope->low},
                     {"high", s.slope->high},
                     {"points", s.slope->points}};
  }
  return Dump(json, 1) + "\n";
}

CellStatus ParseCellStatus(const std::string& text) {
  const Json json = ParseJson(text);
  CellStatus s;
  s.cell = Get<std::string>(json, "cell");
  s.detector = Get<std::string>(json, "detector");
  s.config_sha256 = Get<std::string>(json, "config_sha256");
  if (const Json seed = Get<Json>(json, "seed"); !seed.is_null()) s.seed = Get<std::uint64_t>(json, "seed");
  s.left_out = Get<std::string>(json, "left_out");
  const auto state = Get<std::string>(json, "state");
  const auto known = std::find(kStates.begin(), kStates.end(), state);
  if (known == kStates.end()) throw BadInput(fmt::format("the state '{}' is none", state));
  s.state = static_cast<CellState>(known - kStates.begin());
  s.reason = Get<std::string>(json, "reason");
  s.not_scored = Get<std::map<std::string, std::string>>(json, "not_scored");
  const Json sets = Get<Json>(json, "sets");
  for (const auto& [name, identity] : sets.items())
    s.sets[name] = {Get<std::string>(identity, "dataset_id"), Get<std::string>(identity, "splits_sha256")};
  s.config = Get<std::string>(json, "config");
  s.weights = Get<std::string>(json, "weights");
  s.log = Get<std::string>(json, "log");
  s.steps = Get<std::int64_t>(json, "steps");
  s.samples = Get<std::int64_t>(json, "samples");
  s.validations = Get<std::int64_t>(json, "validations");
  if (const Json slope = Get<Json>(json, "slope"); !slope.is_null()) {
    s.slope = {Get<double>(slope, "iou_per_1000_steps"), Get<double>(slope, "low"), Get<double>(slope, "high"),
               Get<std::size_t>(slope, "points")};
  }
  s.train_s = Get<double>(json, "train_s");
  s.score_s = Get<double>(json, "score_s");
  s.train_peak_mib = Get<double>(json, "train_peak_mib");
  s.threads = Get<int>(json, "threads");
  s.program = Get<std::string>(json, "program");
  s.files = Get<std::map<std::string, std::string>>(json, "files");
  return s;
}

std::map<std::string, std::string> HashFiles(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().lexically_relative(folder).generic_string();
    if (entry.is_regular_file() && path != "status.json") files[path] = Sha256OfFile(entry.path());
  }
  return files;
}

std::vector<std::string> Differences(const CellStatus& status, const fs::path& folder) {
  std::vector<std::string> differences;
  const auto differ = [&](const std::string& path, const char* how) {
    differences.push_back(fmt::format("{}: {}", (folder / path).string(), how));
  };
  std::map<std::string, std::string> found = HashFiles(folder);
  for (const auto& [path, sha256] : status.files) {
    std::error_code error;
    if (fs::path(path).is_absolute() && fs::exists(path, error)) found[path] = Sha256OfFile(path);
    const auto it = found.find(path);
    if (it == found.end()) {
      differ(path, "is missing");
    } else if (it->second != sha256) {
      differ(path, "is not the file that the cell was finished with");
    }
  }
  for (const auto& [path, sha256] : found) {
    if (!status.files.contains(path)) differ(path, "was not there when the cell was finished");
  }
  return differences;
}

}  // namespace mirst
