#include "datasets/layouts/mat_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace mirst {
namespace {

static_assert(sizeof(float) == 4 && sizeof(double) == 8);

// Data types of elements (MAT-File Format, table 1-1).
enum ElementType : std::uint32_t {
  kInt8 = 1,
  kUint8 = 2,
  kInt16 = 3,
  kUint16 = 4,
  kInt32 = 5,
  kUint32 = 6,
  kSingle = 7,
  kDouble = 9,
  kInt64 = 12,
  kUint64 = 13,
  kMatrix = 14,
  kCompressed = 15,
};
constexpr std::size_t kHeaderBytes = 128, kMostValues = std::size_t{1} << 27, kMostInflated = std::size_t{1} << 30;

template <class T>
T Load(std::string_view bytes, std::size_t place) {
  T value;
  std::memcpy(&value, bytes.data() + place, sizeof(T));
  return value;
}

template <class T>
void Store(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

struct Element {
  std::uint32_t type = 0;
  std::string_view data;
};

/// Takes the first element off `bytes`, with its padding to a multiple of 8.
Element TakeElement(std::string_view& bytes) {
  if (bytes.size() < 8) throw BadInput("the file is truncated: an element's tag is missing");
  const auto word = Load<std::uint32_t>(bytes, 0);
  if (word >> 16 != 0) {  // small element: size, type and up to four bytes in one tag
    const std::uint32_t size = word >> 16;
    if (size > 4) throw BadInput(fmt::format("a small element claims {} bytes, allowed: up to 4", size));
    const Element element{word & 0xFFFF, bytes.substr(4, size)};
    bytes.remove_prefix(8);
    return element;
  }
  const std::size_t size = Load<std::uint32_t>(bytes, 4);
  if (size > bytes.size() - 8)
    throw BadInput(
        fmt::format("the file is truncated: an element claims {} bytes, {} are left", size, bytes.size() - 8));
  const Element element{word, bytes.substr(8, size)};
  const std::size_t padded = word == kCompressed ? size : (size + 7) / 8 * 8;
  bytes.remove_prefix(std::min(8 + padded, bytes.size()));
  return element;
}

std::string Inflate(std::string_view data) {
  std::string text(std::min<std::size_t>(8 * data.size() + 1024, kMostInflated), '\0');
  while (true) {
    auto size = static_cast<uLongf>(text.size());
    const int result = uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                                  reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size()));
    if (result == Z_OK) {
      text.resize(size);
      return text;
    }
    if (result != Z_BUF_ERROR || text.size() >= kMostInflated)
      throw BadInput("its compressed data are corrupt or larger than 1 GiB");
    text.resize(std::min(4 * text.size(), kMostInflated));
  }
}

template <class T>
void Append(std::string_view data, std::vector<double>& values) {
  for (std::size_t i = 0; i + sizeof(T) <= data.size(); i += sizeof(T))
    values.push_back(static_cast<double>(Load<T>(data, i)));
}

std::vector<double> NumbersOf(const Element& element) {
  std::vector<double> values;
  switch (element.type) {
    case kInt8:
      Append<std::int8_t>(element.data, values);
      return values;
    case kUint8:
      Append<std::uint8_t>(element.data, values);
      return values;
    case kInt16:
      Append<std::int16_t>(element.data, values);
      return values;
    case kUint16:
      Append<std::uint16_t>(element.data, values);
      return values;
    case kInt32:
      Append<std::int32_t>(element.data, values);
      return values;
    case kUint32:
      Append<std::uint32_t>(element.data, values);
      return values;
    case kSingle:
      Append<float>(element.data, values);
      return values;
    case kDouble:
      Append<double>(element.data, values);
      return values;
    case kInt64:
      Append<std::int64_t>(element.data, values);
      return values;
    case kUint64:
      Append<std::uint64_t>(element.data, values);
      return values;
    default:
      throw BadInput(fmt::format("an element has the data type {}, expected a numeric one", element.type));
  }
}

/// The array of a matrix element; `name` decides, before anything large is read, whether it is wanted.
bool ReadMatrix(std::string_view data, std::string_view name, MatArray& array) {
  const Element flags = TakeElement(data), extents = TakeElement(data), label = TakeElement(data);
  if (label.data != name) return false;
  if (flags.data.size() != 8) throw BadInput("an array has no flags");
  const auto word = Load<std::uint32_t>(flags.data, 0);
  const std::uint32_t type = word & 0xFF;
  if (type < 6 || type > 15) throw BadInput(fmt::format("'{}' is of class {}, expected a numeric array", name, type));
  if ((word & 0x0800) != 0) throw BadInput(fmt::format("'{}' is complex, expected a real array", name));
  const bool is_known = type == 6 || type == 7 || type == 9 || type == 11;
  array.type = is_known ? static_cast<MatClass>(type) : MatClass::kOther;
  array.name = name;
  std::size_t count = 1;
  for (const double extent : NumbersOf(extents)) {
    if (extent < 0 || extent > static_cast<double>(kMostValues) || count > kMostValues)
      throw BadInput(fmt::format("'{}' has the extent {}", name, extent));
    array.shape.push_back(static_cast<int>(extent));
    count *= static_cast<std::size_t>(extent);
  }
  if (array.shape.size() < 2 || count > kMostValues)
    throw BadInput(fmt::format("'{}' has {} extents and {} values, allowed: at least 2, at most {}", name,
                               array.shape.size(), count, kMostValues));
  array.values = NumbersOf(TakeElement(data));
  if (array.values.size() != count)
    throw BadInput(fmt::format("'{}' holds {} values, its extents give {}", name, array.values.size(), count));
  return true;
}

