#include "detector/benchmark/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "detector/comparison_files.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// Adds one fold's scores.
void Join(const fs::path& folder, TrainingScores& scores) {
  const ScoredDetector scored = ReadScores(folder.string());
  for (const ScoredDetector::Point& point : scored.points) {
    std::vector<SequenceScore>& sequences = scores.points[point.origin];
    sequences.insert(sequences.end(), point.sequences.begin(), point.sequences.end());
  }
  scores.paper_origin = scored.points.at(0).origin;
  for (const ScoredDetector::Protocol& protocol : scored.points.at(0).protocols) {
    if (protocol.id != "P5" || protocol.masks != scored.points.at(0).protocols.at(0).masks) continue;
    for (const SequenceCounts& sequence : protocol.sequences) scores.boxes += sequence.counts;
  }
}

/// As papers print it: "WSNM-STIPT".
std::string TitleOfMethod(std::string id) {
  if (id.starts_with("top_hat")) return id == "top_hat" ? "Top-Hat" : "Top-Hat (dark)";
  for (char& c : id) c = c == '_' ? '-' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return id;
}

std::optional<CellStatus> ReadStatus(const fs::path& folder) {
  const fs::path file = folder / "status.json";
  if (!fs::exists(file)) return std::nullopt;
  return InContext(file.string(), [&] { return ParseCellStatus(ReadFile(file)); });
}

/// Mean IoU_seq of the first set under the paper protocol.
std::optional<double> MeanIou(const BenchmarkRow& row, const std::string& set) {
  const auto it = row.scores.find(set);
  if (it == row.scores.end()) return std::nullopt;
  Mean mean;
  for (const TrainingScores& scores : it->second)
    mean.Add(Summarise(scores.points.at(scores.paper_origin)).subsets.back().iou_seq.value());
  return mean.value();
}

void Rank(const std::string& set, std::vector<BenchmarkRow>& rows) {
  std::vector<std::pair<double, BenchmarkRow*>> ranked;
  for (BenchmarkRow& row : rows) {
    if (const auto iou = MeanIou(row, set); iou && row.MayBeRanked() && !row.ablation) ranked.emplace_back(*iou, &row);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const bool is_equal = i > 0 && ranked[i].first == ranked[i - 1].first;
    ranked[i].second->rank = is_equal ? *ranked[i - 1].second->rank : static_cast<int>(i) + 1;
  }
}

}  // namespace

std::string ToJson(const BenchmarkRecord& record) {
  Json sets = Json::array();
  for (const PreparedSet& set : record.sets) {
    sets.push_back({{"name", set.name},
                    {"folder", set.folder.string()},
                    {"dataset_id", set.identity.dataset_id},
                    {"splits_sha256", set.identity.splits_sha256},
                    {"split", set.split},
                    {"sources", set.sources},
                    {"boxes", set.boxes},
                    {"single_frame", set.single_frame},
                    {"without", set.without},
                    {"scored_frames", set.scored_frames}});
  }
  return Dump({{"config", ParseJson(PrintOptions(record.matrix, OptionsFormat::kJson))},
               {"folds", record.folds},
               {"sets", sets}},
              1) +
         "\n";
}

BenchmarkRecord ParseBenchmarkRecord(const std::string& text) {
  const Json json = ParseJson(text);
  BenchmarkRecord record;
  record.matrix = ReadOptions<BenchmarkMatrix>(ConfigTree::FromText(Get<Json>(json, "config").dump(), "config"));
  record.folds = Get<std::size_t>(json, "folds");
  for (const Json& each : Get<Json>(json, "sets")) {
    PreparedSet set;
    set.name = Get<std::string>(each, "name");
    set.folder = Get<std::string>(each, "folder");
    set.identity = {Get<std::string>(each, "dataset_id"), Get<std::string>(each, "splits_sha256")};
    set.split = Get<std::string>(each, "split");
    set.sources = Get<std::vector<std::string>>(each, "sources");
    set.boxes = Get<bool>(each, "boxes");
    set.single_frame = Get<bool>(each, "single_frame");
    set.without = Get<std::vector<std::string>>(each, "without");
    set.scored_frames = Get<std::int64_t>(each, "scored_frames");
    record.sets.push_back(std::move(set));
  }
  if (record.sets.empty()) throw BadInput("the benchmark has no data set");
  return record;
}

bool BenchmarkRow::MayBeRanked() const {
  if (cells.empty() || scores.empty() || boxes) return false;
  if (!is_method && scores.begin()->second.size() < kSeedsForOrder) return false;
  return std::all_of(cells.begin(), cells.end(), [](const CellStatus& cell) { return cell.state == CellState::kDone; });
}

