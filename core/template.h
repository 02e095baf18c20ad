// An infrared target template: what one target adds to a scene, drawn at several times the sensor's resolution, before
// optics and sampling. Made by the renderer or read from a file; used by fusion. It holds no place in an image.
#pragma once

#include <string>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

struct Template {
  /// Share of the cell that the target covers, in [0, 1]; shape (height, width) in cells.
  Image<float> opacity;
  /// Radiance contrast against the local background, premultiplied by opacity; either sign; same shape.
  Image<float> contrast;
  /// Cells per sensor pixel along each axis, >= 1.
  int supersampling = 1;
  /// The target's origin (the point that a track's centre names), in cell coordinates (cell centres on integers).
  Vec2 anchor_cells;

  // Where it came from. `range_m` and `pixel_pitch_um` are 0 where the origin is a picture.
  std::string unit = "W m-2 sr-1";  ///< of `contrast`
  std::string band;                 ///< "8-14 um"
  double pixel_pitch_um = 0;        ///< of the sensor, not of a cell
  double range_m = 0;
  Attitude attitude;
  Vec2 off_axis_px;   ///< where the image of the target's origin lies, from the optical axis
  double time_s = 0;  ///< middle of the exposure
  double integration_time_s = 0;
  std::string model;  ///< name of the 3-D model
  std::string model_sha256;
  friend bool operator==(const Template&, const Template&) = default;
};

}  // namespace mirst
