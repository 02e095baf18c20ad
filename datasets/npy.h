// Arrays of any rank in NumPy's .npy format: little endian, C order, float32 or float64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/image.h"

namespace mirst {

enum class NpyType { kFloat32, kFloat64 };

struct NpyArray {
  NpyType type = NpyType::kFloat32;
  std::vector<std::int64_t> shape;
  std::string values;  ///< product of the extents times 4 or 8 bytes
};

/// A file's content, version 1 to 3. Throws kBadInput with the reason: no NPY, truncated, another type, Fortran order,
/// sizes that do not agree, an extent that is negative or makes more than 2^40 bytes.
NpyArray ParseNpy(std::string_view bytes);

/// The content of a file of version 1. Throws kInternal when shape and values do not agree.
std::string NpyBytes(NpyType type, const std::vector<std::int64_t>& shape, std::string_view values);
/// A map of shape (height, width), float32.
std::string NpyBytes(const Image<float>& map);

}  // namespace mirst
