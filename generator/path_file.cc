#include "generator/path_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

enum Column { kFrame, kX, kY, kRange, kRoll, kPitch, kYaw, kId };
struct ColumnRule {
  std::string_view name;
  double low, high;
};
constexpr std::array<ColumnRule, 8> kColumns = {{{"frame", 0, 1e6},
                                                 {"x", -1e5, 1e5},
                                                 {"y", -1e5, 1e5},
                                                 {"range_m", 1e-3, 1e7},
                                                 {"roll", -3600, 3600},
                                                 {"pitch", -3600, 3600},
                                                 {"yaw", -3600, 3600},
                                                 {"id", 1, 8}}};
constexpr std::string_view kAllowed = "frame,x,y, then range_m, roll,pitch,yaw, id";

std::vector<std::string_view> Cells(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const auto comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    cell.remove_prefix(std::min(cell.find_first_not_of(" \t"), cell.size()));
    cells.push_back(cell.substr(0, cell.find_last_not_of(" \t") + 1));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

// Which column each cell of a line is.
std::vector<Column> ReadHeader(std::string_view line) {
  std::vector<Column> columns;
  for (const std::string_view cell : Cells(line)) {
    const auto rule =
        std::find_if(kColumns.begin(), kColumns.end(), [&](const ColumnRule& r) { return r.name == cell; });
    if (rule == kColumns.end()) throw BadInput(fmt::format("a column '{}', allowed: {}", cell, kAllowed));
    const auto column = static_cast<Column>(rule - kColumns.begin());
    if (std::find(columns.begin(), columns.end(), column) != columns.end())
      throw BadInput(fmt::format("two columns '{}', allowed: one", cell));
    columns.push_back(column);
  }
  const auto has = [&](Column c) { return std::find(columns.begin(), columns.end(), c) != columns.end(); };
  for (const Column needed : {kFrame, kX, kY}) {
    if (!has(needed)) throw BadInput(fmt::format("no column '{}', expected {}", kColumns[needed].name, kAllowed));
  }
  if (has(kRoll) != has(kPitch) || has(kRoll) != has(kYaw))
    throw BadInput("some of the columns roll, pitch, yaw, expected all three or none");
  return columns;
}

double ReadCell(std::string_view text, Column column) {
  const ColumnRule& rule = kColumns[column];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= rule.low && value <= rule.high))
    throw BadInput(fmt::format("{} is '{}', allowed: a number from {} to {}", rule.name, text, rule.low, rule.high));
  if ((column == kFrame || column == kId) && value != std::floor(value))
    throw BadInput(fmt::format("{} is '{}', allowed: whole numbers", rule.name, text));
  return value;
}

struct Rows {
  std::vector<Vec2> places;
  std::vector<Attitude> attitudes;
  std::vector<double> ranges_m;
};

void AddRow(std::string_view line, const std::vector<Column>& columns, std::map<int, Rows>& rows_of_id) {
  const std::vector<std::string_view> cells = Cells(line);
  if (cells.size() != columns.size())
    throw BadInput(fmt::format("{} cells, expected {} as in the first line", cells.size(), columns.size()));
  std::array<double, kColumns.size()> value{};
  value[kId] = 1;
  for (std::size_t i = 0; i < cells.size(); ++i) value[columns[i]] = ReadCell(cells[i], columns[i]);
  const auto has = [&](Column c) { return std::find(columns.begin(), columns.end(), c) != columns.end(); };
  const int id = static_cast<int>(value[kId]), frame = static_cast<int>(value[kFrame]);
  Rows& rows = rows_of_id[id];
  if (frame != static_cast<int>(rows.places.size()))
    throw BadInput(fmt::format("frame {} of id {}, expected {}: each frame once, in order, from 0", frame, id,
                               rows.places.size()));
  rows.places.push_back({value[kX], value[kY]});
  if (has(kRoll)) rows.attitudes.push_back({value[kRoll], value[kPitch], value[kYaw]});
  if (has(kRange)) rows.ranges_m.push_back(value[kRange]);
}

}  // namespace

std::map<int, Movement> ReadPathFile(const std::filesystem::path& csv) {
  const std::string text = ReadFile(csv);
  std::vector<Column> columns;
  std::map<int, Rows> rows_of_id;
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (int number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    InContext(fmt::format("{}:{}", csv.string(), number), [&] {
      if (columns.empty()) {
        columns = ReadHeader(line);
      } else {
        AddRow(line, columns, rows_of_id);
      }
    });
  }
  if (rows_of_id.empty()) throw BadInput(fmt::format("{} has no rows, expected {}", csv.string(), kAllowed));
  std::map<int, Movement> movements;
  const std::size_t frames = rows_of_id.begin()->second.places.size();
  for (auto& [id, rows] : rows_of_id) {
    if (rows.places.size() != frames)
      throw BadInput(fmt::format("{}: id {} has {} frames, expected {} as id {} has", csv.string(), id,
                                 rows.places.size(), frames, rows_of_id.begin()->first));
    movements[id] = {PathThrough(rows.places), std::move(rows.attitudes), std::move(rows.ranges_m)};
  }
  return movements;
}

std::filesystem::path PathFileOf(const std::filesystem::path& path, int index) {
  return std::filesystem::is_directory(path) ? path / fmt::format("{:06}.csv", index) : path;
}

}  // namespace mirst
