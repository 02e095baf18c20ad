#include "detector/tile_plan.h"

#include <fmt/format.h>

#include "core/error.h"

namespace mirst {

std::vector<TileSpan> PlanTiles(int extent, int tile, int margin, int step) {
  if (tile % step != 0 || tile < 2 * margin + step) {
    const int least = (2 * margin + 2 * step - 1) / step * step;
    throw UsageError(fmt::format("--tile: found {}, allowed: multiples of {} from {} (a pixel sees {} px around it)",
                                 tile, step, least, margin));
  }
  if (extent <= tile) return {{0, extent, 0, extent}};
  std::vector<TileSpan> tiles;
  const int advance = (tile - 2 * margin) / step * step;
  int first = 0, kept = 0;
  for (; first + tile < extent; first += advance) {
    tiles.push_back({first, tile, kept, first + tile - margin});
    kept = first + tile - margin;
  }
  tiles.push_back({first, extent - first, kept, extent});
  return tiles;
}

}  // namespace mirst
