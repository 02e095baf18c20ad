// One picture of a sequence together with what its numbers mean. Never an unlabelled array.
#pragma once

#include <string>

#include "core/image.h"

namespace mirst {

enum class Quantity {
  kCounts,    ///< digital numbers of a sensor, integers in [0, 2^bit_depth)
  kRadiance,  ///< in-band radiance, W m^-2 sr^-1
};

struct Frame {
  Image<float> pixels;  ///< (height, width); counts are whole numbers, held exactly
  Quantity quantity = Quantity::kCounts;
  int bit_depth = 8;  ///< depth of the file that holds the counts: 8 or 16
  int index = 0;      ///< position in its sequence, from 0
  double time_s = 0;  ///< since the sequence's first frame
  std::string name;   ///< file name it came from or goes to, "000000.png"
  friend bool operator==(const Frame&, const Frame&) = default;
};

/// Largest count that a file of `bit_depth` bits holds.
constexpr int MaxCount(int bit_depth) { return (1 << bit_depth) - 1; }

}  // namespace mirst
