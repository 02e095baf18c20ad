#include "renderer/sampling_lattice.h"

#include <algorithm>
#include <cmath>

namespace mirst {

namespace {

// A square lattice with a point in the middle and p^2 + q^2 (odd) to a square of width one, whose vectors are (p, q)
// and
// (-q, p) over that number: it goes on from square to square. All points of one square but the middle, quarter by
// quarter.
std::vector<Vec2> TurnedLattice(int p, int q) {
  const int points = p * p + q * q, half = points / 2;
  std::vector<Vec2> quarter;
  for (int v = 0; v <= half; ++v) {
    for (int u = 1; u <= half; ++u) {
      if ((p * u + q * v) % points == 0 && (p * v - q * u) % points == 0) {
        quarter.push_back({static_cast<double>(u) / points, static_cast<double>(v) / points});
      }
    }
  }
  std::vector<Vec2> all;
  for (int turn = 0; turn < 4; ++turn) {
    all.insert(all.end(), quarter.begin(), quarter.end());
    for (Vec2& point : quarter) point = {-point.y, point.x};
  }
  return all;
}

}  // namespace

SamplingDensity::SamplingDensity(double extent_cells) {
  constexpr double kLeastAlongEdges = 64, kLeastRays = 32;
  if (extent_cells * std::sqrt(5.0) >= kLeastAlongEdges) {
    edge_rays = TurnedLattice(2, 1);
  } else if (extent_cells * 3 >= kLeastAlongEdges) {
    edge_rays = TurnedLattice(3, 0);
  } else {
    rays_per_cell = static_cast<long long>(std::fmin(std::ceil(kLeastRays / extent_cells), 1e9));
    edge_rays = TurnedLattice(4, 1);
  }
}

SamplingLattice::Axis::Axis(double low, double high, long long rays_per_cell)
    : per_cell(static_cast<double>(rays_per_cell)) {
  const auto ray_at = [&](double place) { return static_cast<long long>(std::floor((place + 0.5) * per_cell)); };
  const auto cell_of = [&](long long ray) {
    return ray >= 0 ? ray / rays_per_cell : -((-ray + rays_per_cell - 1) / rays_per_cell);
  };
  const long long first = ray_at(low), end = ray_at(high), start = cell_of(first);
  first_edge = static_cast<double>(first);
  last = static_cast<double>(end - first);
  first_cell = static_cast<int>(start);
  for (long long ray = first; ray <= end; ++ray) {
    const long long cell = cell_of(ray);
    cells.push_back(static_cast<int>(cell - start));
    places.push_back(static_cast<double>(cell) +
                     ((static_cast<double>(ray - cell * rays_per_cell) + 0.5) / per_cell - 0.5));
  }
}

SamplingLattice::SamplingLattice(const CellBox& box, long long rays_per_cell)
    : columns_(box.left, box.right, rays_per_cell),
      rows_(box.top, box.bottom, rays_per_cell),
      rays_per_cell_(static_cast<double>(rays_per_cell)) {}

int SamplingLattice::FirstRow(int cell_row) const {
  return static_cast<int>(std::lower_bound(rows_.cells.begin(), rows_.cells.end(), cell_row) - rows_.cells.begin());
}

}  // namespace mirst
