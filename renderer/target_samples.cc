#include "renderer/target_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

constexpr int kLargestExtent_cells = 4096;

// How densely a target of some extent is sampled: rays a cell along each axis, and into how many parts a ray's square
// is divided along each axis where it holds an edge. Along the extent that is 63 at edges or more, for a target of less
// than 21 cells 128 or more: its flux is all that is left of it.
struct Density {
  long long rays_per_cell = 1;
  int edge_parts = 2;

  explicit Density(double extent_cells) {
    constexpr double kUnresolved_cells = 21, kLeastRays = 32;
    if (extent_cells >= kLeastRays) return;
    edge_parts = extent_cells < kUnresolved_cells ? 4 : 3;
    if (extent_cells < kUnresolved_cells) {
      rays_per_cell = static_cast<long long>(std::fmin(std::ceil(kLeastRays / extent_cells), 1e9));
    }
  }
};

// Rays on a lattice: `per_cell` along each axis of a cell, whose middle lies on integers.
class Lattice {
 public:
  Lattice(const CellBox& box, long long per_cell)
      : columns_(box.left, box.right, per_cell),
        rows_(box.top, box.bottom, per_cell),
        per_cell_(static_cast<double>(per_cell)) {}
  int width() const { return static_cast<int>(columns_.places.size()); }
  int height() const { return static_cast<int>(rows_.places.size()); }
  PixelBox cells() const {
    return {columns_.first_cell, rows_.first_cell, columns_.cells.back() + 1, rows_.cells.back() + 1};
  }
  double rays_per_cell() const { return per_cell_; }

  Vec2 Place(int column, int row) const { return {columns_.places[Index(column)], rows_.places[Index(row)]}; }
  std::uint32_t CellIndex(int column, int row) const {
    return static_cast<std::uint32_t>(rows_.cells[Index(row)] * (columns_.cells.back() + 1) +
                                      columns_.cells[Index(column)]);
  }
  // The ray whose square holds a place, as far as the lattice reaches.
  int Column(double x_cells) const { return columns_.Holding(x_cells); }
  int Row(double y_cells) const { return rows_.Holding(y_cells); }

 private:
  struct Axis {
    long long per_cell, first_ray;
    int first_cell;
    std::vector<double> places;  // in cells
    std::vector<int> cells;      // from first_cell

    Axis(double low, double high, long long rays)
        : per_cell(rays), first_ray(Ray(low)), first_cell(static_cast<int>(Cell(first_ray))) {
      for (long long ray = first_ray; ray <= Ray(high); ++ray) {
        const long long cell = Cell(ray);
        cells.push_back(static_cast<int>(cell - first_cell));
        places.push_back(static_cast<double>(cell) +
                         ((static_cast<double>(ray - cell * per_cell) + 0.5) / static_cast<double>(per_cell) - 0.5));
      }
    }
    long long Ray(double place) const {
      return static_cast<long long>(std::floor((place + 0.5) * static_cast<double>(per_cell)));
    }
    long long Cell(long long ray) const { return ray >= 0 ? ray / per_cell : -((-ray + per_cell - 1) / per_cell); }
    int Holding(double place) const {
      return static_cast<int>(
          std::clamp<long long>(Ray(place) - first_ray, 0, static_cast<long long>(places.size()) - 1));
    }
  };
  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }

  Axis columns_, rows_;
  double per_cell_;
};

constexpr std::uint8_t kInterior = 0, kEdge = 1;

// The farthest that any ray of a square and of its eight neighbours goes; infinite beside the lattice.
Image<float> Farthest(const Image<RayCaster::Hit>& hits) {
  constexpr float kOpen = std::numeric_limits<float>::infinity();
  const int height = hits.height(), width = hits.width();
  Image<float> along(height, width, kOpen), farthest(height, width, kOpen);
  for (int y = 0; y < height; ++y) {
    for (int x = 1; x + 1 < width; ++x) {
      along(y, x) = std::max({hits(y, x - 1).distance, hits(y, x).distance, hits(y, x + 1).distance});
    }
  }
  for (int y = 1; y + 1 < height; ++y) {
    for (int x = 0; x < width; ++x) farthest(y, x) = std::max({along(y - 1, x), along(y, x), along(y + 1, x)});
  }
  return farthest;
}

