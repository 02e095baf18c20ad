// Points, pixel boxes and attitudes in the conventions of docs/conventions.md: x is the column, y the row, pixel
// centres lie on integers. Nothing here knows about pixels' values.
#pragma once

#include <algorithm>

namespace mirst {

/// A point or displacement in image coordinates, pixels.
struct Vec2 {
  double x = 0;
  double y = 0;
  friend bool operator==(const Vec2&, const Vec2&) = default;
  friend Vec2 operator+(Vec2 a, Vec2 b) { return {a.x + b.x, a.y + b.y}; }
  friend Vec2 operator-(Vec2 a, Vec2 b) { return {a.x - b.x, a.y - b.y}; }
  friend Vec2 operator*(double k, Vec2 a) { return {k * a.x, k * a.y}; }
};

/// Whole pixels: columns [x, x + width), rows [y, y + height). It covers [x - 0.5, x + width - 0.5) on the plane.
struct PixelBox {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  friend bool operator==(const PixelBox&, const PixelBox&) = default;

  int right() const { return x + width; }    ///< first column behind the box
  int bottom() const { return y + height; }  ///< first row below the box
  bool empty() const { return width <= 0 || height <= 0; }
  long long area() const { return empty() ? 0 : static_cast<long long>(width) * height; }
  bool Contains(int column, int row) const { return column >= x && column < right() && row >= y && row < bottom(); }
  bool Contains(const PixelBox& inner) const {
    return inner.x >= x && inner.y >= y && inner.right() <= right() && inner.bottom() <= bottom();
  }
};

/// The box grown by `margin` pixels on each side (negative shrinks).
inline PixelBox Grow(const PixelBox& box, int margin) {
  return {box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin};
}

/// The common part; an empty box {0, 0, 0, 0} when there is none.
inline PixelBox Intersect(const PixelBox& a, const PixelBox& b) {
  const int x = std::max(a.x, b.x), y = std::max(a.y, b.y);
  const int width = std::min(a.right(), b.right()) - x, height = std::min(a.bottom(), b.bottom()) - y;
  if (width <= 0 || height <= 0) return {};
  return {x, y, width, height};
}

/// The smallest box that holds both; an empty argument adds nothing.
inline PixelBox Enclose(const PixelBox& a, const PixelBox& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  const int x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.right(), b.right()) - x, std::max(a.bottom(), b.bottom()) - y};
}

/// Attitude of a target relative to the camera, degrees. At zero the nose points to the right of the image, up is up,
/// and the camera sees the target's right side. Applied as yaw (about up, nose away from the camera), then pitch
/// (nose up), then roll (right wing down), each about the target's own axes.
struct Attitude {
  double roll_deg = 0;
  double pitch_deg = 0;
  double yaw_deg = 0;
  friend bool operator==(const Attitude&, const Attitude&) = default;
};

}  // namespace mirst
