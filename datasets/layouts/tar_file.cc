#include "datasets/layouts/tar_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlock = 512, kNameBytes = 100, kPrefixPlace = 345, kPrefixBytes = 155, kChecksumPlace = 148;
constexpr std::uint64_t kLongestExtension = 1 << 20;  // of a pax header or a long name
using Header = std::array<char, kBlock>;

std::uint64_t Padded(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

/// The sum of the header's bytes, its own field taken as blanks.
unsigned Checksum(const Header& header) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool is_own = i >= kChecksumPlace && i < kChecksumPlace + 8;
    sum += is_own ? 32U : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

std::string TextAt(const Header& header, std::size_t place, std::size_t size) {
  const char* first = header.data() + place;
  return {first, std::find(first, first + size, '\0')};
}

/// An octal number that ends with a blank or zero.
std::uint64_t NumberAt(const Header& header, std::size_t place, std::size_t size, std::string_view what) {
  const std::string text = TextAt(header, place, size);
  std::uint64_t value = 0;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ' ' && digits == 0) continue;
    if (c == ' ') break;
    if (c < '0' || c > '7') throw BadInput(fmt::format("a header's {} is no octal number", what));
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
    ++digits;
  }
  return value;
}

void WriteText(Header& header, std::size_t place, std::string_view text) {
  for (std::size_t i = 0; i < text.size() && place + i < kBlock; ++i) header[place + i] = text[i];
}

void WriteOctal(Header& header, std::size_t place, std::size_t size, std::uint64_t value) {
  WriteText(header, place, fmt::format("{:0{}o}", value, size - 1));
}

/// Name and prefix of the header: the name alone, or cut at a slash.
std::pair<std::string, std::string> CutName(std::string_view name) {
  if (name.size() <= kNameBytes) return {std::string(name), ""};
  for (std::size_t slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
    if (slash <= kPrefixBytes && name.size() - slash - 1 <= kNameBytes)
      return {std::string(name.substr(slash + 1)), std::string(name.substr(0, slash))};
  }
  throw BadInput(fmt::format("the name {} is too long for a tar header", name));
}

/// The value of `path` in a pax header ("<length> path=<value>\n" records).
std::optional<std::string> PaxPath(std::string_view records) {
  std::optional<std::string> path;
  while (!records.empty()) {
    const std::size_t blank = records.find(' ');
    const auto length = WholeNumber(records.substr(0, blank));
    if (blank == std::string_view::npos || !length || *length <= static_cast<long long>(blank) + 1 ||
        *length > static_cast<long long>(records.size()))
      throw BadInput("a pax header has a record of no right length");
    const std::string_view record = records.substr(blank + 1, static_cast<std::size_t>(*length) - blank - 2);
    if (record.starts_with("path=")) path = std::string(record.substr(5));
    if (record.starts_with("size=")) throw BadInput("a pax header gives a size of its own (a member of 8 GiB or more)");
    records.remove_prefix(static_cast<std::size_t>(*length));
  }
  return path;
}

std::string ReadBytes(std::ifstream& file, std::uint64_t size) {
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uint64_t>(file.gcount()) != size) throw BadInput("the archive is truncated");
  return bytes;
}

std::vector<TarMember> List(const fs::path& path) {
  const std::uint64_t end = fs::file_size(path);
  std::ifstream file(path, std::ios::binary);
  std::vector<TarMember> members;
  std::optional<std::string> long_name;
  Header header;
  for (std::uint64_t place = 0; place + kBlock <= end;) {
    file.seekg(static_cast<std::streamoff>(place));
    if (!file.read(header.data(), kBlock)) throw BadInput("cannot read the archive");
    if (std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; })) return members;
    const std::string prefix = TextAt(header, kPrefixPlace, kPrefixBytes);
    std::string name = TextAt(header, 0, kNameBytes);
    if (!prefix.empty() && TextAt(header, 257, 5) == "ustar") name = prefix + "/" + name;
    if (NumberAt(header, kChecksumPlace, 8, "checksum") != Checksum(header))
      throw BadInput(fmt::format("the header at byte {} has a wrong checksum", place));
    const std::uint64_t size = NumberAt(header, 124, 12, "size");
    if (size > end - place - kBlock)
      throw BadInput(
          fmt::format("the member {} claims {} bytes, the archive has {} left", name, size, end - place - kBlock));
    const char type = header[156];
    if (type == 'x' || type == 'L' || type == 'g') {
      if (size > kLongestExtension) throw BadInput(fmt::format("an extended header claims {} bytes", size));
      std::string bytes = ReadBytes(file, size);
      if (type == 'x') long_name = PaxPath(bytes);
      if (type == 'L') long_name = bytes.substr(0, bytes.find('\0'));
    } else {
      if (long_name) name = *std::exchange(long_name, std::nullopt);
      if (type != '0' && type != '\0' && type != '5')
        throw BadInput(fmt::format("the member {} is a link or a device, allowed: files and folders", name));
      PathBelow(".", name.ends_with('/') ? name + "." : name);
      if (type != '5') members.push_back({name, place + kBlock, size});
    }
    place += kBlock + Padded(size);
  }
  return members;
}

}  // namespace

TarWriter::TarWriter(fs::path path) : path_(std::move(path)), file_(path_, std::ios::binary) {}

void TarWriter::Put(std::string_view bytes) {
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  size_ += bytes.size();
  if (!file_) throw BadInput(fmt::format("cannot write {}", path_.string()));
}

void TarWriter::Add(std::string_view name, std::string_view bytes) {
  Header header{};
  const auto [last, prefix] = CutName(name);
  WriteText(header, 0, last);
  WriteText(header, kPrefixPlace, prefix);
  WriteOctal(header, 100, 8, 0644);
  for (const std::size_t place : {108U, 116U}) WriteOctal(header, place, 8, 0);  // uid, gid
  WriteOctal(header, 124, 12, bytes.size());
  WriteOctal(header, 136, 12, 0);  // mtime
  header[156] = '0';
  WriteText(header, 257, std::string_view("ustar\00000", 8));  // with version 00
  WriteText(header, kChecksumPlace, fmt::format("{:06o}", Checksum(header)));
  header[kChecksumPlace + 7] = ' ';
  Put({header.data(), kBlock});
  Put(bytes);
  Put(std::string(Padded(bytes.size()) - bytes.size(), '\0'));
}

void TarWriter::Close() {
  Put(std::string(2 * kBlock, '\0'));
  file_.close();
  if (!file_) throw BadInput(fmt::format("cannot write {}", path_.string()));
}

std::vector<TarMember> ListTar(const fs::path& path) {
  return InContext(path.string(), [&] { return List(path); });
}

std::string ReadMember(const fs::path& path, const TarMember& member) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(member.offset));
  return InContext(fmt::format("{}: {}", path.string(), member.name), [&] { return ReadBytes(file, member.size); });
}

}  // namespace mirst
