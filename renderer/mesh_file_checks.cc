#include "renderer/mesh_file_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <limits>
#include <regex>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

[[noreturn]] void Refuse(const std::filesystem::path& path, std::string_view why) {
  throw BadInput(fmt::format("the model {} cannot be read: {}", path.string(), why));
}

// The unsigned number at the start of `text` behind blanks and the marks that XML and JSON put there; 0 for none, the
// largest for one too large.
std::uint64_t LeadingNumber(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t\r\n\"'=:"), text.size());
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data() + first, text.data() + text.size(), number);
  return fault == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : number;
}

void CheckCount(const std::filesystem::path& path, std::string_view file, std::size_t place, std::uint64_t items,
                std::uint64_t most) {
  if (items <= most) return;
  const auto line = 1 + std::count(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(place), '\n');
  Refuse(path,
         fmt::format("line {} announces {} items; allowed for a file of {} bytes: {}", line, items, file.size(), most));
}

// The number behind each `word` that follows on one of the characters `before`, or begins the file.
void CheckCountsBehind(const std::filesystem::path& path, std::string_view file, std::string_view word,
                       std::string_view before, std::uint64_t most) {
  for (std::size_t at = file.find(word); at != std::string_view::npos; at = file.find(word, at + 1)) {
    if (at > 0 && before.find(file[at - 1]) == std::string_view::npos) continue;
    CheckCount(path, file, at, LeadingNumber(file.substr(at + word.size(), 64)), most);
  }
}

// Assimp 5.2 reads a PLY header that is out of order, or has no end, for ever.
void CheckPlyHeader(const std::filesystem::path& path, std::string_view file) {
  static const std::regex kLine(
      R"((ply|format [a-z_]+ [0-9.]+|(comment|obj_info).*|element \w+ \d{1,9}|property (list \w+ )?\w+ \w+)\s*)");
  constexpr std::string_view kElement = "element ";
  std::size_t at = 0;
  for (int number = 1; at < file.size() && number < 10000; ++number) {
    std::string_view line = file.substr(at, file.find('\n', at) - at);
    const std::size_t next = at + line.size() + 1;
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.remove_suffix(1);
    if (line == "end_header") return;
    if (line.size() > 1000 || !std::regex_match(line.begin(), line.end(), kLine)) {
      Refuse(path, fmt::format("line {} does not belong in a PLY header", number));
    }
    if (line.starts_with(kElement)) {
      CheckCount(path, file, at, LeadingNumber(line.substr(line.find(' ', kElement.size()))), file.size());
    }
    at = next;
  }
  Refuse(path, "its header does not end with 'end_header'");
}

// "OFF", or a variant of it, and the numbers of vertices and faces; comments may stand between.
void CheckOffHeader(const std::filesystem::path& path, std::string_view file) {
  std::size_t at = std::min(file.find("OFF") + 3, file.size());
  for (int numbers = 0; numbers < 2 && at < file.size();) {
    if (file[at] == '#') {
      at = std::min(file.find('\n', at), file.size());
    } else if (std::isdigit(static_cast<unsigned char>(file[at])) != 0) {
      CheckCount(path, file, at, LeadingNumber(file.substr(at, 64)),
                 file.size() / 6);  // a vertex: three digits, parted
      at = std::min(file.find_first_not_of("0123456789", at), file.size());
      ++numbers;
    } else {
      ++at;
    }
  }
}

}  // namespace

void CheckModelFile(const std::filesystem::path& path) {
  const std::string extension = LowerExtension(path);
  constexpr std::array<std::string_view, 6> kChecked{".ply", ".off", ".ac", ".ac3d", ".dae", ".gltf"};
  if (std::find(kChecked.begin(), kChecked.end(), extension) == kChecked.end()) return;
  const std::string file = ReadFile(path);
  if (extension == ".ply") {
    CheckPlyHeader(path, file);
  } else if (extension == ".off") {
    CheckOffHeader(path, file);
  } else if (extension == ".dae") {
    CheckCountsBehind(path, file, "count=", " \t\r\n", file.size());
  } else if (extension == ".gltf") {
    constexpr std::uint64_t kMost = 60'000'000;  // the items lie in other files
    CheckCountsBehind(path, file, "\"count\"", " \t\r\n{,", std::max<std::uint64_t>(kMost, file.size()));
  } else {
    for (const std::string_view word : {"numvert", "numsurf", "refs", "kids"}) {
      CheckCountsBehind(path, file, word, "\n", file.size());
    }
  }
}

}  // namespace mirst
