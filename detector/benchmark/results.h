// What a benchmark found, row by row, and the tables made of it: everything derives from the cells' files, so that
// `mirst bench --check` can derive it again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "detector/benchmark/run_cell.h"
#include "metrics/score_tables.h"
#include "metrics/scores.h"

namespace mirst {

/// A run as its folder records it (benchmark.json), written before its first cell.
struct BenchmarkRecord {
  BenchmarkMatrix matrix;
  std::vector<PreparedSet> sets;  ///< as they are without a source left out
  std::size_t folds = 0;
};
std::string ToJson(const BenchmarkRecord& record);
/// Throws kBadInput.
BenchmarkRecord ParseBenchmarkRecord(const std::string& text);

/// One training, or one run of a method, on one set: its folds joined, so that each sequence stands there once.
struct TrainingScores {
  std::map<std::string, std::vector<SequenceScore>> points;  ///< by the origin of the operating point
  std::string paper_origin;                                  ///< of the first one
  ProtocolCounts boxes;                                      ///< P5 at the first one, pooled
};

struct BenchmarkRow {
  std::string id, name, trained_on;
  bool is_method = false, single_frame = false, ablation = false;
  bool boxes = false;  ///< its IoU is not told, and so it has no rank
  std::vector<CellStatus> cells;
  std::map<std::string, std::vector<TrainingScores>> scores;  ///< by set, one a seed whose folds are all scored
  std::optional<DetectorCosts> costs;
  std::optional<int> rank;  ///< by IoU_seq of the first set, equal ones alike; see MayBeRanked. None in a smoke run

  /// All its cells are done; a network has three seeds at least and makes masks.
  bool MayBeRanked() const;
  /// "done", or what keeps it from being that, with the reason.
  std::string StateText() const;
};
inline constexpr std::size_t kSeedsForOrder = 3;

/// From the folder of a run. A cell without status.json counts as not run. Throws kBadInput.
std::vector<BenchmarkRow> ReadRows(const BenchmarkRecord& record, const std::filesystem::path& folder);

/// Table 1, its form at the first threshold of the validation split, a table for each further set, the ablations,
/// costs, trainings, cells.
std::vector<TextTable> ResultTables(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows);

/// What the tables say, and what they do not: order of the groups, rows out of the ranking.
std::vector<std::string> Statements(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows);

}  // namespace mirst
