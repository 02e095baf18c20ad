// What the cells of a template see of a target: how much of them it covers and with what contrast, summed over rays
// through a pinhole camera. For the renderer's own files.
#pragma once

#include "core/geometry.h"
#include "core/image.h"
#include "renderer/posed_target.h"
#include "renderer/target_radiance.h"

namespace mirst {

struct TargetSamples {
  PixelBox cells;           ///< the target's box, counted from the cell whose centre ray meets its origin
  Image<double> cover;      ///< shares of each cell's area and of the exposure, [0, 1] to rounding
  Image<double> contrast;   ///< the same, weighed with the contrast there
  std::size_t samples = 0;  ///< squares of the lattice, and further rays through those with an outline
};

/// One ray a cell inside the target's outline and inside its parts; five where an outline parts them, nine for a target
/// of less than 28.6 cells: at least 64 along its largest extent, which gives a disc's area to 0.8 64^-3/2 = 1.6e-3 rms
/// (Kendall). A target of less than 21.4 cells has more rays: at least 32 along its extent, 17 for one at edges, laid
/// over its own box and counted into the cells that hold them, so that a target far smaller than a cell keeps its area
/// and flux (to about 1e-3). Outlines behind other parts count as inside, and so do those before others of the same
/// contrast. Squares beside a target of 64 cells or more are told by its outlines, without a ray. Moving parts: mean of
/// up to 64 equal steps of the exposure, six degrees each or more. Throws kBadInput for a value out of range, a camera
/// inside the sphere that holds the target or beside it, a target of more than 4096 x 4096 cells.
TargetSamples SampleTarget(const TargetModel::Data& data, const View& view, const Surroundings& surroundings,
                           int supersampling);

}  // namespace mirst
