// A cell of a benchmark: one detector, trained from one seed, on one fold, and what became of it (status.json).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "detector/benchmark/bench_set.h"
#include "detector/benchmark/convergence.h"
#include "detector/benchmark/matrix.h"

namespace mirst {

struct BenchmarkCell {
  std::string id;  ///< its folder: "pstfnet-s1", "top_hat", with "-fold03" behind where sources are left out
  std::string detector;
  std::optional<BenchmarkNetwork> network;  ///< absent: the classical method `detector`
  std::optional<std::uint64_t> seed;        ///< of its training; absent where there is none
  std::optional<std::size_t> fold;          ///< index of the source that is left out
  bool single_frame = false;
};

/// In the order of the matrix: networks, then methods; seeds, then folds within each. `folds`: 0 where none is left
/// out.
std::vector<BenchmarkCell> CellsOf(const BenchmarkMatrix& matrix, std::size_t folds);

/// What a cell's result depends on: its detector and training with the content of every file that they name, seed,
/// masks, and the identities of the sets. Throws kBadInput where a file cannot be read.
std::string CellConfigHash(const BenchmarkMatrix& matrix, const BenchmarkCell& cell,
                           const std::map<std::string, SetIdentity>& sets);

enum class CellState {
  kDone,
  kNotConverged,  ///< done, but its training was not at its end
  kFailed,        ///< a step of it ended with an error, a signal or for lack of memory
  kAbsent,        ///< a network in a build without LibTorch
};

struct CellStatus {
  std::string cell, detector, config_sha256;
  std::optional<std::uint64_t> seed;
  std::string left_out;  ///< source
  CellState state = CellState::kDone;
  std::string reason;                             ///< of any state but done
  std::map<std::string, std::string> not_scored;  ///< sets but the first on which scoring failed -> reason
  std::map<std::string, SetIdentity> sets;
  std::string config, weights, log;  ///< files, keys of `files`; empty where there is none
  std::int64_t steps = 0, samples = 0, validations = 0;
  std::optional<Slope> slope;
  double train_s = 0, score_s = 0, train_peak_mib = 0;
  int threads = 0;
  std::string program;                       ///< version and git revision
  std::map<std::string, std::string> files;  ///< path -> SHA-256; relative to the cell, absolute for a given checkpoint
};

std::string NameOf(CellState state);
std::string ToJson(const CellStatus& status);
/// Throws kBadInput.
CellStatus ParseCellStatus(const std::string& text);

/// Whether scores exist.
inline bool IsScored(const CellStatus& status) {
  return status.state == CellState::kDone || status.state == CellState::kNotConverged;
}

/// Files of the cell's folder, status.json left out, with their hashes.
std::map<std::string, std::string> HashFiles(const std::filesystem::path& folder);

/// One sentence for each file of the status that is missing or has another hash, and each further file.
std::vector<std::string> Differences(const CellStatus& status, const std::filesystem::path& folder);

}  // namespace mirst
