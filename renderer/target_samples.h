// What each cell of a template sees of a target: the triangle, the place on it and the share of the cell that it fills.
// Pinhole camera, rays through Embree; knows nothing of temperatures. For the renderer's own files.
#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "renderer/posed_target.h"

namespace mirst {

/// One patch of surface that one cell sees.
struct SurfaceSample {
  std::uint32_t cell = 0;      ///< row * cells.width + column
  std::uint32_t triangle = 0;  ///< of TargetModel::Data::mesh
  double share = 0;            ///< of the cell's area and of the exposure, (0, 1]
  Vec3 point_m;                ///< body frame
  Vec3 normal;                 ///< body frame, length one, towards the camera
};

struct TargetSamples {
  PixelBox cells;  ///< the target's box, counted from the cell whose centre ray meets its origin
  std::vector<std::vector<SurfaceSample>> strips;  ///< in a fixed order; shares of a cell sum to at most 1
  std::size_t rays = 0;                            ///< traced through what stands still
};

/// One ray a cell inside the target's outline and inside its parts, and two by two where a neighbour sees another part
/// or nothing: at least 64 of those along its largest extent, which gives a disc's area to 0.8 64^-3/2 = 1.6e-3 rms
/// (Kendall). A target of less than 32 cells has three by three there. One of less than 21 cells has more rays: at
/// least 32 along its extent, four by four at edges, laid over its own box and counted into the cells that hold them,
/// so that a target far smaller than a cell keeps its area and flux (to about 1e-3). Outlines behind other parts count
/// as inside. Moving parts: mean of up to 64 equal steps of the exposure, six degrees each or more. Throws kBadInput
/// for a value out of range, a camera inside the sphere that holds the target or beside it, a target of more than 4096
/// x 4096 cells.
TargetSamples SampleTarget(const TargetModel::Data& data, const View& view, int supersampling);

}  // namespace mirst
