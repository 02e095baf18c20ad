// The files that hold a data set's statistics: stats.json, targets.csv, frames.csv, sequences.csv and the pictures of
// plot.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/statistics.h"

namespace mirst {

/// Indented JSON without a last line break, keys in a fixed order; the key `protocol` says how each number is meant.
/// Every share stands beside its count and the number that it is a share of.
std::string StatisticsJson(const DataSetStatistics& statistics);

/// One row a target and frame. Cells that a mode does not define are empty: `scr_difference` and `scr_bound` outside
/// "per_frame", `scr_annotated` where the annotation names no box20.
std::string TargetsCsv(const DataSetStatistics& statistics);

/// One row a frame that shows a target: how many, and their mean SCR under every id.
std::string FramesCsv(const DataSetStatistics& statistics);

/// One row a sequence; the means of a sequence without any target are empty.
std::string SequencesCsv(const DataSetStatistics& statistics);

/// Throws kBadInput naming the first file of older statistics in `folder`, if there is one.
void RequireNoStatistics(const std::filesystem::path& folder);

struct WrittenStatistics {
  std::vector<std::filesystem::path> files;
  std::optional<std::string> plot_failure;  ///< one sentence; the pictures are missing then
};

/// Writes all files into `folder` (made where it is missing): staged first, then moved into place, so nothing is half
/// written. Older statistics are replaced, other files stay. Throws kBadInput.
WrittenStatistics WriteStatistics(const DataSetStatistics& statistics, const std::filesystem::path& folder);

}  // namespace mirst
