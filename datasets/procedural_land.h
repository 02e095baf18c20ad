// What stands still before the sky in the procedural stand-in: ground, coast, hedges, bare trees, houses, poles,
// fences. Everything is painted once, from far to near, with its apparent temperature, into one panorama.
#pragma once

#include "core/image.h"
#include "core/random.h"

namespace mirst {

enum class LandKind { kNone, kCoast, kSkyline, kTrees };

/// A panorama of shape (height, width), periodic along the row.
struct Land {
  Image<float> opacity;      ///< 0 ... 1
  Image<float> temperature;  ///< K above the air's, multiplied by the opacity
};

struct LandShape {
  LandKind kind = LandKind::kNone;
  int height = 0;          ///< of the panorama, px
  int width = 0;           ///< px
  double horizon_row = 0;  ///< of the panorama
  double scale = 1;        ///< 1 where a picture is 256 rows high
  double warmth_k = 8;     ///< mean of the land above the air, K
};

/// Draws numbers from streams of `key` (object left free for it: 100 ... 199).
Land PaintLand(const LandShape& shape, const RandomKey& key);

}  // namespace mirst