// Which rays' squares an outline crosses: sampled twice a square, so a line may cut off a corner unseen. Where it lies
// behind all that the rays around meet, it is hidden.
void MarkOutlines(const PosedTarget& target, const Lattice& lattice, const Image<float>& farthest,
                  Image<std::uint8_t>& kind) {
  for (const auto& [from, to, nearest] : target.Outlines()) {
    const Vec2 step = to - from;
    const int steps = static_cast<int>(2 * std::max(std::abs(step.x), std::abs(step.y)) * lattice.rays_per_cell()) + 1;
    for (int i = 0; i <= steps; ++i) {
      const Vec2 place = from + static_cast<double>(i) / steps * step;
      const int row = lattice.Row(place.y), column = lattice.Column(place.x);
      if (nearest <= static_cast<double>(farthest(row, column))) kind(row, column) = kEdge;
    }
  }
}

// Rays whose right or lower neighbour sees another part, and those neighbours.
void MarkPartBorders(const Image<std::uint32_t>& parts, Image<std::uint8_t>& kind) {
  for (int y = 0; y < parts.height(); ++y) {
    for (int x = 0; x < parts.width(); ++x) {
      if (x + 1 < parts.width() && parts(y, x) != parts(y, x + 1)) kind(y, x) = kind(y, x + 1) = kEdge;
      if (y + 1 < parts.height() && parts(y, x) != parts(y + 1, x)) kind(y, x) = kind(y + 1, x) = kEdge;
    }
  }
}

// Rays and the cells that they belong to.
struct Bundle {
  std::vector<Vec2> places;
  std::vector<std::uint32_t> cells;
  std::vector<RayCaster::Hit> still;  // what they meet of what stands still

  void Add(Vec2 place, std::uint32_t cell, const RayCaster::Hit& hit = {}) {
    places.push_back(place);
    cells.push_back(cell);
    still.push_back(hit);
  }
};

void Append(const PosedTarget& target, Vec2 place, std::uint32_t cell, double share, const RayCaster::Hit& hit,
            std::size_t step, std::vector<SurfaceSample>& samples) {
  if (hit.triangle == RayCaster::kNothing) return;
  const PosedTarget::Surface surface = target.SurfaceAt(place, hit, step);
  samples.push_back({cell, hit.triangle, share, surface.point_m, surface.normal});
}

// Appends what the rays see in the whole exposure where something moves.
void AppendMoving(const PosedTarget& target, const Bundle& rays, double share, std::vector<SurfaceSample>& samples) {
  const double step_share = share / static_cast<double>(target.steps());
  std::vector<int> unhidden(rays.places.size(), 0);
  for (std::size_t step = 0; step < target.steps(); ++step) {
    std::vector<RayCaster::Hit> hits = rays.still;
    target.CastMoving(step, rays.places, hits);
    for (std::size_t i = 0; i < hits.size(); ++i) {
      if (hits[i].triangle == rays.still[i].triangle) {
        ++unhidden[i];
      } else {
        Append(target, rays.places[i], rays.cells[i], step_share, hits[i], step, samples);
      }
    }
  }
  for (std::size_t i = 0; i < unhidden.size(); ++i) {
    if (unhidden[i] > 0)
      Append(target, rays.places[i], rays.cells[i], unhidden[i] * step_share, rays.still[i], 0, samples);
  }
}

}  // namespace

