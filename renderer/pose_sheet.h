// One 8-bit picture of several templates side by side, for people to look at. All tiles share one scale of size and one
// of grey. It draws no text; the places for labels are told.
#pragma once

#include <vector>

#include "core/image.h"
#include "core/template.h"

namespace mirst {

struct PoseSheet {
  Image<std::uint8_t> pixels;
  std::vector<PixelBox> tiles;   ///< one a template, its label strip left out
  std::vector<PixelBox> labels;  ///< the empty strip above each tile
  PixelBox bar;                  ///< grey wedge from `low` (left) to `high` (right), as wide as the sheet
  PixelBox bar_label;            ///< the empty strip below it
  double low = 0;                ///< contrast that is drawn black, <= 0
  double high = 0;               ///< contrast that is drawn white, >= 0

  /// The contrast whose grey stands at `share` (0 to 1) of the wedge. Grey goes with the cube root of contrast, so that a
  /// skin is seen beside an exhaust a hundred times as bright.
  double ContrastAt(double share) const;
};

/// Tiles of `tile_px` squared in rows of `columns`; the empty cells of a template are drawn as contrast 0. `templates`
/// must not be empty. Throws kBadInput when the sheet would exceed 16384 pixels.
PoseSheet DrawPoseSheet(const std::vector<Template>& templates, int columns, int tile_px);

}  // namespace mirst
