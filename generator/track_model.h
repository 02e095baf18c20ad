// Paths of targets through the image: straight or with constant acceleration, in camera coordinates, sub-pixel.
#pragma once

#include <optional>

#include "core/geometry.h"
#include "core/random.h"

namespace mirst {

/// p(k) = start + velocity k + acceleration k^2 / 2, k = frame index; px and px/frame. Values lie on a grid of 2^-16,
/// so that they do not depend on the last bit of sine and cosine.
struct Path {
  Vec2 start;
  Vec2 velocity;
  Vec2 acceleration;
  friend bool operator==(const Path&, const Path&) = default;

  Vec2 Position(int frame) const;
  Vec2 VelocityAt(int frame) const;
};

/// A random path of `frames` positions that stays inside [low, high] on both axes (pixel coordinates): random
/// direction, initial speed `speed_px` where it fits, else the largest that does; acceleration of the given magnitude
/// in a random direction. nullopt when the region is empty.
std::optional<Path> DrawPath(RandomStream& random, Vec2 low, Vec2 high, int frames, double speed_px,
                             double acceleration_px);

/// The same, but passing `point` in frame `frame`; slower where it would leave the region, nullopt where that takes
/// less than a hundredth of the speed.
std::optional<Path> DrawPathThrough(RandomStream& random, Vec2 low, Vec2 high, int frames, double speed_px,
                                    double acceleration_px, Vec2 point, int frame);

/// Whether all of `frames` positions lie inside [low, high].
bool StaysInside(const Path& path, Vec2 low, Vec2 high, int frames);

/// A vector of length `distance` in a random direction, on the paths' grid.
Vec2 DrawOffset(RandomStream& random, double distance);

}  // namespace mirst