std::string BenchmarkRow::StateText() const {
  std::string text;
  std::size_t done = 0;
  for (const CellStatus& cell : cells) {
    if (cell.state == CellState::kDone) ++done;
    if (cell.state == CellState::kDone || !text.empty()) continue;
    text = fmt::format("{}: {}", NameOf(cell.state), cell.reason);
  }
  if (text.empty()) return cells.empty() ? "not run" : "done";
  return cells.size() == 1 ? text : fmt::format("{} of {} cells done; {}", done, cells.size(), text);
}

std::vector<BenchmarkRow> ReadRows(const BenchmarkRecord& record, const fs::path& folder) {
  std::vector<BenchmarkRow> rows;
  std::map<std::pair<std::string, std::string>, std::map<std::string, std::pair<TrainingScores, std::size_t>>> joined;
  for (const BenchmarkCell& cell : CellsOf(record.matrix, record.folds)) {
    if (rows.empty() || rows.back().id != cell.detector) {
      BenchmarkRow row;
      row.id = cell.detector;
      row.is_method = !cell.network;
      row.name = row.is_method ? TitleOfMethod(row.id) : row.id;
      row.single_frame = cell.single_frame;
      if (cell.network) {
        if (!cell.network->name.empty()) row.name = cell.network->name;
        row.ablation = cell.network->ablation;
        row.boxes = cell.network->boxes;
        row.trained_on = !cell.network->checkpoint.empty() ? "given checkpoint"
                         : cell.network->on.empty()        ? record.sets.front().name
                                                           : cell.network->on;
      }
      if (const fs::path costs = folder / "detectors" / cell.detector / "costs.json"; fs::exists(costs))
        row.costs = InContext(costs.string(), [&] { return ParseDetectorCosts(ReadFile(costs)); });
      rows.push_back(std::move(row));
    }
    const fs::path of_cell = folder / "cells" / cell.id;
    const std::optional<CellStatus> status = ReadStatus(of_cell);
    if (!status) continue;
    rows.back().cells.push_back(*status);
    if (!IsScored(*status)) continue;
    for (const PreparedSet& set : ScoredSets(cell, record.sets)) {
      if (status->not_scored.contains(set.name)) continue;
      auto& [scores, folds] = joined[{cell.detector, set.name}][cell.seed ? std::to_string(*cell.seed) : ""];
      InContext("cell " + cell.id, [&] { Join(of_cell / "scores" / set.name, scores); });
      if (++folds == std::max<std::size_t>(record.folds, 1)) rows.back().scores[set.name].push_back(std::move(scores));
    }
  }
  if (!record.matrix.smoke) Rank(record.sets.front().name, rows);
  return rows;
}

std::vector<std::string> Statements(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows) {
  std::vector<std::string> statements;
  if (record.matrix.smoke) return statements;
  const std::string& set = record.sets.front().name;
  struct Group {
    const char* name;
    const BenchmarkRow* best = nullptr;
  };
  Group groups[] = {{"networks of several frames"}, {"networks of one frame"}, {"classical methods"}};
  std::size_t unranked = 0;
  for (const BenchmarkRow& row : rows) {
    if (row.ablation) continue;
    if (!row.rank) {
      ++unranked;
      continue;
    }
    const BenchmarkRow*& best = groups[row.is_method ? 2 : row.single_frame ? 1 : 0].best;
    if (best == nullptr || *row.rank < *best->rank) best = &row;
  }
  if (unranked > 0) {
    statements.push_back(
        fmt::format("{} of {} rows have no rank: they failed, are absent, have not converged, have fewer than {} "
                    "trainings, or make boxes.",
                    unranked, std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !row.ablation; }),
                    kSeedsForOrder));
  }
  for (const Group& group : groups) {
    if (group.best == nullptr) {
      statements.push_back(
          fmt::format("No claim about the order of the groups: no ranked row among the {}.", group.name));
      return statements;
    }
  }
  const auto iou = [&](const Group& group) { return 100 * MeanIou(*group.best, set).value_or(0); };
  const bool as_published = iou(groups[0]) > iou(groups[1]) && iou(groups[1]) > iou(groups[2]);
  statements.push_back(fmt::format(
      "Best of each group by IoU: {} {:.2f} ({}), {} {:.2f} ({}), {} {:.2f} ({}): the published order is {}.",
      groups[0].best->name, iou(groups[0]), groups[0].name, groups[1].best->name, iou(groups[1]), groups[1].name,
      groups[2].best->name, iou(groups[2]), groups[2].name, as_published ? "seen" : "not seen"));
  return statements;
}

}  // namespace mirst
