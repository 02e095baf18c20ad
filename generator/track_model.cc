#include "generator/track_model.h"

#include <algorithm>
#include <cmath>

#include "core/units.h"

namespace mirst {
namespace {

double OnGrid(double value) { return std::floor(value * 65536 + 0.5) / 65536; }
Vec2 OnGrid(Vec2 value) { return {OnGrid(value.x), OnGrid(value.y)}; }

// Directions of velocity and acceleration.
struct Heading {
  double angle, bend;
};
Heading DrawHeading(RandomStream& random) {
  const double angle = random.Uniform(0, 2 * kPi), bend = random.Uniform(0, 2 * kPi);
  return {angle, bend};
}

// From the origin.
Path MakePath(const Heading& heading, double speed_px, double acceleration_px) {
  return {{},
          OnGrid(speed_px * Vec2{std::cos(heading.angle), std::sin(heading.angle)}),
          OnGrid(acceleration_px * Vec2{std::cos(heading.bend), std::sin(heading.bend)})};
}

}  // namespace

Vec2 Path::Position(int frame) const {
  return start + static_cast<double>(frame) * velocity + (0.5 * frame * frame) * acceleration;
}
Vec2 Path::VelocityAt(int frame) const { return velocity + static_cast<double>(frame) * acceleration; }

std::optional<Path> DrawPath(RandomStream& random, Vec2 low, Vec2 high, int frames, double speed_px,
                             double acceleration_px) {
  if (low.x > high.x || low.y > high.y) return std::nullopt;
  const Heading heading = DrawHeading(random);
  const double place_x = random.Uniform(), place_y = random.Uniform();
  for (double scale = 1;; scale *= 0.9) {
    if (scale < 0.01) scale = 0;
    Path path = MakePath(heading, scale * speed_px, scale * acceleration_px);
    Vec2 least, most;
    for (int k = 0; k < frames; ++k) {
      const Vec2 p = path.Position(k);
      least = {std::min(least.x, p.x), std::min(least.y, p.y)};
      most = {std::max(most.x, p.x), std::max(most.y, p.y)};
    }
    const Vec2 room = (high - low) - (most - least);
    if (room.x < 0 || room.y < 0) continue;
    path.start = OnGrid(low - least + Vec2{place_x * room.x, place_y * room.y});
    return path;
  }
}

std::optional<Path> DrawPathThrough(RandomStream& random, Vec2 low, Vec2 high, int frames, double speed_px,
                                    double acceleration_px, Vec2 point, int frame) {
  const Heading heading = DrawHeading(random);
  for (double scale = 1; scale > 0; scale = scale * 0.9 < 0.01 ? 0 : scale * 0.9) {
    Path path = MakePath(heading, scale * speed_px, scale * acceleration_px);
    path.start = OnGrid(point - path.Position(frame));
    if (StaysInside(path, low, high, frames)) return path;
  }
  return std::nullopt;
}

bool StaysInside(const Path& path, Vec2 low, Vec2 high, int frames) {
  for (int k = 0; k < frames; ++k) {
    const Vec2 p = path.Position(k);
    if (p.x < low.x || p.x > high.x || p.y < low.y || p.y > high.y) return false;
  }
  return true;
}

Vec2 DrawOffset(RandomStream& random, double distance) {
  const double angle = random.Uniform(0, 2 * kPi);
  return OnGrid(distance * Vec2{std::cos(angle), std::sin(angle)});
}

}  // namespace mirst
