#include "tools/report/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "datasets/frame_io.h"
#include "tools/report/csv.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string NameOf(const fs::path& folder) { return fs::absolute(folder / ".").parent_path().filename().string(); }

/// A curve for the eye: corners closer to the last one kept than a thousandth of the picture (the false rate drawn over
/// six decades) are left out.
Json RocOf(const fs::path& file) {
  const CsvTable table = ReadCsv(file);
  Json points = Json::array();
  double last_false = -1, last_true = -1;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::optional<double> false_rate = table.Number(i, "false_rate"), true_rate = table.Number(i, "true_rate");
    if (!false_rate || !true_rate) continue;
    const double decades = std::log10(std::max(*false_rate, 1e-7));
    const bool is_end = i == 0 || i + 1 == table.rows.size();
    if (!is_end && std::abs(decades - last_false) < 6e-3 && std::abs(*true_rate - last_true) < 1e-3) continue;
    points.push_back({*false_rate, *true_rate});
    last_false = decades;
    last_true = *true_rate;
  }
  return points;
}

/// Found and all targets by (SCR, area), summed over speeds, of each operating point by its origin.
std::map<std::string, Json> SurfacesOf(const fs::path& file) {
  const CsvTable table = ReadCsv(file);
  std::map<std::string, std::map<std::pair<std::string, std::string>, std::pair<double, double>>> cells;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string &scr = table.Text(i, "scr"), &area = table.Text(i, "area_px");
    if (scr.empty() || area.empty()) continue;
    auto& [found, targets] = cells[table.Text(i, "origin")][{scr, area}];
    found += table.Number(i, "found").value_or(0);
    targets += table.Number(i, "targets").value_or(0);
  }
  std::map<std::string, Json> surfaces;
  for (const auto& [origin, counts] : cells) {
    Json& surface = surfaces[origin] = Json::array();
    for (const auto& [bins, count] : counts)
      surface.push_back({{"scr", bins.first}, {"area_px", bins.second}, {"found", count.first}, {"of", count.second}});
  }
  return surfaces;
}

/// rule -> sequence -> found, targets, false pixels, pixels.
std::map<std::string, Json> SequencesOf(const fs::path& file) {
  const CsvTable table = ReadCsv(file);
  std::map<std::string, Json> rules;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    Json counts = Json::array();
    for (const char* column : {"matched", "targets", "unmatched_px", "pixels"})
      counts.push_back(table.Number(i, column).value_or(0));
    rules[table.Text(i, "rule")][table.Text(i, "sequence")] = std::move(counts);
  }
  return rules;
}

Json DetectorOf(const Json& scores, const fs::path& folder) {
  const std::string id = Get<std::string>(scores, "id");
  Json detector = {{"id", id},
                   {"training", GetOr<Json>(scores, "training", Json())},
                   {"notes", GetOr<Json>(scores, "notes", Json::array())},
                   {"auc", scores.at("roc").at("auc")},
                   {"roc", Json::array()},
                   {"points", Json::array()}};
  const auto part = [&](const char* ending) { return folder / (id + ending); };
  if (fs::exists(part(".roc.csv"))) detector["roc"] = RocOf(part(".roc.csv"));
  std::map<std::string, Json> surfaces, sequences;
  if (fs::exists(part(".pd.csv"))) surfaces = SurfacesOf(part(".pd.csv"));
  if (fs::exists(part(".sequences.csv"))) sequences = SequencesOf(part(".sequences.csv"));
  for (const Json& point : scores.at("operating_points")) {
    const std::string origin = Get<std::string>(point, "origin"), rule = Get<std::string>(point, "rule");
    detector["points"].push_back({{"origin", origin},
                                  {"rule", rule},
                                  {"subsets", point.at("subsets")},
                                  {"pd_by", GetOr<Json>(point, "pd_by", Json::array())},
                                  {"surface", surfaces[origin].is_null() ? Json::array() : surfaces[origin]},
                                  {"sequences", sequences[rule].is_null() ? Json::object() : sequences[rule]}});
  }
  return detector;
}

