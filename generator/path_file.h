// Paths that people bring along: a CSV file a sequence.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "generator/track_model.h"

namespace mirst {

/// The columns that a file names in its first line: frame, x, y, then any of range_m, roll, pitch, yaw (all three or
/// none), id. Frames count from 0 and x, y are px (docs/conventions.md); they may lie outside the picture. By id, 1
/// where there is no such column; every id has the frames 0 ... n - 1 in order, all ids the same n. Throws kBadInput
/// with file and line: no such column, twice the same one, a number that is none or beyond its range, a frame missing
/// or repeated.
std::map<int, Movement> ReadPathFile(const std::filesystem::path& csv);

/// The file of sequence `index`: `path` itself, or of a folder `<index as six digits>.csv`.
std::filesystem::path PathFileOf(const std::filesystem::path& path, int index);

}  // namespace mirst
