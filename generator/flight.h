// A flight in metres seen by the pinhole camera: the nose points where the target goes, and place, range, aspect and
// size in the image follow from one path through space.
#pragma once

#include "core/geometry.h"
#include "generator/track_model.h"

namespace mirst {

/// A camera that looks along its axis through the middle of a frame.
struct PinholeCamera {
  double focal_px = 1;       ///< focal length over pixel pitch
  Vec2 principal_px{};       ///< where the axis meets the frame
  double elevation_deg = 0;  ///< of the axis above the horizon
};

struct FlightParameters {
  int frames = 1;
  Attitude attitude{};          ///< in the first frame, to the camera as every pose: yaw and pitch say where it goes
  double heading_rate_deg = 0;  ///< of the turn about the vertical, degrees/frame
  double range_m = 1;           ///< in the first frame
  double speed_m_per_frame = 0;
  double frame_rate_hz = 25;  ///< for the bank of the turn
  double nearest_m = 0;       ///< least range allowed
};

/// Constant speed and climb, constant rate of turn, banked as a coordinated turn is: tan(bank) = v w / g. The movement
/// carries attitude (to the line of sight, 0.01 degrees) and range (millimetres) of each frame; where it would come
/// nearer than `nearest_m` it is slower than its scale says.
Motion MakeFlight(const PinholeCamera& camera, const FlightParameters& parameters);

}  // namespace mirst
