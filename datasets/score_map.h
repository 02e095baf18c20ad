// Maps of scores made elsewhere: one number a pixel, in a file a frame.
#pragma once

#include <filesystem>

#include "core/image.h"

namespace mirst {

/// Whole-numbered images: value / largest value of the depth, 0..1, so that a mask is 0 and 1. TIFF of 32- or 64-bit
/// floats, OpenEXR (a channel Y, or the file's only one; half or float) and NPY (version 1 to 3, little-endian float32
/// or float64, C order, 2-D): as they are.
struct ScoreMap {
  Image<float> scores;
  bool eight_bit = false;
};
/// Throws kBadInput: missing, corrupt, another type or shape, a value that is not a number.
ScoreMap ReadScoreMap(const std::filesystem::path& path);
bool IsScoreMapFile(const std::filesystem::path& path);

}  // namespace mirst
