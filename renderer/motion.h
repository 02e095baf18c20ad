// Parts that turn (rotors, propellers) or swing (flapping wings) about an axis fixed to the body, as functions of time.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "renderer/mesh.h"

namespace mirst {

/// What moves, as a material map states it: all parts that match move together, as one rigid body.
struct MotionRule {
  std::string name;                ///< "main rotor"
  std::vector<std::string> parts;  ///< patterns
  Vec3 axis{0, 0, 1};              ///< body frame, not zero; a positive angle turns right-handed about it
  std::array<double, 3> pivot_shares{
      0.5, 0.5, 0.5};    ///< the axis' place in the moving parts' own box: x (0 = tail), y (0 = right), z (0 = bottom)
  double rate_hz = 0;    ///< turns or beats a second; turns: negative = left-handed
  double swing_deg = 0;  ///< 0 = turns; otherwise the angle is swing_deg sin(2 pi rate t + phase)
  double phase_deg = 0;
};

/// A rule met by a mesh.
struct Motion {
  MotionRule rule;
  Vec3 axis;     ///< length one
  Vec3 pivot_m;  ///< body frame

  double AngleDeg(double time_s) const;
  /// Bound of the angular speed, degrees a second.
  double LargestRate() const;
};

/// A rigid displacement: turn about an axis through a point. Inverse: the same with -angle.
class Turn {
 public:
  Turn(Vec3 axis, Vec3 pivot_m, double angle_deg);
  Vec3 Direction(Vec3 v) const { return {Dot(rows_[0], v), Dot(rows_[1], v), Dot(rows_[2], v)}; }
  Vec3 Point(Vec3 p) const { return pivot_m_ + Direction(p - pivot_m_); }

 private:
  std::array<Vec3, 3> rows_;
  Vec3 pivot_m_;
};

}  // namespace mirst
