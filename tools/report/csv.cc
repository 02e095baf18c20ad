#include "tools/report/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

/// RFC 4180: a quoted cell may hold commas, line breaks and doubled quotes.
std::vector<std::vector<std::string>> Cells(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      row.push_back(std::exchange(cell, {}));
      if (c == '\n') rows.push_back(std::exchange(row, {}));
    } else if (c != '\r') {
      cell += c;
    }
  }
  if (!cell.empty() || !row.empty()) {
    row.push_back(cell);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

bool CsvTable::Has(std::string_view column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

const std::string& CsvTable::Text(std::size_t row, std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) throw BadInput(fmt::format("the table has no column '{}'", column));
  return rows[row][static_cast<std::size_t>(found - columns.begin())];
}

std::optional<double> CsvTable::Number(std::size_t row, std::string_view column) const {
  const std::string& text = Text(row, column);
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

CsvTable ReadCsv(const std::filesystem::path& path) {
  std::vector<std::vector<std::string>> rows = Cells(ReadFile(path));
  if (rows.empty()) throw BadInput(fmt::format("{} is empty, expected a line of column names", path.string()));
  CsvTable table;
  table.columns = std::move(rows.front());
  rows.erase(rows.begin());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].size() != table.columns.size()) {
      throw BadInput(fmt::format("{}, line {}: found {} cells, expected {}", path.string(), i + 2, rows[i].size(),
                                 table.columns.size()));
    }
  }
  table.rows = std::move(rows);
  return table;
}

}  // namespace mirst
