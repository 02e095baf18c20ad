#include "renderer/target_data.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/pattern.h"

namespace mirst {
namespace {

// The triangles at rest whose parts `chosen` marks.
std::vector<std::uint32_t> TrianglesOf(const TriangleMesh& mesh, const std::vector<std::uint32_t>& body_of_part,
                                       std::uint32_t body) {
  std::vector<std::uint32_t> triangles;
  for (std::uint32_t t = 0; t < mesh.triangles.size(); ++t) {
    if (body_of_part[mesh.part_of_triangle[t]] == body) triangles.push_back(t);
  }
  return triangles;
}

// The mesh's vertices that the triangles use, in their order.
std::vector<std::uint32_t> VerticesOf(const TriangleMesh& mesh, const std::vector<std::uint32_t>& triangles) {
  std::vector<std::uint32_t> vertices;
  for (const std::uint32_t t : triangles)
    vertices.insert(vertices.end(), mesh.triangles[t].begin(), mesh.triangles[t].end());
  std::sort(vertices.begin(), vertices.end());
  vertices.erase(std::unique(vertices.begin(), vertices.end()), vertices.end());
  return vertices;
}

// Each edge once, in the order of its vertices; those within a flat face are never part of an outline.
std::vector<SurfaceEdge> EdgesOf(const TriangleMesh& mesh, const std::vector<Plane>& planes,
                                 const std::vector<std::uint32_t>& triangles,
                                 const std::vector<std::uint32_t>& vertices) {
  const auto rank_of = [&](std::uint32_t vertex) {
    return static_cast<std::uint32_t>(std::lower_bound(vertices.begin(), vertices.end(), vertex) - vertices.begin());
  };
  struct Side {
    std::uint32_t low, high, triangle;
    bool rising;
  };
  std::vector<Side> sides;
  sides.reserve(3 * triangles.size());
  for (const std::uint32_t t : triangles) {
    for (std::size_t k = 0; k < 3; ++k) {
      const std::uint32_t from = mesh.triangles[t][k], to = mesh.triangles[t][(k + 1) % 3];
      sides.push_back({std::min(from, to), std::max(from, to), t, from < to});
    }
  }
  std::sort(sides.begin(), sides.end(), [](const Side& a, const Side& b) {
    return std::tie(a.low, a.high, a.triangle) < std::tie(b.low, b.high, b.triangle);
  });
  std::vector<SurfaceEdge> edges;
  for (std::size_t first = 0, next = 0; first < sides.size(); first = next) {
    const Side& a = sides[first];
    while (next < sides.size() && sides[next].low == a.low && sides[next].high == a.high) ++next;
    SurfaceEdge edge{rank_of(a.low), rank_of(a.high), a.triangle, a.triangle};
    const Side& b = sides[next - 1];
    if (next == first + 2) {
      edge.neighbour = b.triangle;
      edge.same_sense = a.rising == b.rising;
      edge.between_parts = mesh.part_of_triangle[a.triangle] != mesh.part_of_triangle[b.triangle];
    }
    constexpr double kFlat_rad = 1e-6;  // what single precision in files leaves of a flat face
    const bool is_flat = edge.neighbour != edge.triangle && !edge.same_sense && !edge.between_parts &&
                         Length(planes[a.triangle].normal - planes[b.triangle].normal) < kFlat_rad;
    if (!is_flat) edges.push_back(edge);
  }
  return edges;
}

Motion MotionOf(const MotionRule& rule, const std::vector<Vec3>& vertices) {
  const Box3 box = BoundingBox(vertices);
  const Vec3 size = box.size();
  return {rule, (1 / Length(rule.axis)) * rule.axis,
          box.low + Vec3{rule.pivot_shares[0] * size.x, rule.pivot_shares[1] * size.y, rule.pivot_shares[2] * size.z}};
}

// The farthest from the origin that a turning point can get, or slightly more.
double SweptRadius(const Motion& motion, Vec3 v) {
  const Vec3 arm = v - motion.pivot_m, along = Dot(arm, motion.axis) * motion.axis;
  return Length(motion.pivot_m + along) + Length(arm - along);
}

}  // namespace

TargetModel::Data::Data(TriangleMesh centred_mesh, const std::vector<MotionRule>& moving)
    : mesh(std::move(centred_mesh)), box(BoundingBox(mesh)), body_of_part(mesh.parts.size(), 0) {
  for (std::size_t part = 0; part < mesh.parts.size(); ++part) {
    const auto matches = [&](const MotionRule& rule) {
      return std::any_of(rule.parts.begin(), rule.parts.end(),
                         [&](const std::string& pattern) { return MatchesPattern(pattern, mesh.parts[part]); });
    };
    const auto rule = std::find_if(moving.begin(), moving.end(), matches);
    if (rule != moving.end()) body_of_part[part] = static_cast<std::uint32_t>(rule - moving.begin()) + 1;
  }
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    const Vec3 a = mesh.Corner(t, 0), across = Cross(mesh.Corner(t, 1) - a, mesh.Corner(t, 2) - a);
    const Vec3 normal = (1 / Length(across)) * across;
    planes.push_back({normal, Dot(normal, a)});
  }
  // Rules that nothing matches make no body: the rest moves up.
  std::uint32_t made = 0;
  for (std::uint32_t body = 0; body <= moving.size(); ++body) {
    std::vector<std::uint32_t> triangles = TrianglesOf(mesh, body_of_part, body);
    if (triangles.empty()) continue;
    std::replace(body_of_part.begin(), body_of_part.end(), body, made++);
    const std::vector<std::uint32_t> used = VerticesOf(mesh, triangles);
    std::vector<Vec3> vertices;
    for (const std::uint32_t vertex : used) vertices.push_back(mesh.vertices[vertex]);
    std::optional<Motion> motion;
    if (body > 0) motion = MotionOf(moving[body - 1], vertices);
    for (const Vec3& v : vertices) radius_m = std::max(radius_m, motion ? SweptRadius(*motion, v) : Length(v));
    std::vector<SurfaceEdge> edges = EdgesOf(mesh, planes, triangles, used);
    bodies.push_back({RayCaster(mesh, std::move(triangles)), std::move(vertices), std::move(edges), std::move(motion)});
  }
  if (bodies.size() > 1 || bodies.front().motion) {
    std::vector<std::uint32_t> all(mesh.triangles.size());
    std::iota(all.begin(), all.end(), 0U);
    at_rest.emplace(mesh, std::move(all));
  }
}

