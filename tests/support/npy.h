// Reads arrays in NumPy's .npy format (versions 1 to 3), little endian, C order.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace mirst::test {

template <class T>
struct NpyArray {
  std::vector<std::int64_t> shape;
  std::vector<T> values;
};

/// The array as stored; T must be its type. Throws kBadInput.
template <class T>
NpyArray<T> ReadNpy(const std::filesystem::path& path) {
  static_assert(std::is_arithmetic_v<T>);
  const std::string bytes = ReadFile(path);
  const auto refuse = [&](const std::string& reason) { throw BadInput(path.string() + ": " + reason); };
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0) refuse("no NPY file");
  const std::size_t length_bytes = bytes[6] == 1 ? 2 : 4;
  std::uint32_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data() + 8, length_bytes);
  const std::size_t begin = 8 + length_bytes;
  if (begin + header_bytes > bytes.size()) refuse("truncated");
  const std::string header = bytes.substr(begin, header_bytes);

  const auto value_of = [&](const std::string& key, char open, char close) {
    const std::size_t first = header.find(open, header.find(key + "':") + key.size() + 2);
    return header.substr(first + 1, header.find(close, first + 1) - first - 1);
  };
  const char kind = std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
  const std::string expected{sizeof(T) == 1 ? '|' : '<', kind, static_cast<char>('0' + sizeof(T))};
  if (value_of("descr", '\'', '\'') != expected) refuse("another type than " + expected);
  if (header.find("'fortran_order': False") == std::string::npos) refuse("not in C order");

  NpyArray<T> array;
  std::istringstream extents(value_of("shape", '(', ')'));
  for (std::string extent; std::getline(extents, extent, ',');) {
    if (extent.find_first_of("0123456789") != std::string::npos) array.shape.push_back(std::stoll(extent));
  }
  const std::int64_t count =
      std::accumulate(array.shape.begin(), array.shape.end(), std::int64_t{1}, std::multiplies<>());
  array.values.resize(static_cast<std::size_t>(count));
  if (bytes.size() - begin - header_bytes != array.values.size() * sizeof(T)) refuse("size and shape do not agree");
  std::memcpy(array.values.data(), bytes.data() + begin + header_bytes, array.values.size() * sizeof(T));
  return array;
}

}  // namespace mirst::test
