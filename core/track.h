// The path of one target through a sequence: where it is, how it looks at the camera, and how far away.
#pragma once

#include <string>
#include <vector>

#include "core/geometry.h"

namespace mirst {

struct TrackState {
  double time_s = 0;
  Vec2 centre_px;  ///< sub-pixel position of the target's origin
  Vec2 velocity_px_per_frame;
  Attitude attitude;
  double range_m = 0;
  double visibility = 1;  ///< 0 = hidden or outside, 1 = fully seen
  friend bool operator==(const TrackState&, const TrackState&) = default;
};

struct Track {
  int id = 1;  ///< from 1; the value in instance masks
  std::string class_name;
  std::string model;
  std::vector<TrackState> states;  ///< one a frame
  friend bool operator==(const Track&, const Track&) = default;
};

}  // namespace mirst