// A moving part may carry its triangles into any zone. The margin holds what single precision makes of a place.
void TargetModel::Data::SetZones(std::vector<Zone> of_model) {
  zones = std::move(of_model);
  zoned.assign(mesh.triangles.size(), 0);
  std::vector<Box3> places;
  for (const Zone& zone : zones) places.push_back(BoxOf(zone, box));
  const double margin_m = 1e-5 * radius_m;
  for (std::size_t t = 0; t < zoned.size() && !zones.empty(); ++t) {
    const Box3 triangle = BoundingBox({mesh.Corner(t, 0), mesh.Corner(t, 1), mesh.Corner(t, 2)});
    const auto meets = [&](const Box3& place, double Vec3::*axis) {
      return triangle.low.*axis <= place.high.*axis + margin_m && triangle.high.*axis >= place.low.*axis - margin_m;
    };
    zoned[t] = bodies[body_of_part[mesh.part_of_triangle[t]]].motion.has_value() ||
               std::any_of(places.begin(), places.end(), [&](const Box3& place) {
                 return meets(place, &Vec3::x) && meets(place, &Vec3::y) && meets(place, &Vec3::z);
               });
  }
}

Box3 BoxOf(const Zone& zone, const Box3& body) {
  const auto limits = [&](std::size_t axis, double low, double high) {
    const auto& share = zone.shares[axis];
    std::pair<double, double> limit{low + share.first * (high - low), low + share.second * (high - low)};
    if (const auto& metres = zone.metres[axis]) {
      const double middle = 0.5 * (low + high);
      limit = {std::max(limit.first, middle + metres->first), std::min(limit.second, middle + metres->second)};
    }
    return limit;
  };
  const auto x = limits(0, body.low.x, body.high.x), y = limits(1, body.low.y, body.high.y),
             z = limits(2, body.low.z, body.high.z);
  return {{x.first, y.first, z.first}, {x.second, y.second, z.second}};
}

}  // namespace mirst