Json EvaluationOf(const fs::path& file, const std::string& dataset_id) {
  const Json scores = ParseJson(ReadFile(file));
  try {
    const Json& data = scores.at("data");
    const std::string id = Get<std::string>(data, "dataset_id");
    if (!id.empty() && !dataset_id.empty() && id != dataset_id)
      throw BadInput(
          fmt::format("these are scores of another data set ({:.12}) than the report's ({:.12})", id, dataset_id));
    const fs::path folder = file.parent_path().empty() ? "." : file.parent_path();
    Json evaluation = {{"name", NameOf(folder)},
                       {"protocol", Get<std::string>(scores.at("protocol"), "id")},
                       {"split", Get<std::string>(data, "split")},
                       {"sequences", Get<std::int64_t>(data, "sequences")},
                       {"frames", Get<std::int64_t>(data, "frames")},
                       {"detectors", Json::array()}};
    for (const Json& detector : scores.at("detectors")) evaluation["detectors"].push_back(DetectorOf(detector, folder));
    return evaluation;
  } catch (const Json::exception& error) {
    throw BadInput(error.what());
  }
}

Json Curve(const CsvTable& table, std::string_view column) {
  Json points = Json::array();
  for (std::size_t i = 0; table.Has(column) && i < table.rows.size(); ++i) {
    const std::optional<double> step = table.Number(i, "step"), value = table.Number(i, column);
    if (step && value) points.push_back({*step, *value});
  }
  return points;
}

}  // namespace

PredictedMasks::PredictedMasks(const fs::path& folder)
    : id_(NameOf(folder)), masks_(fs::is_directory(folder / "mask") ? folder / "mask" : folder) {
  const std::vector<fs::path> sequences = ListFolders(masks_);
  const bool holds_masks = std::any_of(sequences.begin(), sequences.end(), [](const fs::path& sequence) {
    const std::vector<fs::path> files = ListFiles(sequence);
    return std::any_of(files.begin(), files.end(), [](const fs::path& file) { return LowerExtension(file) == ".png"; });
  });
  if (!holds_masks) {
    throw BadInput(
        fmt::format("{} holds neither scores.json (of mirst evaluate --out) nor masks <sequence>/<frame>.png (of mirst "
                    "detect --out)",
                    folder.string()));
  }
}

bool PredictedMasks::HasSequence(const std::string& sequence) const { return fs::is_directory(masks_ / sequence); }

Mask PredictedMasks::Read(const std::string& sequence, const std::string& frame) const {
  return ReadMask(masks_ / sequence / (fs::path(frame).stem().string() + ".png"));
}

ReportResults OpenResults(const std::vector<fs::path>& paths, const std::string& dataset_id) {
  ReportResults results;
  Json evaluations = Json::array();
  for (const fs::path& path : paths) {
    if (!fs::exists(path)) throw BadInput(fmt::format("--results {}: no such file or folder", path.string()));
    const fs::path scores = fs::is_directory(path) ? path / "scores.json" : path;
    if (fs::exists(scores)) {
      evaluations.push_back(InContext(scores.string(), [&] { return EvaluationOf(scores, dataset_id); }));
    } else {
      results.predictions.emplace_back(path);
    }
  }
  results.evaluations_json = Dump(evaluations);
  return results;
}

std::string TrainingJson(const fs::path& run) {
  const CsvTable log = ReadCsv(run / "train_log.csv");
  Json loss = Curve(log, "loss");
  if (loss.empty()) throw BadInput(fmt::format("{} holds no loss", (run / "train_log.csv").string()));
  Json training = {{"loss", std::move(loss)}};
  for (const char* column : {"samples", "epoch", "seconds"})
    training[column] = log.Has(column) ? log.Number(log.rows.size() - 1, column).value_or(0) : 0;
  training["validation"] = Json::array();
  if (fs::exists(run / "val_log.csv")) {
    const CsvTable validation = ReadCsv(run / "val_log.csv");
    for (const auto& [column, name] :
         std::map<std::string, std::string>{{"iou_seq", "IoU_seq"}, {"niou", "nIoU"}, {"pd", "Pd"}}) {
      training["validation"].push_back({{"name", name}, {"points", Curve(validation, column)}});
    }
  }
  for (const char* name : {"best.json", "last.json"}) {
    if (training.contains("samples_seen") || !fs::exists(run / name)) continue;
    InContext((run / name).string(), [&] {
      const Json record = ParseJson(ReadFile(run / name));
      training["samples_seen"] = Get<std::int64_t>(record, "samples_seen");
      training["steps"] = Get<std::int64_t>(record, "steps");
    });
  }
  return Dump(training);
}

}  // namespace mirst
