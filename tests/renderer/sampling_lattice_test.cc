#include "renderer/sampling_lattice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/random.h"

namespace mirst {
namespace {

using Square = std::pair<int, int>;  // row, column

std::vector<Square> SquaresOf(const SamplingLattice& lattice, Vec2 from, Vec2 to) {
  std::vector<Square> squares;
  lattice.ForEachSquare(from, to, [&](int row, int column) { squares.emplace_back(row, column); });
  return squares;
}

// The part of a line, from 0 to 1, whose coordinate lies within `reach` of `middle`.
std::pair<double, double> PartWithin(double from, double to, double middle, double reach) {
  const auto share = [&](double place) { return (place - from) / (to - from); };
  return std::minmax({share(middle - reach), share(middle + reach)});
}

TEST(SamplingLattice, ALineGoesThroughEachSquareThatItCrossesAndThroughNoOther) {
  const CellBox box{.left = -7.3, .top = -2.1, .right = 4.9, .bottom = 5.2};
  RandomStream random(RandomKey{.seed = 5, .purpose = Purpose::kTest});
  for (const long long rays_per_cell : {1, 3}) {
    const SamplingLattice lattice(box, rays_per_cell);
    const double reach = 0.5 / lattice.rays_per_cell() + 1e-9;
    for (int line = 0; line < 500; ++line) {
      const auto place = [&] { return Vec2{random.Uniform(box.left, box.right), random.Uniform(box.top, box.bottom)}; };
      const Vec2 from = place(), to = place();
      const std::vector<Square> squares = SquaresOf(lattice, from, to);
      ASSERT_EQ(squares.front(), Square(lattice.Row(from.y), lattice.Column(from.x)));
      ASSERT_EQ(squares.back(), Square(lattice.Row(to.y), lattice.Column(to.x)));
      for (std::size_t i = 0; i < squares.size(); ++i) {
        const auto [row, column] = squares[i];
        const Vec2 middle = lattice.Place(column, row);
        const auto [left, right] = PartWithin(from.x, to.x, middle.x, reach);
        const auto [top, bottom] = PartWithin(from.y, to.y, middle.y, reach);
        EXPECT_LE(std::max({left, top, 0.0}), std::min({right, bottom, 1.0})) << row << ", " << column;
        if (i == 0) continue;
        EXPECT_EQ(std::abs(row - squares[i - 1].first) + std::abs(column - squares[i - 1].second), 1);
      }
    }
  }
}

TEST(SamplingLattice, ALineAlongAnAxisOrWithinASquareTakesNoOthers) {
  const SamplingLattice lattice({.left = 0, .top = 0, .right = 9, .bottom = 9}, 1);
  EXPECT_EQ(SquaresOf(lattice, {2.1, 3.2}, {2.4, 2.9}), (std::vector<Square>{{3, 2}}));
  EXPECT_EQ(SquaresOf(lattice, {2, 3}, {5, 3}), (std::vector<Square>{{3, 2}, {3, 3}, {3, 4}, {3, 5}}));
  EXPECT_EQ(SquaresOf(lattice, {2, 5}, {2, 3}), (std::vector<Square>{{5, 2}, {4, 2}, {3, 2}}));
  EXPECT_EQ(SquaresOf(lattice, {4, 4}, {4, 4}), (std::vector<Square>{{4, 4}}));
}

}  // namespace
}  // namespace mirst
