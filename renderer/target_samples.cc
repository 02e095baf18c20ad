#include "renderer/target_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "renderer/sampling_lattice.h"

namespace mirst {
namespace {

constexpr int kLargestExtent_cells = 4096;
constexpr std::uint8_t kInterior = 0, kEdge = 1, kEmpty = 2;  // of squares

using Look = TargetRadiance::Look;
constexpr Look kNoLook = RayCaster::kNothing;  // nothing is seen, or several looks together

// What the rays of a square and of its eight neighbours see: how far they go, and the look of all of them alike.
struct Around {
  Image<float> farthest;
  Image<Look> look;

  // Beside the lattice there is nothing.
  Around(const Image<RayCaster::Hit>& hits, const Image<Look>& looks)
      : farthest(hits.height(), hits.width(), std::numeric_limits<float>::infinity()),
        look(hits.height(), hits.width(), kNoLook) {
    const int height = hits.height();
    const auto width = static_cast<std::size_t>(hits.width());
    const auto alike = [](Look a, Look b) { return a == b ? a : kNoLook; };
    // Of three rows and then of three columns of them.
    std::vector<float> far(width);
    std::vector<Look> seen(width);
    for (int y = 1; y + 1 < height; ++y) {
      const RayCaster::Hit *const above = hits.row(y - 1), *const here = hits.row(y), *const below = hits.row(y + 1);
      for (std::size_t x = 0; x < width; ++x) {
        far[x] = std::max(std::max(above[x].distance, here[x].distance), below[x].distance);
      }
      const Look *const up = looks.row(y - 1), *const middle = looks.row(y), *const down = looks.row(y + 1);
      for (std::size_t x = 0; x < width; ++x) seen[x] = alike(alike(up[x], middle[x]), down[x]);
      float* const farthest_here = farthest.row(y);
      Look* const look_here = look.row(y);
      for (std::size_t x = 1; x + 1 < width; ++x) {
        farthest_here[x] = std::max(std::max(far[x - 1], far[x]), far[x + 1]);
      }
      for (std::size_t x = 1; x + 1 < width; ++x) {
        look_here[x] = alike(alike(seen[x - 1], seen[x]), seen[x + 1]);
      }
    }
  }
};

// One view of one target, and the lattice that samples it.
class Sampler {
 public:
  Sampler(const PosedTarget& target, const TargetRadiance& radiance);
  TargetSamples Sample();

 private:
  void MarkEmpty();
  void CastLattice(std::size_t strip);
  void MarkOutlines();
  void MarkBorders();
  void Sum(std::size_t strip);

  // Rays and the cells that they belong to.
  struct Bundle {
    std::vector<Vec2> places;
    std::vector<std::size_t> cells;
    std::vector<RayCaster::Hit> still;  // what they meet of what stands still
    void Reserve(std::size_t rays) {
      places.reserve(rays);
      cells.reserve(rays);
      still.reserve(rays);
    }
    void Add(Vec2 place, std::size_t cell, const RayCaster::Hit& hit = {}) {
      places.push_back(place);
      cells.push_back(cell);
      still.push_back(hit);
    }
  };
  void Add(Vec2 place, std::size_t cell, double share, const RayCaster::Hit& hit, std::size_t step);
  void AddMoving(const Bundle& rays, double share);

  int FirstRow(std::size_t strip) const { return lattice_.FirstRow(static_cast<int>(strip) * cell_rows_together_); }

