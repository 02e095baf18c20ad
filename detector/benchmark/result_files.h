// The files that a benchmark's reader opens.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "detector/benchmark/results.h"

namespace mirst {

/// index.html, results.md, results.tex, results.json by name, from what lies in the run's folder: the same bytes
/// whenever they are made.
std::map<std::string, std::string> ResultFiles(const BenchmarkRecord& record, const std::filesystem::path& folder);

}  // namespace mirst
