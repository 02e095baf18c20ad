// A table of reference values: a CSV file with a line of column names.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/file.h"
#include "tests/support/data_folder.h"

namespace mirst::test {

using GoldenRow = std::map<std::string, std::string>;

inline double Number(const GoldenRow& row, const std::string& column) { return std::stod(row.at(column)); }

/// The rows of physics/NAME.csv among the goldens.
inline std::vector<GoldenRow> GoldenRows(const std::string& name) {
  std::istringstream text(ReadFile(GoldenFolder() / "physics" / (name + ".csv")));
  const auto cells_of = [](std::string line) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    return cells;
  };
  std::string line;
  std::getline(text, line);
  const std::vector<std::string> columns = cells_of(line);
  std::vector<GoldenRow> rows;
  while (std::getline(text, line)) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.empty()) continue;
    GoldenRow row;
    for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) row[columns[i]] = cells[i];
    rows.push_back(row);
  }
  return rows;
}

}  // namespace mirst::test
