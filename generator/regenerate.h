// One frame of a written data set made once more, from what the manifest says (options, seed, inputs), and compared
// with its files: the proof that a data set is a function of its manifest.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/sample.h"

namespace mirst {

struct RegenerateReport {
  LabelledFrame frame;                   ///< as made now
  std::vector<std::string> differences;  ///< one sentence a file: which pixel, or which label; empty: none
};

/// `frame` is the frame's file name, with or without its extension. Plans and makes the frame's whole sequence: gains
/// are solved over all of its frames. Paths in the options count from the current folder.
/// Throws kBadInput: no such sequence or frame, masks that `mirst relabel` made, inputs that are missing or not those
/// of the manifest; kUsage: options that this version does not know.
RegenerateReport RegenerateFrame(const std::filesystem::path& folder, const std::string& sequence,
                                 const std::string& frame);

/// Writes image.png, mask.png, ... and annotation.json into `folder`, which is made where it is missing.
void WriteFrame(const LabelledFrame& frame, const std::filesystem::path& folder);

}  // namespace mirst
