// `mirst detect --method`: a model-driven method on sequences of frames.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/command.h"

namespace mirst {

inline constexpr const char* kResponseLog = "responses.csv";

struct MethodRun {
  std::string method;
  std::vector<std::filesystem::path> input;
  std::filesystem::path out;       ///< masks, boxes and overlays by the segmentation rule; empty: none
  std::filesystem::path response;  ///< raw response maps; empty: none
  bool scores = false;             ///< the maps below `out` too
  int iterations = 0;              ///< of the solver, 0: its own rules
};

/// Writes below `response` SEQUENCE/*.npy and responses.csv (of each frame: the first frame of the window that it was
/// looked at in, the solver's iterations there, the largest response), below `out` what `mirst detect` writes. Throws
/// kBadInput and kUsage.
void DetectByMethod(const MethodRun& run, const CommonFlags& flags);

}  // namespace mirst
