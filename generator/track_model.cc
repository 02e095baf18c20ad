#include "generator/track_model.h"

#include <algorithm>
#include <cmath>

#include "core/units.h"

namespace mirst {
namespace {

constexpr double kStep = 0.9;       // from one speed that is tried to the next
constexpr double kSlack_px = 1e-3;  // starts are rounded to the grid, flights bend with their place by less

double OnGrid(double value) { return std::floor(value * 65536 + 0.5) / 65536; }
Vec2 OnGrid(Vec2 value) { return {OnGrid(value.x), OnGrid(value.y)}; }

// Moved so that the position in `frame` is `point`. A flight changes a little with its place, hence the second step.
Movement Anchored(const Motion& motion, double scale, Vec2 point, int frame) {
  Movement movement = motion(scale, {});
  for (int step = 0; step < 2; ++step) {
    const Vec2 miss = point - movement.path.Position(frame);
    movement = motion(scale, OnGrid(movement.path.start + miss));
  }
  return movement;
}

bool Holds(Vec2 low, Vec2 high, Vec2 p) { return p.x >= low.x && p.x <= high.x && p.y >= low.y && p.y <= high.y; }

// A place on the border of [0, high] that a path of this velocity enters through, the sides by the flow through them.
Vec2 BorderPlace(Vec2 high, Vec2 velocity, double side, double along) {
  const double through_sides = std::abs(velocity.x) * high.y, through_ends = std::abs(velocity.y) * high.x;
  if (side * (through_sides + through_ends) < through_sides) return {velocity.x > 0 ? 0 : high.x, along * high.y};
  return {along * high.x, velocity.y > 0 ? 0 : high.y};
}

}  // namespace

Vec2 Path::Position(int frame) const {
  const Vec2 p = start + static_cast<double>(frame) * velocity + (0.5 * frame * frame) * acceleration;
  return offsets.empty() ? p : p + offsets[static_cast<std::size_t>(frame)];
}

Vec2 Path::VelocityAt(int frame) const {
  const Vec2 v = velocity + static_cast<double>(frame) * acceleration;
  if (offsets.size() < 2) return v;
  const std::size_t k = static_cast<std::size_t>(frame), before = k == 0 ? 0 : k - 1,
                    after = std::min(k + 1, offsets.size() - 1);
  return v + (1.0 / static_cast<double>(after - before)) * (offsets[after] - offsets[before]);
}

Path PathThrough(const std::vector<Vec2>& positions) {
  Path path;
  path.start = OnGrid(positions.front());
  for (const Vec2 p : positions) path.offsets.push_back(OnGrid(p) - path.start);
  return path;
}

Motion DrawAcceleratedMotion(RandomStream& random, double speed_px, double acceleration_px) {
  const double angle = random.Uniform(0, 2 * kPi), bend = random.Uniform(0, 2 * kPi);
  return [=](double scale, Vec2 start) {
    const double speed = scale * speed_px, acceleration = scale * acceleration_px;
    return Movement{{start, OnGrid(speed * Vec2{std::cos(angle), std::sin(angle)}),
                     OnGrid(acceleration * Vec2{std::cos(bend), std::sin(bend)})}};
  };
}

std::optional<Movement> PlaceInside(const Motion& motion, RandomStream& random, Vec2 low, Vec2 high, int frames) {
  if (low.x > high.x || low.y > high.y) return std::nullopt;
  const double place_x = random.Uniform(), place_y = random.Uniform();
  const Vec2 slack{kSlack_px, kSlack_px};
  for (double scale = 1;; scale *= kStep) {
    if (scale < 0.01) scale = 0;
    const Path at_origin = motion(scale, {}).path;
    Vec2 least, most;
    for (int k = 0; k < frames; ++k) {
      const Vec2 p = at_origin.Position(k);
      least = {std::min(least.x, p.x), std::min(least.y, p.y)};
      most = {std::max(most.x, p.x), std::max(most.y, p.y)};
    }
    const Vec2 room = (high - low) - (most - least);
    if (room.x >= 0 && room.y >= 0) {
      Movement movement = motion(scale, OnGrid(low - least + Vec2{place_x * room.x, place_y * room.y}));
      if (StaysInside(movement.path, low - slack, high + slack, frames)) return movement;
    }
    if (scale == 0) return std::nullopt;
  }
}

std::optional<Movement> PlaceThrough(const Motion& motion, Vec2 low, Vec2 high, int frames, Vec2 point, int frame) {
  for (double scale = 1; scale >= 0.01; scale *= kStep) {
    Movement movement = Anchored(motion, scale, point, frame);
    if (StaysInside(movement.path, low, high, frames)) return movement;
  }
  return std::nullopt;
}

std::optional<Movement> PlaceAcross(const Motion& motion, RandomStream& random, Vec2 size_px, double reach_px,
                                    int frames, Crossing crossing) {
  constexpr int kSpeeds = 58;  // 0.9^29 = 1 / 21 and its inverse
  const double share = random.Uniform(0.1, 0.5), side = random.Uniform(), along = random.Uniform();
  const Vec2 high = size_px - Vec2{1, 1}, reach{reach_px, reach_px};
  const int last = frames - 1, delay = static_cast<int>(share * last),
            anchor = crossing.enters ? std::max(1, delay) : std::min(last - 1, last - delay);
  const auto is_outside = [&](Vec2 p) { return !Holds(Vec2{} - reach, high + reach, p); };
  for (int speed = 0; speed <= kSpeeds; ++speed) {
    const double scale = std::pow(kStep, speed % 2 == 0 ? -speed / 2 : (speed + 1) / 2);
    const Vec2 velocity = motion(scale, {}).path.VelocityAt(anchor);
    const Vec2 inward = crossing.enters ? velocity : -1.0 * velocity;
    Movement movement = Anchored(motion, scale, BorderPlace(high, inward, side, along), anchor);
    if (is_outside(movement.path.Position(0)) != crossing.enters) continue;
    if (is_outside(movement.path.Position(last)) != crossing.leaves) continue;
    // In between it is inside once, without a gap: the border is crossed no more often than that.
    int inside = 0, changes = 0;
    bool was_inside = !crossing.enters;
    for (int k = 0; k < frames; ++k) {
      const bool is_inside = Holds({}, high, movement.path.Position(k));
      changes += is_inside != was_inside;
      inside += is_inside;
      was_inside = is_inside;
    }
    if (inside >= 2 && changes == (crossing.enters ? 1 : 0) + (crossing.leaves ? 1 : 0)) return movement;
  }
  return std::nullopt;
}

Movement PlaceMiddle(const Motion& motion, RandomStream& random, Vec2 low, Vec2 high, int frames) {
  const double place_x = random.Uniform(), place_y = random.Uniform();
  return Anchored(motion, 1, low + Vec2{place_x * (high.x - low.x), place_y * (high.y - low.y)}, frames / 2);
}

std::optional<Path> DrawPath(RandomStream& random, Vec2 low, Vec2 high, int frames, double speed_px,
                             double acceleration_px) {
  if (low.x > high.x || low.y > high.y) return std::nullopt;
  const Motion motion = DrawAcceleratedMotion(random, speed_px, acceleration_px);
  auto movement = PlaceInside(motion, random, low, high, frames);
  if (!movement) return std::nullopt;
  return std::move(movement->path);
}

bool StaysInside(const Path& path, Vec2 low, Vec2 high, int frames) {
  for (int k = 0; k < frames; ++k) {
    if (!Holds(low, high, path.Position(k))) return false;
  }
  return true;
}

Path Displaced(const Path& path, const std::vector<Vec2>& displacements) {
  std::vector<Vec2> positions;
  for (std::size_t k = 0; k < displacements.size(); ++k)
    positions.push_back(path.Position(static_cast<int>(k)) + displacements[k]);
  return PathThrough(positions);
}

Vec2 DrawOffset(RandomStream& random, double distance) {
  const double angle = random.Uniform(0, 2 * kPi);
  return OnGrid(distance * Vec2{std::cos(angle), std::sin(angle)});
}

}  // namespace mirst
