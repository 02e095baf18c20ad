// `mirst bench`: a matrix of detectors and data sets, run cell by cell in one folder, resumed where it was left, and
// checked afterwards.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "detector/benchmark/run_cell.h"

namespace mirst {

enum class ExistingCells {
  kRefuse,  ///< a cell that was made by other options or data is an error
  kReplace,
};

/// What became of a run.
struct BenchmarkReport {
  std::size_t cells = 0, found = 0;  ///< found: finished by an earlier run
  std::size_t done = 0, not_converged = 0, failed = 0, absent = 0;
  double estimated_s = 0;  ///< of the cells that were not found, before the first of them began
  double seconds = 0;
  std::filesystem::path page;
};

/// Makes or takes the sets, probes the detectors, runs every cell that is not finished, and writes index.html,
/// results.md, results.tex and results.json into run.out. With `estimate_only` it ends before the first cell. Throws
/// kBadInput: a set that cannot be made, a cell of other options or data; kInterrupted.
BenchmarkReport RunBenchmark(const BenchmarkRun& run, ExistingCells existing, bool estimate_only);

/// Hashes every file of the run and of its sets again and derives the result files again from the scores. One sentence
/// for each thing that differs. Throws kBadInput where `folder` holds no run.
std::vector<std::string> CheckBenchmark(const std::filesystem::path& folder);

}  // namespace mirst
