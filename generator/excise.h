// Real targets taken out of a background: what lies behind them is seen in the neighbouring frames, wherever the target
// has moved over the scene meanwhile. Every other pixel stays bit-identical.
#pragma once

#include <vector>

#include "core/frame.h"
#include "core/geometry.h"

namespace mirst {

/// Boxes of real targets in a stretch of frames.
struct Excision {
  int excised = 0;
  int kept = 0;  ///< no three neighbours show what lies behind, or what they show would be seen to be filled in
  friend bool operator==(const Excision&, const Excision&) = default;
};

/// Fills the boxes (`boxes[k]` of frame k, grown by 2 px for what the optics spread) and takes those that were filled
/// out of the list. The scene is the median of up to eight neighbouring frames, at most 64 away, aligned about the box
/// (fusion/match_shift.h) and brought to the surroundings' level; the noise is that of the one that is interpolated
/// least, at its full variance; in whole counts. A neighbour counts where its pixels lie outside every target's grown
/// box, and where it predicts the surroundings (12 px) as well as their own spatial median and the best neighbour do. A
/// fill with a step along its border that the surroundings do not have, or with something in it that stands out more
/// than anything around (a target that neighbours show without a label), is not taken.
Excision ExciseTargets(std::vector<Frame>& frames, std::vector<std::vector<PixelBox>>& boxes);

}  // namespace mirst
