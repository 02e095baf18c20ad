// What a benchmark run on one data set needs, as read by `mirst evaluate --config` (configs/bench/).
#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace mirst {

struct BenchmarkOptions {
  std::string data;                    ///< folder; empty: named on the command line
  std::string layout;                  ///< empty: found out
  std::string split;                   ///< one of kSplitNames; empty: test with `data`, all with --truth
  std::vector<std::string> sequences;  ///< of the split; empty: all
  std::vector<std::string> methods;    ///< of ModelDrivenMethods()
  std::string masks = "energy:0.9";    ///< second mask convention
};

void Visit(OptionsVisitor& visitor, BenchmarkOptions& options);
void AddFaults(OptionsReader& reader, const BenchmarkOptions& options);

}  // namespace mirst
