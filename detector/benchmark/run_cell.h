// The work of a cell, step by step, each step in a process of its own: training, scoring on every set. And the probe of
// a detector: what it costs, from a few steps and frames.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "detector/benchmark/cell.h"
#include "detector/benchmark/job.h"

namespace mirst {

/// What all cells of a run share.
struct BenchmarkRun {
  const BenchmarkMatrix& matrix;
  std::filesystem::path out;      ///< folder of the run
  std::filesystem::path program;  ///< mirst itself
  std::string device = "auto";
  int threads = 1;
  bool has_networks = false;  ///< this build has LibTorch
};

/// What a detector costs, whatever its weights. Kept in detectors/<id>/costs.json.
struct DetectorCosts {
  std::string detector, config_sha256;
  std::optional<std::int64_t> parameters;
  std::optional<double> gmacs;  ///< convolutions and linear layers, for one input of `input`
  std::string input;            ///< "1x3x5x384x384"
  std::optional<SpeedRecord> speed;
  double step_s = 0, validation_s = 0;  ///< of a training step, of a pass over the val split
  std::int64_t planned_steps = 0, validate_every = 0;
  std::string failure;  ///< why something above is missing
};
std::string ToJson(const DetectorCosts& costs);
DetectorCosts ParseDetectorCosts(const std::string& text);

/// A few steps of training (matrix.probe_s) and the timing of some frames of the first set. What fails stands in
/// `failure`. Throws kInterrupted.
DetectorCosts Probe(const BenchmarkRun& run, const BenchmarkCell& cell, const std::vector<PreparedSet>& sets,
                    const std::string& config_sha256);

/// Seconds that the cell will take by its detector's costs; time grows with the pixels.
double EstimateSeconds(const BenchmarkMatrix& matrix, const BenchmarkCell& cell, const DetectorCosts& costs,
                       const std::vector<PreparedSet>& sets);

/// The sets that the cell is scored on: all that suit it, the first alone where a source is left out.
std::vector<PreparedSet> ScoredSets(const BenchmarkCell& cell, const std::vector<PreparedSet>& sets);

/// Makes the cell anew in cells/<id>/ and writes its status.json last. Faults of its steps mark it; others, and
/// interrupts, are thrown.
CellStatus RunCell(const BenchmarkRun& run, const BenchmarkCell& cell, const std::vector<PreparedSet>& sets,
                   const std::string& config_sha256);

/// State of a scored cell by its validation curve; a given checkpoint or a classical method is done.
void JudgeConvergence(const BenchmarkMatrix& matrix, const std::filesystem::path& folder, CellStatus& status);

}  // namespace mirst
