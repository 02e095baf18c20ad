// The tables of a benchmark, from its rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "detector/benchmark/results.h"

namespace mirst {
namespace {

constexpr const char* kNone = "-";

/// Mean over trainings, with their standard deviation from two on.
std::string Spread(const std::vector<std::optional<double>>& values, double unit, int digits) {
  double sum = 0, squares = 0, count = 0;
  for (const std::optional<double>& value : values) {
    if (value) sum += *value, ++count;
  }
  if (count == 0) return kNone;
  const double mean = sum / count;
  for (const std::optional<double>& value : values) {
    if (value) squares += (*value - mean) * (*value - mean);
  }
  const std::string text = fmt::format("{:.{}f}", mean / unit, digits);
  return count < 2 ? text : fmt::format("{} +- {:.{}f}", text, std::sqrt(squares / (count - 1)) / unit, digits);
}

/// IoU, Pd in %, Fa in 1e-6 of one subset under P1, means over sequences. The pixels of boxes have no IoU.
void AddScores(const BenchmarkRow& row, const std::vector<SubsetScore>& trainings, std::vector<std::string>& cells) {
  std::vector<std::optional<double>> iou, pd, fa;
  for (const SubsetScore& subset : trainings) {
    iou.push_back(subset.iou_seq.value());
    pd.push_back(subset.pd_seq.value());
    fa.push_back(subset.fa_seq.value());
  }
  cells.push_back(row.boxes ? std::string(kNone) : Spread(iou, 0.01, 2));
  cells.push_back(Spread(pd, 0.01, 2));
  cells.push_back(trainings.size() == 1 ? trainings.front().FaText() : Spread(fa, 1e-6, 2));
}

/// The subsets of every training, by operating point; none where the point is not there.
std::vector<DetectionReport> ReportsOf(const BenchmarkRow& row, const std::string& set, const std::string& origin) {
  std::vector<DetectionReport> reports;
  const auto it = row.scores.find(set);
  if (it == row.scores.end()) return reports;
  for (const TrainingScores& scores : it->second) {
    const auto point = scores.points.find(origin.empty() ? scores.paper_origin : origin);
    if (point != scores.points.end()) reports.push_back(Summarise(point->second));
  }
  return reports;
}

/// Cells of the subset with this place in DetectionReport::subsets.
void AddSubset(const BenchmarkRow& row, const std::vector<DetectionReport>& reports, std::size_t place,
               std::vector<std::string>& cells) {
  std::vector<SubsetScore> trainings;
  for (const DetectionReport& report : reports) {
    if (place < report.subsets.size()) trainings.push_back(report.subsets[place]);
  }
  if (trainings.empty()) {
    cells.insert(cells.end(), 3, kNone);
  } else {
    AddScores(row, trainings, cells);
  }
}

std::string RankText(const BenchmarkRow& row) { return row.rank ? std::to_string(*row.rank) : kNone; }

std::string SequencesText(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows, std::size_t place) {
  for (const BenchmarkRow& row : rows) {
    const auto reports = ReportsOf(row, record.sets.front().name, "");
    if (!reports.empty()) return std::to_string(reports.front().subsets.at(place).sequences);
  }
  return "0";
}

TextTable ScrTable(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows, const std::string& origin) {
  const PreparedSet& set = record.sets.front();
  TextTable table;
  table.title = fmt::format(
      "Table 1{}: {} (data set {:.12}; sequences: {} of mSCR < 3, {} of mSCR >= 3, {} in all); IoU and Pd in %, Fa in "
      "1e-6, P1, means over sequences{}",
      origin.empty() ? "" : " at a threshold of the validation split", set.name, set.identity.dataset_id,
      SequencesText(record, rows, 0), SequencesText(record, rows, 1), SequencesText(record, rows, 2),
      origin.empty() ? "" : "; " + origin);
  table.columns = {"method",  "IoU < 3", "Pd < 3", "Fa < 3", "IoU >= 3",   "Pd >= 3", "Fa >= 3",
                   "IoU all", "Pd all",  "Fa all", "seeds",  "trained on", "rank",    "state"};
  for (const BenchmarkRow& row : rows) {
    if (row.ablation) continue;
    const std::vector<DetectionReport> reports = ReportsOf(row, set.name, origin);
    std::vector<std::string> cells = {row.name};
    for (const std::size_t place : {0U, 1U, 2U}) AddSubset(row, reports, place, cells);
    cells.push_back(row.is_method ? kNone : std::to_string(reports.size()));
    cells.push_back(row.is_method ? kNone : row.trained_on);
    cells.push_back(origin.empty() ? RankText(row) : kNone);
    cells.push_back(row.StateText());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// Why a row has no scores on a set.
std::string Missing(const BenchmarkRow& row, const PreparedSet& set) {
  if (set.single_frame && !row.single_frame) return "needs a sequence";
  if (std::find(set.without.begin(), set.without.end(), row.id) != set.without.end()) return "left out by the config";
  for (const CellStatus& cell : row.cells) {
    if (const auto it = cell.not_scored.find(set.name); it != cell.not_scored.end()) return "failed: " + it->second;
  }
  return row.StateText();
}

TextTable SetTable(const PreparedSet& set, const std::vector<BenchmarkRow>& rows) {
  TextTable table;
  table.title =
      fmt::format("Table 2: {} (data set {:.12}, {} frames); {}", set.name, set.identity.dataset_id, set.scored_frames,
                  set.boxes ? "loose boxes, P5: Pd in %, false alarms a frame, pooled"
                            : "IoU and Pd in %, Fa in 1e-6, P1, means over sequences");
  table.columns = set.boxes ? std::vector<std::string>{"method", "trained on", "Pd", "false/frame", "found/targets"}
                            : std::vector<std::string>{"method", "trained on", "IoU", "Pd", "Fa"};
  table.columns.emplace_back("state");
  for (const BenchmarkRow& row : rows) {
    if (row.ablation) continue;
    std::vector<std::string> cells = {row.name, row.is_method ? kNone : row.trained_on};
    const auto it = row.scores.find(set.name);
    if (it == row.scores.end() || !set.boxes) {
      AddSubset(row, ReportsOf(row, set.name, ""), 2, cells);
    } else {
      std::vector<std::optional<double>> pd, rate;
      ProtocolCounts sum;
      for (const TrainingScores& scores : it->second) {
        pd.push_back(scores.boxes.pd().value());
        rate.push_back(scores.boxes.false_per_frame().value());
        sum += scores.boxes;
      }
      cells.push_back(Spread(pd, 0.01, 2));
      cells.push_back(Spread(rate, 1, 3));
      cells.push_back(fmt::format("{}/{}", sum.hits, sum.targets));
    }
    cells.push_back(it == row.scores.end() ? Missing(row, set) : row.StateText());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string Number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : kNone;
}

TextTable AblationTable(const BenchmarkTable& asked, const std::string& set, const std::vector<BenchmarkRow>& rows) {
  TextTable table{asked.title + "; IoU and Pd in %, Fa in 1e-6", {}, {}};
  table.columns = {"method", "IoU", "Pd", "Fa", "parameters", "GMAC", "seeds", "state"};
  for (const std::string& id : asked.rows) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const BenchmarkRow& each) { return each.id == id; });
    if (row == rows.end()) continue;
    const std::vector<DetectionReport> reports = ReportsOf(*row, set, "");
    std::vector<std::string> cells = {row->name};
    AddSubset(*row, reports, 2, cells);
    const bool known = row->costs && row->costs->parameters;
    cells.push_back(known ? std::to_string(*row->costs->parameters) : kNone);
    cells.push_back(row->costs ? Number(row->costs->gmacs, 2) : kNone);
    cells.push_back(row->is_method ? kNone : std::to_string(reports.size()));
    cells.push_back(row->StateText());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

TextTable CostTable(const std::vector<BenchmarkRow>& rows) {
  TextTable table;
  table.columns = {"method", "parameters", "GMAC",     "of input",        "ms/frame p50",      "p95", "frames/s",
                   "frame",  "threads",    "peak MiB", "training step s", "training peak MiB", "note"};
  for (const BenchmarkRow& row : rows) {
    std::vector<std::string> cells = {row.name};
    const DetectorCosts costs = row.costs.value_or(DetectorCosts{});
    cells.push_back(costs.parameters ? std::to_string(*costs.parameters) : kNone);
    cells.push_back(Number(costs.gmacs, 2));
    cells.push_back(costs.input.empty() ? kNone : costs.input);
    if (costs.speed) {
      const SpeedRecord& speed = *costs.speed;
      cells.insert(
          cells.end(),
          {Number(speed.p50_ms, 2), Number(speed.p95_ms, 2), speed.p50_ms > 0 ? Number(1000 / speed.p50_ms, 1) : kNone,
           fmt::format("{}x{}", speed.width, speed.height), std::to_string(speed.threads), Number(speed.peak_mib, 0)});
    } else {
      cells.insert(cells.end(), 6, kNone);
    }
    double peak_mib = 0;
    for (const CellStatus& cell : row.cells) peak_mib = std::max(peak_mib, cell.train_peak_mib);
    cells.push_back(costs.step_s > 0 ? Number(costs.step_s, 3) : kNone);
    cells.push_back(peak_mib > 0 ? Number(peak_mib, 0) : kNone);
    cells.push_back(costs.failure.empty() ? kNone : costs.failure);
    table.rows.push_back(std::move(cells));
  }
  table.title = "Cost: parameters, operations, time and memory of detecting one frame after the other";
  return table;
}

TextTable CellTable(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows) {
  TextTable table;
  table.title = "Cells: what each result comes from; hashes are the first 12 digits of SHA-256 (status.json has all)";
  table.columns = {"cell", "state",    "steps",   "samples", "validations", "slope, IoU points in 1000 steps",
                   "95 %", "train s",  "score s", "options", "config",      "weights",
                   "log",  "data set", "reason"};
  for (const BenchmarkRow& row : rows) {
    for (const CellStatus& cell : row.cells) {
      const auto hash = [&](const std::string& file) {
        const auto it = cell.files.find(file);
        return it == cell.files.end() ? std::string(kNone) : it->second.substr(0, 12);
      };
      const bool trained = cell.seed.has_value();
      const auto set = cell.sets.find(cell.sets.contains(row.trained_on) ? row.trained_on : record.sets.front().name);
      const std::string data = set == cell.sets.end() ? kNone : set->second.dataset_id.substr(0, 12);
      table.rows.push_back(
          {cell.cell, NameOf(cell.state), cell.steps > 0 ? std::to_string(cell.steps) : kNone,
           cell.samples > 0 ? std::to_string(cell.samples) : kNone, trained ? std::to_string(cell.validations) : kNone,
           cell.slope ? fmt::format("{:+.3f}", 100 * cell.slope->per_1000_steps) : kNone,
           cell.slope ? fmt::format("{:+.3f} to {:+.3f}", 100 * cell.slope->low, 100 * cell.slope->high) : kNone,
           trained ? Number(cell.train_s, 1) : kNone, Number(cell.score_s, 1), cell.config_sha256.substr(0, 12),
           hash(cell.config), hash(cell.weights), hash(cell.log), data, cell.reason.empty() ? kNone : cell.reason});
    }
  }
  return table;
}

/// The first threshold of the validation split that any row has.
std::string ValidationOrigin(const std::string& set, const std::vector<BenchmarkRow>& rows) {
  for (const BenchmarkRow& row : rows) {
    const auto it = row.scores.find(set);
    if (it == row.scores.end()) continue;
    for (const auto& [origin, sequences] : it->second.front().points) {
      if (origin.find(" on val") != std::string::npos && origin.find("1e-05") != std::string::npos) return origin;
    }
  }
  return "";
}

}  // namespace

std::vector<TextTable> ResultTables(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows) {
  const std::string& first = record.sets.front().name;
  std::vector<TextTable> tables = {ScrTable(record, rows, "")};
  if (const std::string origin = ValidationOrigin(first, rows); !origin.empty())
    tables.push_back(ScrTable(record, rows, origin));
  for (std::size_t i = 1; i < record.sets.size() && record.folds == 0; ++i)
    tables.push_back(SetTable(record.sets[i], rows));
  for (const BenchmarkTable& asked : record.matrix.ablations) tables.push_back(AblationTable(asked, first, rows));
  tables.push_back(CostTable(rows));
  tables.push_back(CellTable(record, rows));
  return tables;
}

}  // namespace mirst
