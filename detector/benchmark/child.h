// One step of a benchmark in a process of its own, so that a crash, a kill or a lack of memory ends that step alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mirst {

struct ChildResult {
  int exit_code = 0;    ///< 128 + signal when a signal ended it
  double seconds = 0;   ///< by the clock
  double peak_mib = 0;  ///< largest resident memory
  std::string output;   ///< standard output
  std::string failure;  ///< one sentence, empty where it ended with 0
};

/// Runs `program arguments`, its standard error appended to `log`. `limit_memory_mib` (0: none) limits its address
/// space. The child ends with this process. An interrupt is passed on to it and thrown as kInterrupted when it has
/// ended. Throws kBadInput where it cannot be started.
ChildResult RunChild(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                     const std::filesystem::path& log, int limit_memory_mib);

}  // namespace mirst
