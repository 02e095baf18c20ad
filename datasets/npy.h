// Arrays of any rank in NumPy's .npy format: little endian, C order; float32 or float64 in memory, and uint8 or uint16
// where a file is mapped or written piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/image.h"

namespace mirst {

enum class NpyType { kFloat32, kFloat64, kUint8, kUint16 };

struct NpyHeader {
  NpyType type = NpyType::kFloat32;
  std::vector<std::int64_t> shape;
  std::size_t values_at = 0;      ///< where the values begin in the file, bytes
  std::int64_t values_bytes = 0;  ///< product of the extents times a value's bytes
};

/// The head of a file, version 1 to 3; `bytes` may go on. Throws kBadInput with the reason: no NPY, it ends within its
/// header, another type, Fortran order, an extent that is negative or makes more than 2^40 bytes.
NpyHeader ParseNpyHeader(std::string_view bytes);

/// The head of a file of version 1, kNpyHeaderBytes long for any shape of up to 3 extents.
std::string NpyHeaderBytes(NpyType type, const std::vector<std::int64_t>& shape);
inline constexpr std::size_t kNpyHeaderBytes = 128;

struct NpyArray {
  NpyType type = NpyType::kFloat32;
  std::vector<std::int64_t> shape;
  std::string values;  ///< product of the extents times 4 or 8 bytes
};

/// A file's content, float32 or float64. Throws kBadInput as ParseNpyHeader, and where sizes do not agree.
NpyArray ParseNpy(std::string_view bytes);

/// The content of a file of version 1. Throws kInternal when shape and values do not agree.
std::string NpyBytes(NpyType type, const std::vector<std::int64_t>& shape, std::string_view values);
/// A map of shape (height, width), float32.
std::string NpyBytes(const Image<float>& map);

}  // namespace mirst
