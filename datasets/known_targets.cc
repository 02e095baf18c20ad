#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace {

constexpr std::string_view kColumns = "frame,class,x,y,width,height";

std::vector<std::string_view> Split(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = line.find(separator);
    parts.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return parts;
    line.remove_prefix(end + 1);
  }
}

double Number(std::string_view text, std::string_view column) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(std::abs(value) <= 1e6)) {
    throw BadInput(fmt::format("{} is '{}', allowed: a number of at most a million", column, text));
  }
  return value;
}

double Extent(std::string_view text, std::string_view column) {
  const double value = Number(text, column);
  if (value <= 0) throw BadInput(fmt::format("{} is {}, allowed: above 0", column, text));
  return value;
}

// The whole pixels [low, high) that the interval of `extent` pixels from the 1-based `corner` touches. The files have
// two decimals; the margin keeps the rounding error of corner + extent from adding a pixel.
std::pair<int, int> OutwardPixels(double corner, double extent) {
  constexpr double kMargin = 1e-6;
  return {static_cast<int>(std::floor(corner - 1 + kMargin)),
          static_cast<int>(std::ceil(corner - 1 + extent - kMargin))};
}

}  // namespace

std::vector<KnownTarget> ReadKnownTargets(const std::filesystem::path& csv, const std::vector<std::string>& frame_names,
                                          int width, int height) {
  std::map<std::string_view, int> index_of_frame;
  for (const std::string& name : frame_names) index_of_frame.emplace(name, static_cast<int>(index_of_frame.size()));

  const std::string text = ReadFile(csv);
  std::vector<KnownTarget> targets;
  int line_number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++line_number;
    InContext(fmt::format("{}:{}", csv.string(), line_number), [&] {
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line_number == 1) {
        if (line != kColumns) throw BadInput(fmt::format("the first line is '{}', expected '{}'", line, kColumns));
        return;
      }
      if (line.empty()) return;
      const std::vector<std::string_view> cells = Split(line, ',');
      if (cells.size() != 6) throw BadInput(fmt::format("{} columns, expected 6: {}", cells.size(), kColumns));
      const auto frame = index_of_frame.find(cells[0]);
      if (frame == index_of_frame.end()) throw BadInput(fmt::format("no frame is named '{}'", cells[0]));
      const auto [left, right] = OutwardPixels(Number(cells[2], "x"), Extent(cells[4], "width"));
      const auto [top, bottom] = OutwardPixels(Number(cells[3], "y"), Extent(cells[5], "height"));
      const PixelBox box = Intersect({left, top, right - left, bottom - top}, {0, 0, width, height});
      if (!box.empty()) targets.push_back({frame->second, std::string(cells[1]), box});
    });
  }
  std::stable_sort(targets.begin(), targets.end(),
                   [](const KnownTarget& a, const KnownTarget& b) { return a.frame < b.frame; });
  return targets;
}

}  // namespace mirst
