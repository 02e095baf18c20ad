// Where the rays of a template go: a lattice over the target's box in the image, so many to a cell, refined by more
// where it meets an edge. For the renderer's own files.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "renderer/posed_target.h"

namespace mirst {

/// How densely a target of some extent is sampled: rays a cell along each axis and, for each of their squares that
/// holds an edge, further rays that make a square lattice with those in the middle (turned, so that edges along the
/// image's axes, too, meet many different rows). Along the extent that is 64 at edges or more; for a target of less
/// than 21.4 cells, whose flux is all that is left of it, 131 or more.
struct SamplingDensity {
  long long rays_per_cell = 1;
  std::vector<Vec2> edge_rays;  ///< from the middle of the square, in its widths; four rounds of neighbours

  explicit SamplingDensity(double extent_cells);
};

/// Each ray stands for a square of the image, 1 / rays_per_cell cells wide, whose middle it goes through. Cells have
/// their middle on integers and are counted from the first that the box meets.
class SamplingLattice {
 public:
  SamplingLattice(const CellBox& box, long long rays_per_cell);

  int width() const { return static_cast<int>(columns_.places.size()); }
  int height() const { return static_cast<int>(rows_.places.size()); }
  PixelBox cells() const {
    return {columns_.first_cell, rows_.first_cell, columns_.cells.back() + 1, rows_.cells.back() + 1};
  }
  double rays_per_cell() const { return rays_per_cell_; }
  double square_share() const { return 1 / (rays_per_cell_ * rays_per_cell_); }  ///< of a cell's area

  Vec2 Place(int column, int row) const { return {columns_.places[Index(column)], rows_.places[Index(row)]}; }
  int CellColumn(int column) const { return columns_.cells[Index(column)]; }
  int CellRow(int row) const { return rows_.cells[Index(row)]; }
  /// The first row of rays in a row of cells; height() behind the last.
  int FirstRow(int cell_row) const;
  /// The ray whose square holds a place, as far as the lattice reaches.
  int Column(double x_cells) const { return columns_.Holding(x_cells); }
  int Row(double y_cells) const { return rows_.Holding(y_cells); }
  /// Calls visit(row, column) for each square that a straight line crosses, one after the other.
  template <typename Visit>
  void ForEachSquare(Vec2 from, Vec2 to, const Visit& visit) const;

 private:
  struct Axis {
    double per_cell, first_edge;  // of the first square, in squares from the middle of cell 0
    double last = 0;              // square
    int first_cell;
    std::vector<double> places;  // in cells
    std::vector<int> cells;      // from first_cell

    Axis(double low, double high, long long rays_per_cell);
    double Square(double place) const { return (place + 0.5) * per_cell - first_edge; }
    int Holding(double place) const {
      const double square = Square(place);
      return static_cast<int>(square < 0 ? 0 : square > last ? last : square);
    }
  };
  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }

  Axis columns_, rows_;
  double rays_per_cell_;
};

template <typename Visit>
void SamplingLattice::ForEachSquare(Vec2 from, Vec2 to, const Visit& visit) const {
  int column = Column(from.x), row = Row(from.y);
  const int last_column = Column(to.x), last_row = Row(to.y);
  visit(row, column);
  if (column == last_column && row == last_row) return;  // most outlines of a small view
  const int right = last_column < column ? -1 : 1, down = last_row < row ? -1 : 1;
  const double width = std::abs(to.x - from.x), height = std::abs(to.y - from.y);
  // How far it is to the next column and to the next row, each times the line's extent along the other axis.
  const double x = columns_.Square(from.x) - column, y = rows_.Square(from.y) - row;
  double to_column = (right > 0 ? 1 - x : x) * height, to_row = (down > 0 ? 1 - y : y) * width;
  while (column != last_column || row != last_row) {
    if (row == last_row || (column != last_column && to_column < to_row)) {
      column += right;
      to_column += height;
    } else {
      row += down;
      to_row += width;
    }
    visit(row, column);
  }
}

}  // namespace mirst
