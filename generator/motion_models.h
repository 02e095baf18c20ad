// The motions that targets can have in the image, one function each, and the mix of them that a data set asks for.
// docs/trajectories.md shows them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "generator/track_model.h"

namespace mirst {

enum class MotionModel {
  kStraight,     ///< constant velocity
  kAccelerated,  ///< constant acceleration
  kTurn,         ///< coordinated turn: constant speed, constant rate of the heading
  kSinger,       ///< acceleration correlated in time (Singer, IEEE T-AES 6, 1970)
  kHover,        ///< stays about one place
  kWaypoints,    ///< smooth curve through random places
  kFlight,       ///< in metres through the pinhole camera (flight.h)
};

/// A share of the targets; weights of a mix sum to 1.
struct MotionShare {
  MotionModel model = MotionModel::kStraight;
  double weight = 1;
  friend bool operator==(const MotionShare&, const MotionShare&) = default;
};

/// "turn", or "straight 1, turn 2": names, each with a weight where there are several. Throws kUsage: a name that is
/// none, twice the same one, a weight that is no positive number.
std::vector<MotionShare> ParseMotionMix(std::string_view text);
std::string ToString(MotionModel model);

/// The model at place `u` in [0, 1) of the mix's cumulative weights.
MotionModel ModelAt(const std::vector<MotionShare>& mix, double u);

/// How fast a motion is and how it bends; each model takes what it needs.
struct MotionParameters {
  int frames = 1;
  double speed_px = 0;            ///< px/frame
  double acceleration_px = 0;     ///< px/frame^2; Singer: its standard deviation on each axis
  double heading_rate_deg = 0;    ///< degrees/frame, positive: x towards y
  double correlation_frames = 1;  ///< of Singer's acceleration and of the hover's jitter
  double jitter_px = 0;           ///< standard deviation of the hover's place on each axis
  int waypoints = 2;              ///< places that the curve passes, with the first and the last
};

/// Any but kFlight; the order of the random numbers is the model's own.
Motion DrawMotion(MotionModel model, RandomStream& random, const MotionParameters& parameters);

/// How a member of a swarm strays from its place: a smooth curve through random displacements of standard deviation
/// `spread_px` on each axis, a new one every `period_frames`. One a frame.
std::vector<Vec2> DrawStraying(RandomStream& random, int frames, double period_frames, double spread_px);

}  // namespace mirst
