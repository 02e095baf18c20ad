#include "datasets/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>
#include <span>
#include <utility>

#include "core/error.h"

namespace mirst {
namespace {

static_assert(std::endian::native == std::endian::little);
constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 40;

/// The text behind `key` and its colon, up to `end`.
std::string_view HeaderValue(std::string_view header, std::string_view key, std::string_view end) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) throw BadInput(fmt::format("its NPY header has no {}", key));
  std::string_view rest = header.substr(at + key.size());
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(": ")));
  return rest.substr(0, rest.find(end));
}

struct TypeName {
  NpyType type;
  std::string_view text;
  std::int64_t bytes;
};
constexpr TypeName kTypes[] = {{NpyType::kFloat32, "'<f4'", 4},
                               {NpyType::kFloat64, "'<f8'", 8},
                               {NpyType::kUint8, "'|u1'", 1},
                               {NpyType::kUint16, "'<u2'", 2}};

const TypeName& NameOf(NpyType type) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& name) { return name.type == type; });
}

/// The extents of "(2, 3" or "(5,".
std::vector<std::int64_t> ParseShape(std::string_view text) {
  const auto refuse = [&] { return BadInput(fmt::format("its shape {}) is none", text)); };
  if (!text.starts_with('(')) throw refuse();
  std::vector<std::int64_t> shape;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size();
  while (at != end) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    std::int64_t extent = 0;
    const auto [next, fault] = std::from_chars(at, end, extent);
    if (fault != std::errc() || extent < 0) throw refuse();
    shape.push_back(extent);
    at = next;
  }
  return shape;
}

/// Values times their size; throws where that is out of all proportion.
std::int64_t BytesOf(NpyType type, const std::vector<std::int64_t>& shape) {
  std::int64_t bytes = NameOf(type).bytes;
  for (const std::int64_t extent : shape) {
    if (extent != 0 && bytes > kMaxBytes / extent) {
      throw BadInput(fmt::format("its shape ({}) makes more than 2^40 bytes", fmt::join(shape, ", ")));
    }
    bytes *= extent;
  }
  return bytes;
}

// As short as 64 bytes divide it, and `least` bytes at least.
std::string HeaderBytes(NpyType type, const std::vector<std::int64_t>& shape, std::size_t least) {
  std::string header = fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': ({}{}), }}", NameOf(type).text,
                                   fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t kPreamble = 10;  // magic, version, length; the values begin at a multiple of 64
  header.resize(std::max(least, (kPreamble + header.size() + 1 + 63) / 64 * 64) - kPreamble - 1, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return bytes + header;
}

NpyHeader ParseHeader(std::string_view bytes, std::span<const TypeName> types, std::string_view allowed) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 12 || bytes[6] < 1 || bytes[6] > 3)
    throw BadInput("it is no NPY file of version 1 to 3");
  const std::size_t length_bytes = bytes[6] == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  const std::size_t begin = 8 + length_bytes;
  if (length > bytes.size() - begin) throw BadInput("it ends within its NPY header");
  const std::string_view header = bytes.substr(begin, length);
  if (HeaderValue(header, "'fortran_order'", ",") != "False")
    throw BadInput("its values lie in Fortran order, allowed: C order");
  const std::string_view text = HeaderValue(header, "'descr'", ",");
  const auto type = std::find_if(types.begin(), types.end(), [&](const TypeName& name) { return name.text == text; });
  if (type == types.end()) throw BadInput(fmt::format("its values are of the type {}, allowed: {}", text, allowed));
  NpyHeader result{type->type, ParseShape(HeaderValue(header, "'shape'", ")")), begin + length, 0};
  result.values_bytes = BytesOf(result.type, result.shape);
  return result;
}

}  // namespace

NpyHeader ParseNpyHeader(std::string_view bytes) { return ParseHeader(bytes, kTypes, "'<f4', '<f8', '|u1' and '<u2'"); }

std::string NpyHeaderBytes(NpyType type, const std::vector<std::int64_t>& shape) {
  return HeaderBytes(type, shape, kNpyHeaderBytes);
}

NpyArray ParseNpy(std::string_view bytes) {
  NpyHeader header = ParseHeader(bytes, std::span(kTypes).first(2), "'<f4' and '<f8'");
  NpyArray array{header.type, std::move(header.shape), std::string(bytes.substr(header.values_at))};
  if (static_cast<std::int64_t>(array.values.size()) != header.values_bytes) {
    throw BadInput(fmt::format("it holds {} bytes of values, the shape ({}) needs {}", array.values.size(),
                               fmt::join(array.shape, ", "), header.values_bytes));
  }
  return array;
}

std::string NpyBytes(NpyType type, const std::vector<std::int64_t>& shape, std::string_view values) {
  if (static_cast<std::int64_t>(values.size()) != BytesOf(type, shape))
    throw InternalError("an array's shape and values differ in size");
  return HeaderBytes(type, shape, 0).append(values);
}

std::string NpyBytes(const Image<float>& map) {
  return NpyBytes(NpyType::kFloat32, {map.height(), map.width()},
                  {reinterpret_cast<const char*>(map.data()), map.size() * sizeof(float)});
}

}  // namespace mirst