  const PosedTarget& target_;
  const TargetRadiance& radiance_;
  SamplingDensity density_;
  SamplingLattice lattice_;
  bool frozen_;  // nothing moves within the exposure: all counts as standing still
  double depth_of_squares_;
  int cell_rows_together_;  // dealt with at a time: a thousand rays or more
  std::size_t strips_;
  std::vector<Vec2> edge_rays_;          // of a square that holds an edge, from the ray in its middle, in cells
  Image<RayCaster::Hit> still_, moved_;  // what each ray meets of what stands still, and of all in the first step
  Image<Look> looks_;
  Image<std::uint8_t> kind_;
  TargetSamples result_;
};

Sampler::Sampler(const PosedTarget& target, const TargetRadiance& radiance)
    : target_(target),
      radiance_(radiance),
      density_(target_.box().largest_extent()),
      lattice_(target_.box(), density_.rays_per_cell),
      frozen_(target_.steps() == 1),
      depth_of_squares_(4 * target_.cell_m() / lattice_.rays_per_cell()),
      cell_rows_together_(1 + static_cast<int>(1000 / (lattice_.width() * lattice_.rays_per_cell()))),
      strips_(static_cast<std::size_t>((lattice_.cells().height + cell_rows_together_ - 1) / cell_rows_together_)),
      still_(lattice_.height(), lattice_.width()),
      looks_(lattice_.height(), lattice_.width(), kNoLook),
      kind_(lattice_.height(), lattice_.width(), kInterior) {
  if (!frozen_) moved_ = still_;
  for (const Vec2 place : density_.edge_rays) edge_rays_.push_back((1 / lattice_.rays_per_cell()) * place);
  result_.cells = lattice_.cells();
  result_.cover = Image<double>(result_.cells.height, result_.cells.width);
  result_.contrast = result_.cover;
}

TargetSamples Sampler::Sample() {
  const bool pays = target_.course() == RayCaster::Course::kTogether;  // in small views rays are as quick
  if (frozen_ && pays) MarkEmpty();
  ParallelFor(strips_, [&](std::size_t strip) { CastLattice(strip); });
  MarkBorders();
  MarkOutlines();
  ParallelFor(strips_, [&](std::size_t strip) { Sum(strip); });
  const auto edges = static_cast<std::size_t>(std::count(kind_.begin(), kind_.end(), kEdge));
  result_.samples = kind_.size() + edges * edge_rays_.size();
  return std::move(result_);
}

// What the target covers ends at outlines: a square without one that can be got to from the box's rim shows none of it.
void Sampler::MarkEmpty() {
  Image<std::uint8_t> closed(lattice_.height(), lattice_.width());
  target_.ForEachOutline([&](const PosedTarget::Outline& outline) {
    if (outline.border_alone) return;
    lattice_.ForEachSquare(outline.from, outline.to, [&](int row, int column) { closed(row, column) = 1; });
  });
  std::vector<std::pair<int, int>> reached;
  const auto reach = [&](int row, int column) {
    if (closed(row, column) != 0) return;
    closed(row, column) = 1;
    kind_(row, column) = kEmpty;
    reached.emplace_back(row, column);
  };
  const int last_row = lattice_.height() - 1, last_column = lattice_.width() - 1;
  for (int row = 0; row <= last_row; ++row) {
    reach(row, 0);
    reach(row, last_column);
  }
  for (int column = 0; column <= last_column; ++column) {
    reach(0, column);
    reach(last_row, column);
  }
  while (!reached.empty()) {
    const auto [row, column] = reached.back();
    reached.pop_back();
    if (row > 0) reach(row - 1, column);
    if (row < last_row) reach(row + 1, column);
    if (column > 0) reach(row, column - 1);
    if (column < last_column) reach(row, column + 1);
  }
}

void Sampler::CastLattice(std::size_t strip) {
  Bundle rays;
  const int end_row = FirstRow(strip + 1);
  rays.Reserve(static_cast<std::size_t>((end_row - FirstRow(strip)) * lattice_.width()));
  std::size_t square = static_cast<std::size_t>(FirstRow(strip)) * static_cast<std::size_t>(lattice_.width());
  for (int row = FirstRow(strip); row < end_row; ++row) {
    for (int column = 0; column < lattice_.width(); ++column, ++square) {
      if (kind_.data()[square] != kEmpty) rays.Add(lattice_.Place(column, row), square);
    }
  }
  target_.CastStill(rays.places, rays.still);
  if (!frozen_) {
    for (std::size_t i = 0; i < rays.still.size(); ++i) still_.data()[rays.cells[i]] = rays.still[i];
  }
  target_.CastMoving(0, rays.places, rays.still);
  Image<RayCaster::Hit>& all = frozen_ ? still_ : moved_;
  for (std::size_t i = 0; i < rays.still.size(); ++i) {
    const RayCaster::Hit& hit = rays.still[i];
    all.data()[rays.cells[i]] = hit;
    if (hit.triangle != RayCaster::kNothing) looks_.data()[rays.cells[i]] = radiance_.LookOf(hit.triangle);
  }
}

// Which rays' squares an outline crosses. Where it lies behind all that the rays around meet, it is hidden. Where they
// all see the very look that it has itself, or where it parts no further ray from the one in the middle, more rays
// would see no more. What moves may uncover something else.
void Sampler::MarkOutlines() {
  const Around around(frozen_ ? still_ : moved_, looks_);
  const auto is_plain = [&](const PosedTarget::Outline& outline) {
    const Look look = radiance_.LookOf(outline.triangle);
    return frozen_ && !TargetRadiance::Varies(look) && look == radiance_.LookOf(outline.neighbour);
  };
  // Whether it crosses the way from the middle of a square to one of the further rays.
  const auto parts_rays = [&](const PosedTarget::Outline& outline, Vec2 middle) {
    const Vec2 along = outline.to - outline.from, arm = middle - outline.from;
    const double side = along.x * arm.y - along.y * arm.x;
    return std::any_of(edge_rays_.begin(), edge_rays_.end(), [&](Vec2 ray) {
      const double turn = along.x * ray.y - along.y * ray.x, end = arm.x * ray.y - arm.y * ray.x;
      return side * (side + turn) <= 0 && end * (end - turn) <= 0;
    });
  };
  const auto mark = [&](const PosedTarget::Outline& outline, int row, int column) {
    std::uint8_t& kind = kind_(row, column);
    if (kind == kEdge) return;
    const double behind_m = static_cast<double>(around.farthest(row, column)) - outline.nearest;
    if (behind_m < -1e-3 * depth_of_squares_) return;  // hidden; of a plane's own edges, rounding decides nothing
    const Look seen = around.look(row, column);
    const bool covered = seen != kNoLook && seen == radiance_.LookOf(outline.triangle) && is_plain(outline);
    if (!covered && (!frozen_ || parts_rays(outline, lattice_.Place(column, row)))) kind = kEdge;
  };
  target_.ForEachOutline([&](const PosedTarget::Outline& outline) {
    if (outline.border_alone && is_plain(outline)) return;
    lattice_.ForEachSquare(outline.from, outline.to, [&](int row, int column) { mark(outline, row, column); });
  });
}

// Rays whose right or lower neighbour sees another look, and those neighbours: where surfaces meet without an edge.
void Sampler::MarkBorders() {
  const auto width = static_cast<std::size_t>(looks_.width());
  const auto differ = [](Look a, Look b) {  // without branches, several at a time
    return static_cast<std::uint8_t>((a != b) & (a != kNoLook) & (b != kNoLook));
  };
  static_assert(kEdge == 1 && kInterior == 0);
  std::vector<std::uint8_t> border(width);
  for (int y = 0; y < looks_.height(); ++y) {
    const Look* const here = looks_.row(y);
    std::uint8_t* const kind = kind_.row(y);
    for (std::size_t x = 0; x + 1 < width; ++x) border[x] = differ(here[x], here[x + 1]);
    for (std::size_t x = 0; x + 1 < width; ++x) kind[x] |= border[x];
    for (std::size_t x = 0; x + 1 < width; ++x) kind[x + 1] |= border[x];
    if (y + 1 == looks_.height()) break;
    const Look* const below = looks_.row(y + 1);
    std::uint8_t* const kind_below = kind_.row(y + 1);
    for (std::size_t x = 0; x < width; ++x) border[x] = differ(here[x], below[x]);
    for (std::size_t x = 0; x < width; ++x) kind[x] |= border[x];
    for (std::size_t x = 0; x < width; ++x) kind_below[x] |= border[x];
  }
}

void Sampler::Sum(std::size_t strip) {
  Bundle moving, edge, moving_edge;
  const double share = lattice_.square_share(), edge_share = share / static_cast<double>(1 + edge_rays_.size());
  const int first_row = FirstRow(strip), end_row = FirstRow(strip + 1);
  const auto edges = std::count(kind_.row(first_row), kind_.row(end_row), kEdge);
  edge.Reserve(static_cast<std::size_t>(edges) * edge_rays_.size());
  for (int row = first_row; row < end_row; ++row) {
    const std::size_t first_cell =
        static_cast<std::size_t>(lattice_.CellRow(row)) * static_cast<std::size_t>(result_.cells.width);
    for (int column = 0; column < lattice_.width(); ++column) {
      const RayCaster::Hit& hit = still_(row, column);
      const bool is_edge = kind_(row, column) == kEdge;
      if (frozen_ && !is_edge && hit.triangle == RayCaster::kNothing) continue;
      const std::size_t cell = first_cell + static_cast<std::size_t>(lattice_.CellColumn(column));
      const Vec2 place = lattice_.Place(column, row);
      if (!frozen_ && target_.MovesAt(place)) {
        (is_edge ? moving_edge : moving).Add(place, cell, hit);
      } else {
        Add(place, cell, is_edge ? edge_share : share, hit, 0);
      }
      if (!is_edge) continue;
      for (const Vec2 offset : edge_rays_) edge.Add(place + offset, cell);
    }
  }
  target_.CastStill(edge.places, edge.still);
  if (frozen_) target_.CastMoving(0, edge.places, edge.still);
  for (std::size_t i = 0; i < edge.places.size(); ++i) {
    if (!frozen_ && target_.MovesAt(edge.places[i])) {
      moving_edge.Add(edge.places[i], edge.cells[i], edge.still[i]);
    } else {
      Add(edge.places[i], edge.cells[i], edge_share, edge.still[i], 0);
    }
  }
  AddMoving(moving, share);
  AddMoving(moving_edge, edge_share);
}

void Sampler::Add(Vec2 place, std::size_t cell, double share, const RayCaster::Hit& hit, std::size_t step) {
  if (hit.triangle == RayCaster::kNothing) return;
  const Look look = radiance_.LookOf(hit.triangle);
  const double contrast = TargetRadiance::Varies(look)
                              ? radiance_.Contrast(hit.triangle, target_.SurfaceAt(place, hit.triangle, step))
                              : radiance_.Contrast(look);
  result_.cover.data()[cell] += share;
  result_.contrast.data()[cell] += share * contrast;
}

// Adds what the rays see in the whole exposure where something moves.
void Sampler::AddMoving(const Bundle& rays, double share) {
  const double step_share = share / static_cast<double>(target_.steps());
  std::vector<int> unhidden(rays.places.size(), 0);
  for (std::size_t step = 0; step < target_.steps(); ++step) {
    std::vector<RayCaster::Hit> hits = rays.still;
    target_.CastMoving(step, rays.places, hits);
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (hits[i].triangle == rays.still[i].triangle) {
        ++unhidden[i];
      } else {
        Add(rays.places[i], rays.cells[i], step_share, hits[i], step);
      }
    }
  }
  for (std::size_t i = 0; i < unhidden.size(); ++i) {
    if (unhidden[i] > 0) Add(rays.places[i], rays.cells[i], unhidden[i] * step_share, rays.still[i], 0);
  }
}

}  // namespace

TargetSamples SampleTarget(const TargetModel::Data& data, const View& view, const Surroundings& surroundings,
                           int supersampling) {
  const PosedTarget target(data, view, supersampling);
  const CellBox& box = target.box();
  if (!(box.largest_extent() <= kLargestExtent_cells)) {
    throw BadInput(fmt::format("the target '{}' at {:g} m would cover {:.0f} x {:.0f} cells; allowed: {} x {}",
                               data.name, view.range_m, box.right - box.left, box.bottom - box.top,
                               kLargestExtent_cells, kLargestExtent_cells));
  }
  return Sampler(target, TargetRadiance(data, view, surroundings)).Sample();
}

}  // namespace mirst
