// A real tensor of three modes, rows x columns x slices, stored as the published methods number it: the row index runs
// fastest, then the column, then the slice.
#pragma once

#include <cstddef>
#include <vector>

namespace mirst {

struct Tensor {
  int rows = 0, columns = 0, slices = 0;
  std::vector<double> values;

  Tensor() = default;
  Tensor(int row_count, int column_count, int slice_count)
      : rows(row_count),
        columns(column_count),
        slices(slice_count),
        values(static_cast<std::size_t>(row_count) * static_cast<std::size_t>(column_count) *
               static_cast<std::size_t>(slice_count)) {}

  std::size_t size() const { return values.size(); }
  std::size_t slice_size() const { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }
  double& operator()(int row, int column, int slice) { return values[Offset(row, column, slice)]; }
  double operator()(int row, int column, int slice) const { return values[Offset(row, column, slice)]; }

 private:
  std::size_t Offset(int row, int column, int slice) const {
    return static_cast<std::size_t>(row) +
           static_cast<std::size_t>(rows) *
               (static_cast<std::size_t>(column) + static_cast<std::size_t>(columns) * static_cast<std::size_t>(slice));
  }
};

/// Square root of the sum of squares, summed in order.
double FrobeniusNorm(const std::vector<double>& values);

/// Entries > 0.
std::size_t CountPositive(const std::vector<double>& values);

}  // namespace mirst
