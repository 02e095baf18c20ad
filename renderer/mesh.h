// Triangles of one target in metres, in its body frame (x to the nose, y to the left, z up), each belonging to a named
// part. Knows nothing of files, temperatures or cameras.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace mirst {

/// A point or direction in space.
struct Vec3 {
  double x = 0;
  double y = 0;
  double z = 0;
  friend bool operator==(const Vec3&, const Vec3&) = default;
  friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vec3 operator*(double k, Vec3 a) { return {k * a.x, k * a.y, k * a.z}; }
};
inline double Dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 Cross(Vec3 a, Vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline double Length(Vec3 a) { return std::sqrt(Dot(a, a)); }

/// Axis-aligned, low <= high in each coordinate.
struct Box3 {
  Vec3 low;
  Vec3 high;
  Vec3 centre() const { return 0.5 * (low + high); }
  Vec3 size() const { return high - low; }
  double largest_extent() const { return std::fmax(size().x, std::fmax(size().y, size().z)); }
};

struct TriangleMesh {
  std::vector<Vec3> vertices;
  std::vector<std::array<std::uint32_t, 3>> triangles;  ///< counter-clockwise seen from outside
  std::vector<std::uint32_t> part_of_triangle;          ///< one a triangle, index into `parts`
  std::vector<std::string> parts;                       ///< names, "node/mesh/material" for imported ones

  Vec3 Corner(std::size_t triangle, std::size_t corner) const { return vertices[triangles[triangle][corner]]; }
};

/// The box of points, which must not be none.
Box3 BoundingBox(const std::vector<Vec3>& points);
inline Box3 BoundingBox(const TriangleMesh& mesh) { return BoundingBox(mesh.vertices); }

/// Makes vertices at exactly one place one vertex, which keeps the first one's rank. Coordinates must be numbers.
void Weld(TriangleMesh& mesh);

/// Of triangles between the same three vertices, in whatever order, keeps the first; returns how many went. For welded
/// meshes: both sides of a surface are seen anyway.
std::size_t DropDuplicates(TriangleMesh& mesh);

/// Drops triangles without area or of parts that `keep` (one entry a part) leaves out, then vertices and parts that
/// nothing uses. Order is kept.
void Compact(TriangleMesh& mesh, const std::vector<bool>& keep);

/// Edges that do not join exactly two triangles of opposite sense, vertices at one place taken as one; 0 for closed
/// surfaces of consistent winding.
std::size_t CountOpenEdges(const TriangleMesh& mesh);

/// The volume that the surface encloses; positive where it winds counter-clockwise seen from outside.
double SignedVolume(const TriangleMesh& mesh);

}  // namespace mirst
