// Tables as mirst writes them: comma-separated, a first line of column names, cells quoted where they must be.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< each as long as `columns`

  bool Has(std::string_view column) const;
  /// Throws kBadInput where the column is missing.
  const std::string& Text(std::size_t row, std::string_view column) const;
  /// Absent where the cell holds no finite number.
  std::optional<double> Number(std::size_t row, std::string_view column) const;
};

/// Throws kBadInput naming the file: it is missing or empty, a row is shorter or longer than the first.
CsvTable ReadCsv(const std::filesystem::path& path);

}  // namespace mirst