TargetSamples SampleTarget(const TargetModel::Data& data, const View& view, int supersampling) {
  const PosedTarget target(data, view, supersampling);
  const CellBox& box = target.box();
  const double extent = box.largest_extent();
  if (!(extent <= kLargestExtent_cells)) {
    throw BadInput(fmt::format("the target '{}' at {:g} m would cover {:.0f} x {:.0f} cells; allowed: {} x {}",
                               data.name, view.range_m, box.right - box.left, box.bottom - box.top,
                               kLargestExtent_cells, kLargestExtent_cells));
  }
  const Density density(extent);
  const Lattice lattice(box, density.rays_per_cell);
  // Where the squares of edges are subdivided, from the ray in cells.
  const int parts = density.edge_parts;
  std::vector<Vec2> offsets;
  for (int part = 0; part < parts * parts; ++part) {
    const auto middle = [&](int i) { return ((i + 0.5) / parts - 0.5) / lattice.rays_per_cell(); };
    offsets.push_back({middle(part % parts), middle(part / parts)});
  }
  // Rows are dealt with several at a time, a thousand rays or more.
  const int rows_together = 1 + 1000 / lattice.width();
  const std::size_t rays_of_strip = static_cast<std::size_t>(rows_together) * static_cast<std::size_t>(lattice.width());
  const auto strips = static_cast<std::size_t>((lattice.height() + rows_together - 1) / rows_together);
  const auto for_each_row = [&](std::size_t strip, auto&& task) {
    const int first = static_cast<int>(strip) * rows_together;
    for (int row = first; row < std::min(first + rows_together, lattice.height()); ++row) task(row);
  };

  const bool frozen = target.steps() == 1;  // nothing moves within the exposure: all counts as standing still
  // What stands still, what each ray meets in the exposure's first step, and which part that is.
  Image<RayCaster::Hit> still(lattice.height(), lattice.width());
  Image<RayCaster::Hit> moved;
  if (!frozen) moved = still;
  const Image<RayCaster::Hit>& seen_first = frozen ? still : moved;
  Image<std::uint32_t> part_seen(lattice.height(), lattice.width(), RayCaster::kNothing);
  ParallelFor(strips, [&](std::size_t strip) {
    std::vector<Vec2> places;
    places.reserve(rays_of_strip);
    for_each_row(strip, [&](int row) {
      for (int column = 0; column < lattice.width(); ++column) places.push_back(lattice.Place(column, row));
    });
    const int top = static_cast<int>(strip) * rows_together;
    const std::span<RayCaster::Hit> hits(still.row(top), places.size());
    target.CastStill(places, hits);
    const std::span<RayCaster::Hit> first = frozen ? hits : std::span(moved.row(top), places.size());
    if (!frozen) std::copy(hits.begin(), hits.end(), first.begin());
    target.CastMoving(0, places, first);
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (first[i].triangle != RayCaster::kNothing)
        part_seen.row(top)[i] = data.mesh.part_of_triangle[first[i].triangle];
    }
  });
  Image<std::uint8_t> kind(lattice.height(), lattice.width(), kInterior);
  MarkOutlines(target, lattice, Farthest(seen_first), kind);
  MarkPartBorders(part_seen, kind);

  const double share = 1 / (lattice.rays_per_cell() * lattice.rays_per_cell());
  std::vector<std::vector<SurfaceSample>> samples_of_strip(strips);
  ParallelFor(strips, [&](std::size_t strip) {
    std::vector<SurfaceSample>& samples = samples_of_strip[strip];
    samples.reserve(rays_of_strip);
    Bundle moving, outline, moving_outline;
    for_each_row(strip, [&](int row) {
      for (int column = 0; column < lattice.width(); ++column) {
        if (frozen && kind(row, column) == kInterior && still(row, column).triangle == RayCaster::kNothing) continue;
        const std::uint32_t cell = lattice.CellIndex(column, row);
        const Vec2 place = lattice.Place(column, row);
        if (kind(row, column) == kEdge) {
          for (const Vec2 offset : offsets) outline.Add(place + offset, cell);
        } else if (!frozen && target.MovesAt(place)) {
          moving.Add(place, cell, still(row, column));
        } else {
          Append(target, place, cell, share, still(row, column), 0, samples);
        }
      }
    });
    AppendMoving(target, moving, share, samples);
    samples.reserve(samples.size() + outline.places.size());
    const double part_share = share / static_cast<double>(offsets.size());
    target.CastStill(outline.places, outline.still);
    if (frozen) target.CastMoving(0, outline.places, outline.still);
    for (std::size_t i = 0; i < outline.places.size(); ++i) {
      if (!frozen && target.MovesAt(outline.places[i])) {
        moving_outline.Add(outline.places[i], outline.cells[i], outline.still[i]);
      } else {
        Append(target, outline.places[i], outline.cells[i], part_share, outline.still[i], 0, samples);
      }
    }
    AppendMoving(target, moving_outline, part_share, samples);
  });
  TargetSamples result;
  result.cells = lattice.cells();
  const auto edges = static_cast<std::size_t>(std::count(kind.begin(), kind.end(), kEdge));
  result.rays = kind.size() + edges * offsets.size();
  result.strips = std::move(samples_of_strip);
  return result;
}

}  // namespace mirst
