// The work inside a process that `mirst bench` starts for one cell: scoring a detector, or timing it.
#pragma once

#include <filesystem>

namespace mirst {

/// Does what the job file (detector/benchmark/job.h) says. Prints a timing's record to standard output; scores go into
/// the job's folder. Throws kBadInput.
void RunBenchmarkJob(const std::filesystem::path& file, int threads);

}  // namespace mirst
