// Boxes in text files, one file a sequence: what a box detector found, or the loose boxes of a truth without exact
// masks.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mirst {

/// (x, y) is the upper left pixel, from 0; real numbers. It covers [x - 0.5, x + width - 0.5).
struct FileBox {
  double x = 0, y = 0, width = 0, height = 0;
  double score = 1;
  std::string class_name = {};
  friend bool operator==(const FileBox&, const FileBox&) = default;
};

/// Reads folder/<sequence>.csv or .json; absent where neither is there. `frames`: the sequence's frame names without
/// extension, in order; gives one list for each, empty where the file names no box.
/// CSV: a first line with the columns frame, x, y, width, height and perhaps score, class, in any order; frame is a
/// name with or without extension. JSON: what `mirst detect` writes, {"frames": [{"frame": name, "boxes": [{"box_xywh":
/// [x, y, w, h], "score": s, "class": c}]}]}. Throws kBadInput naming file and line: a frame that the sequence does not
/// have, a column that is missing, a number that is none, an extent that is not positive, two files of one sequence.
std::optional<std::vector<std::vector<FileBox>>> ReadBoxes(const std::filesystem::path& folder,
                                                           const std::string& sequence,
                                                           const std::vector<std::string>& frames);

}  // namespace mirst
