#include "generator/flight.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/units.h"

namespace mirst {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;  // camera: right, up, away

constexpr double kGravity_m_s2 = 9.80665;
constexpr double kRadian = kPi / 180;

double Rounded(double value, double step) { return std::floor(value / step + 0.5) * step; }

Vector3d Direction(double yaw, double pitch) {
  return {std::cos(pitch) * std::cos(yaw), std::sin(pitch), std::cos(pitch) * std::sin(yaw)};
}

// From level axes (right, vertical, away along the ground) to a camera that looks up by `elevation`.
Matrix3d CameraFromLevel(double elevation) {
  const double c = std::cos(elevation), s = std::sin(elevation);
  Matrix3d m;
  m << 1, 0, 0, 0, c, -s, 0, s, c;
  return m;
}

// Axes of a viewer who looks from the origin at `place`, upright in the camera's picture.
Matrix3d SightFromCamera(const Vector3d& place) {
  const Vector3d away = place.normalized(), right = Vector3d::UnitY().cross(away).normalized();
  Matrix3d m;
  m.row(0) = right;
  m.row(1) = away.cross(right);
  m.row(2) = away;
  return m;
}

struct Flight {
  std::vector<Vector3d> places;
  std::vector<Vector3d> noses;  // level axes
};

Flight Fly(const Vector3d& start, const FlightParameters& p, const Matrix3d& camera_from_level, double speed_m) {
  const Vector3d nose =
      camera_from_level.transpose() * Direction(p.attitude.yaw_deg * kRadian, p.attitude.pitch_deg * kRadian);
  const double heading = std::atan2(nose.z(), nose.x()), climb = std::asin(std::clamp(nose.y(), -1.0, 1.0));
  const double half = 0.5 * p.heading_rate_deg * kRadian;
  Flight flight;
  Vector3d place = start;
  for (int k = 0; k < p.frames; ++k) {
    const double now = heading + 2 * half * k;
    flight.places.push_back(place);
    flight.noses.push_back(Direction(now, climb));
    // The chord of the frame's arc.
    const double chord = half == 0 ? 1 : std::sin(half) / half;
    Vector3d step = Direction(now + half, climb);
    step.x() *= chord;
    step.z() *= chord;
    place += speed_m * (camera_from_level * step);
  }
  return flight;
}

Attitude AttitudeSeen(const Vector3d& place, const Vector3d& nose_level, double roll_deg,
                      const Matrix3d& camera_from_level) {
  const Vector3d nose = SightFromCamera(place) * (camera_from_level * nose_level);
  return {Rounded(roll_deg, 0.01), Rounded(std::asin(std::clamp(nose.y(), -1.0, 1.0)) / kRadian, 0.01),
          Rounded(std::atan2(nose.z(), nose.x()) / kRadian, 0.01)};
}

bool ComesTooNear(const Flight& flight, double nearest_m) {
  return std::any_of(flight.places.begin(), flight.places.end(),
                     [&](const Vector3d& place) { return place.z() <= 0 || place.norm() < nearest_m; });
}

}  // namespace

Motion MakeFlight(const PinholeCamera& camera, const FlightParameters& parameters) {
  return [camera, p = parameters](double scale, Vec2 start) {
    const Vec2 off = start - camera.principal_px;
    const Vector3d first = p.range_m * Vector3d(off.x, -off.y, camera.focal_px).normalized();
    const Matrix3d camera_from_level = CameraFromLevel(camera.elevation_deg * kRadian);
    double speed_m = scale * p.speed_m_per_frame;
    Flight flight = Fly(first, p, camera_from_level, speed_m);
    for (int step = 0; step < 40 && ComesTooNear(flight, p.nearest_m); ++step) {
      speed_m *= 0.9;
      flight = Fly(first, p, camera_from_level, speed_m);
    }
    const double turn_m_s2 = speed_m * p.frame_rate_hz * (p.heading_rate_deg * kRadian * p.frame_rate_hz);
    const double bank = -std::atan(turn_m_s2 / kGravity_m_s2) / kRadian;  // to the left: right wing up
    Movement movement;
    std::vector<Vec2> positions;
    for (std::size_t k = 0; k < flight.places.size(); ++k) {
      const Vector3d& place = flight.places[k];
      positions.push_back(camera.principal_px + (camera.focal_px / place.z()) * Vec2{place.x(), -place.y()});
      movement.attitudes.push_back(AttitudeSeen(place, flight.noses[k], p.attitude.roll_deg + bank, camera_from_level));
      movement.ranges_m.push_back(Rounded(place.norm(), 1e-3));
    }
    movement.path = PathThrough(positions);
    return movement;
  };
}

}  // namespace mirst
