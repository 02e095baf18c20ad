// Paths of targets through the image, in camera coordinates, sub-pixel: where they are, and how a motion with its
// random choices made (motion_models.h, flight.h) is laid into a region, through a point, or across the border.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/geometry.h"
#include "core/random.h"

namespace mirst {

/// p(k) = start + velocity k + acceleration k^2 / 2 + offsets[k], k = frame index; px and px/frame. Values lie on a
/// grid of 2^-16, so that they do not depend on the last bit of sine and cosine.
struct Path {
  Vec2 start;
  Vec2 velocity;
  Vec2 acceleration;
  std::vector<Vec2> offsets{};  ///< one a frame; none where the formula says it all
  friend bool operator==(const Path&, const Path&) = default;

  Vec2 Position(int frame) const;
  /// Of the offsets the central difference, one-sided in the first and last frame.
  Vec2 VelocityAt(int frame) const;
};

/// The path through `positions`, rounded to the grid.
Path PathThrough(const std::vector<Vec2>& positions);

/// A path and, where the motion decides them, attitude and range in each frame.
struct Movement {
  Path path;
  std::vector<Attitude> attitudes{};  ///< one a frame, or none
  std::vector<double> ranges_m{};     ///< one a frame, or none
  friend bool operator==(const Movement&, const Movement&) = default;
};

/// A motion whose random choices are made: what becomes of it from `start` on, at `scale` times its speed.
using Motion = std::function<Movement(double scale, Vec2 start)>;

/// A constant velocity and acceleration of the given magnitudes in random directions.
Motion DrawAcceleratedMotion(RandomStream& random, double speed_px, double acceleration_px);

/// The motion somewhere in [low, high] (pixel coordinates), at its speed where it fits, else at the largest that does.
/// nullopt when the region is empty, or when even the motion at no speed leaves it (the scene moves).
std::optional<Movement> PlaceInside(const Motion& motion, RandomStream& random, Vec2 low, Vec2 high, int frames);

/// The same, but passing `point` in frame `frame`; slower where it would leave the region, nullopt where that takes
/// less than a hundredth of the speed.
std::optional<Movement> PlaceThrough(const Motion& motion, Vec2 low, Vec2 high, int frames, Vec2 point, int frame);

/// Which borders a path crosses.
struct Crossing {
  bool enters = false;  ///< lies outside in the first frame
  bool leaves = false;  ///< lies outside in the last frame
  friend bool operator==(const Crossing&, const Crossing&) = default;
};

/// The motion across the border of a frame `size_px` (width, height): it passes a random place of the border within the
/// first (last) half of the sequence, and lies `reach_px` or more outside in the first (last) frame. Faster or slower,
/// 20 times at most, where it would come back out, or would not get that far. nullopt where none does.
std::optional<Movement> PlaceAcross(const Motion& motion, RandomStream& random, Vec2 size_px, double reach_px,
                                    int frames, Crossing crossing);

/// The motion with its middle somewhere in [low, high], wherever that leads it.
Movement PlaceMiddle(const Motion& motion, RandomStream& random, Vec2 low, Vec2 high, int frames);

/// A random path of `frames` positions inside [low, high]: DrawAcceleratedMotion and PlaceInside.
std::optional<Path> DrawPath(RandomStream& random, Vec2 low, Vec2 high, int frames, double speed_px,
                             double acceleration_px);

/// The path moved by `displacements[k]` in frame k.
Path Displaced(const Path& path, const std::vector<Vec2>& displacements);

/// Whether all of `frames` positions lie inside [low, high].
bool StaysInside(const Path& path, Vec2 low, Vec2 high, int frames);

/// A vector of length `distance` in a random direction, on the paths' grid.
Vec2 DrawOffset(RandomStream& random, double distance);

}  // namespace mirst
