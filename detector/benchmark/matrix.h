// What `mirst bench` runs: data sets, detectors, and the tables that they fill, read from configs/bench/*.yaml. A cell
// is one detector, trained from one seed, on one fold of the first set. Plain values; run_cell.h does the work.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"

namespace mirst {

/// A data set that is made (`generate`) or taken (`folder`). The first one of a matrix is that of Table 1.
struct BenchmarkSet {
  std::string name;
  std::string generate;                  ///< config of `mirst generate`
  std::vector<std::string> assignments;  ///< KEY=VALUE over it
  std::string folder;                    ///< in the native layout, or in one that `mirst convert` reads
  std::string layout;                    ///< of folder; empty: found out
  std::vector<std::string> val, test;    ///< sequences of these splits, all others train; both empty: as the set tells
  bool boxes = false;                    ///< its truth is loose boxes: scored by P5 alone
  bool single_frame = false;             ///< single pictures: scored by detectors of one frame alone
  std::vector<std::string> without;      ///< ids of detectors that are not scored on it
};

/// A network that is trained, or taken as it is from a checkpoint.
struct BenchmarkNetwork {
  std::string id;                        ///< names folders
  std::string name;                      ///< in tables; empty: id
  std::string arch = "pstfnet";          ///< a name of `mirst model info --arch`
  std::string train;                     ///< config of `mirst train`
  std::vector<std::string> assignments;  ///< KEY=VALUE over it, "network.msfm=false"
  std::string checkpoint;                ///< weights in place of a training
  std::string on;                        ///< set that it is trained on; empty: the first
  bool single_frame = false;             ///< looks at one frame
  bool boxes = false;                    ///< makes boxes: their pixels have no IoU
  bool ablation = false;                 ///< stands in the ablation tables alone
};

struct BenchmarkTable {
  std::string title;
  std::vector<std::string> rows;  ///< ids of networks or methods
};

struct BenchmarkMatrix {
  std::string title = "Benchmark";
  bool smoke = false;  ///< headed "smoke run": shows that all works, measures nothing
  std::uint64_t seed = 1;
  int seeds = 1;  ///< trainings of each network, from seed, seed + 1, ...
  bool leave_one_source_out = false;
  std::optional<double> limit_minutes;  ///< of one training
  int limit_memory_mib = 0;             ///< address space of a cell's process; 0: no limit
  int least_validations = 9;
  double probe_s = 2;     ///< seconds of training from which the whole is estimated; 0: no estimate
  int speed_frames = 20;  ///< that are timed
  int pictures = 4;       ///< rows of the figure of examples
  std::string masks = "energy:0.9";
  std::vector<BenchmarkSet> sets;
  std::vector<std::string> methods;             ///< classical, by ModelDrivenMethods()
  std::vector<std::string> method_assignments;  ///< KEY=VALUE of their options
  std::vector<BenchmarkNetwork> networks;
  std::vector<BenchmarkTable> ablations;
};

void Visit(OptionsVisitor& visitor, BenchmarkMatrix& matrix);
void AddFaults(OptionsReader& reader, const BenchmarkMatrix& matrix);

/// Paths of files and folders count from `base`, the config's folder; ${NAME} in them, and in the sets' assignments, is
/// the environment's variable. Throws kUsage where it is not set.
void ResolvePaths(BenchmarkMatrix& matrix, const std::filesystem::path& base);

/// True for the classical methods that look at one frame.
bool IsSingleFrameMethod(const std::string& method);

}  // namespace mirst
