// Numeric arrays in MATLAB files of version 5 (MAT-File Format, MathWorks): reading with and without compression,
// writing compressed. No cells, structures, texts or sparse arrays; other versions are refused by their name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mirst {

/// Classes of arrays that are written; those that are read are all numeric ones.
enum class MatClass { kDouble = 6, kSingle = 7, kUint8 = 9, kUint16 = 11, kOther = 0 };

struct MatArray {
  std::string name;
  MatClass type = MatClass::kDouble;  ///< kOther: int8, int16, int32, ... on reading
  std::vector<int> shape;             ///< at least two extents
  std::vector<double> values;         ///< first index fastest
  friend bool operator==(const MatArray&, const MatArray&) = default;
};

/// The array `name` of a file's `bytes`. Throws kBadInput: another version (4, 7.3), big-endian, truncated, no such
/// array, no real numeric array, larger than 2^27 values.
MatArray DecodeMat(std::string_view bytes, std::string_view name);

/// Throws kInternal when a value does not fit the class, or for kOther.
std::string EncodeMat(const MatArray& array);

}  // namespace mirst