void RequireVersion5(std::string_view bytes) {
  if (bytes.starts_with("MATLAB 7.3"))
    throw BadInput("it is a MATLAB file of version 7.3 (HDF5), expected version 5 (save it with '-v7' or '-v6')");
  if (bytes.size() >= 4 && std::any_of(bytes.begin(), bytes.begin() + 4, [](char c) { return c == '\0'; }))
    throw BadInput("it is a MATLAB file of version 4 or none, expected version 5");
  if (bytes.size() < kHeaderBytes) throw BadInput("it is no MATLAB file: shorter than a header of 128 bytes");
  if (bytes.substr(126, 2) == "MI") throw BadInput("it is a big-endian MATLAB file, expected little-endian");
  if (bytes.substr(126, 2) != "IM") throw BadInput("it is no MATLAB file: the mark IM is missing in its header");
  const auto version = Load<std::uint16_t>(bytes, 124);
  if (version != 0x0100)
    throw BadInput(fmt::format("it is a MATLAB file of version {:#06x}, expected 0x0100", version));
}

void AppendElement(std::string& bytes, ElementType type, std::string_view data) {
  Store(bytes, static_cast<std::uint32_t>(type));
  Store(bytes, static_cast<std::uint32_t>(data.size()));
  bytes += data;
  bytes.append((8 - data.size() % 8) % 8, '\0');
}

template <class T>
std::string Packed(const MatArray& array) {
  std::string data;
  data.reserve(array.values.size() * sizeof(T));
  for (const double value : array.values) {
    if constexpr (std::is_integral_v<T>) {
      if (value != std::floor(value) || value < 0 || value > static_cast<double>(std::numeric_limits<T>::max()))
        throw InternalError(fmt::format("{} does not fit the class of '{}'", value, array.name));
    }
    Store(data, static_cast<T>(value));
  }
  return data;
}

std::pair<ElementType, std::string> DataOf(const MatArray& array) {
  switch (array.type) {
    case MatClass::kDouble:
      return {kDouble, Packed<double>(array)};
    case MatClass::kSingle:
      return {kSingle, Packed<float>(array)};
    case MatClass::kUint8:
      return {kUint8, Packed<std::uint8_t>(array)};
    case MatClass::kUint16:
      return {kUint16, Packed<std::uint16_t>(array)};
    case MatClass::kOther:
      break;
  }
  throw InternalError("an array of this class is not written");
}

}  // namespace

MatArray DecodeMat(std::string_view bytes, std::string_view name) {
  RequireVersion5(bytes);
  bytes.remove_prefix(kHeaderBytes);
  while (!bytes.empty()) {
    Element element = TakeElement(bytes);
    std::string inflated;
    if (element.type == kCompressed) {
      inflated = Inflate(element.data);
      std::string_view rest = inflated;
      element = TakeElement(rest);
    }
    MatArray array;
    if (element.type == kMatrix && ReadMatrix(element.data, name, array)) return array;
  }
  throw BadInput(fmt::format("it holds no array '{}'", name));
}

std::string EncodeMat(const MatArray& array) {
  std::string flags, extents, matrix, bytes = "MATLAB 5.0 MAT-file, written by mirst";
  Store(flags, static_cast<std::uint32_t>(array.type));
  Store(flags, std::uint32_t{0});
  for (const int extent : array.shape) Store(extents, static_cast<std::int32_t>(extent));
  AppendElement(matrix, kUint32, flags);
  AppendElement(matrix, kInt32, extents);
  AppendElement(matrix, kInt8, array.name);
  const auto [type, data] = DataOf(array);
  AppendElement(matrix, type, data);
  std::string element;
  AppendElement(element, kMatrix, matrix);

  std::string packed(compressBound(static_cast<uLong>(element.size())), '\0');
  auto size = static_cast<uLongf>(packed.size());
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(element.data()),
                static_cast<uLong>(element.size()), Z_BEST_SPEED) != Z_OK)
    throw InternalError("cannot compress an array");
  bytes.resize(116, ' ');
  bytes.append(8, '\0');
  Store(bytes, std::uint16_t{0x0100});
  bytes += "IM";
  Store(bytes, static_cast<std::uint32_t>(kCompressed));
  Store(bytes, static_cast<std::uint32_t>(size));
  bytes.append(packed, 0, size);
  return bytes;
}

}  // namespace mirst
