#include "detector/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/file.h"
#include "core/json.h"
#include "detector/torch_error.h"

namespace mirst {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie in memory");

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::string_view kMetadata = "__metadata__";

const std::array<std::pair<std::string_view, torch::ScalarType>, 10> kTypes = {{{"F16", torch::kHalf},
                                                                                {"BF16", torch::kBFloat16},
                                                                                {"F32", torch::kFloat},
                                                                                {"F64", torch::kDouble},
                                                                                {"I8", torch::kChar},
                                                                                {"U8", torch::kByte},
                                                                                {"I16", torch::kShort},
                                                                                {"I32", torch::kInt},
                                                                                {"I64", torch::kLong},
                                                                                {"BOOL", torch::kBool}}};

std::string_view TypeName(torch::ScalarType type) {
  for (const auto& [name, known] : kTypes) {
    if (known == type) return name;
  }
  throw InternalError(fmt::format("a tensor of type {} cannot be written as safetensors", c10::toString(type)));
}

torch::ScalarType TypeNamed(const std::string& name) {
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  throw BadInput(fmt::format("unknown type '{}'", name));
}

struct Entry {
  std::string name;
  torch::ScalarType type;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

Entry ParseEntry(const std::string& name, const Json& json) {
  Entry entry{name, TypeNamed(Get<std::string>(json, "dtype")), {}, 0, 0};
  const Json shape = Get<Json>(json, "shape");
  if (!shape.is_array()) throw BadInput("the shape is no list");
  std::uint64_t bytes = c10::elementSize(entry.type);
  for (const Json& extent : shape) {
    if (!Holds<std::int64_t>::In(extent) || extent.get<std::int64_t>() < 0) {
      throw BadInput(fmt::format("the shape holds {}, allowed are whole numbers from 0", extent.dump()));
    }
    entry.shape.push_back(extent.get<std::int64_t>());
    if (__builtin_mul_overflow(bytes, extent.get<std::uint64_t>(), &bytes)) throw BadInput("the shape is too large");
  }
  const auto range = Get<std::array<std::uint64_t, 2>>(json, "data_offsets");
  entry.begin = range[0];
  entry.end = range[1];
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    throw BadInput(
        fmt::format("its shape asks for {} bytes, its range [{}, {}) holds another number", bytes, range[0], range[1]));
  }
  return entry;
}

TensorFile Parse(std::string_view bytes) {
  std::uint64_t header_bytes = 0;
  if (bytes.size() < kLengthBytes) throw BadInput(fmt::format("{} bytes are too few for safetensors", bytes.size()));
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - kLengthBytes) {
    throw BadInput(
        fmt::format("the header's length is given as {} bytes, the file has {}: truncated, or no safetensors file",
                    header_bytes, bytes.size()));
  }
  const Json header = InContext("header", [&] { return ParseJson(bytes.substr(kLengthBytes, header_bytes)); });
  if (!header.is_object()) throw BadInput("the header is no JSON object");
  const std::string_view data = bytes.substr(kLengthBytes + header_bytes);

  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata) {
      for (const auto& [key, text] : value.items())
        file.metadata[key] = text.is_string() ? text.get<std::string>() : text.dump();
    } else {
      entries.push_back(
          InContext(fmt::format("tensor '{}'", name), [&, &n = name, &v = value] { return ParseEntry(n, v); }));
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  std::uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected) {
      throw BadInput(
          fmt::format("the values of tensor '{}' begin at byte {}, expected {}", entry.name, entry.begin, expected));
    }
    expected = entry.end;
  }
  if (expected != data.size()) {
    throw BadInput(fmt::format("the header announces {} bytes of values, the file holds {}", expected, data.size()));
  }
  for (const Entry& entry : entries) {
    torch::Tensor tensor = torch::empty(entry.shape, entry.type);
    if (entry.end > entry.begin) std::memcpy(tensor.data_ptr(), data.data() + entry.begin, entry.end - entry.begin);
    file.tensors.emplace(entry.name, std::move(tensor));
  }
  return file;
}

std::string Compose(const TensorFile& file) {
  // The widest types first, so that every tensor is aligned to its type; then by name.
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto& [name, tensor] : file.tensors) tensors.emplace_back(name, tensor.detach().cpu().contiguous());
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const auto& a, const auto& b) { return a.second.element_size() > b.second.element_size(); });

  Json header = Json::object();
  if (!file.metadata.empty()) header[std::string(kMetadata)] = file.metadata;
  std::size_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t end = offset + tensor.nbytes();
    header[name] = {
        {"dtype", TypeName(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = Dump(header);
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');

  std::string bytes(kLengthBytes, '\0');
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes.reserve(kLengthBytes + text.size() + offset);
  bytes += text;
  for (const auto& entry : tensors)
    bytes.append(static_cast<const char*>(entry.second.data_ptr()), entry.second.nbytes());
  return bytes;
}

}  // namespace

void WriteSafetensors(const std::filesystem::path& path, const TensorFile& file) {
  WriteFileAtomically(path, TranslateTorchErrors([&] { return Compose(file); }));
}

TensorFile ReadSafetensors(const std::filesystem::path& path) {
  const std::string bytes = ReadFile(path);
  return InContext(path.string(), [&] { return TranslateTorchErrors([&] { return Parse(bytes); }); });
}

}  // namespace mirst
