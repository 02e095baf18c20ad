// What a TargetModel holds; for the renderer's own files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "renderer/material.h"
#include "renderer/mesh.h"
#include "renderer/motion.h"
#include "renderer/ray_caster.h"
#include "renderer/render_template.h"

namespace mirst {

/// Of a triangle.
struct Plane {
  Vec3 normal;          ///< length one, to the outside
  double offset_m = 0;  ///< from the origin, along the normal
};

/// An edge of a body's surface that can be part of an outline.
struct SurfaceEdge {
  std::uint32_t from = 0, to = 0;             ///< vertices of the body
  std::uint32_t triangle = 0, neighbour = 0;  ///< equal: an open edge, or one of more than two triangles
  bool same_sense = true;                     ///< the two triangles wind against each other, or are one
  bool between_parts = false;
};

/// What moves as one: its triangles, and how. The first of a target holds all that stands still, if anything does.
struct RigidBody {
  RayCaster caster;
  std::vector<Vec3> vertices;  ///< those of its triangles, at rest
  std::vector<SurfaceEdge> edges;
  std::optional<Motion> motion;  ///< none: stands still
};

struct TargetModel::Data {
  /// `moving` are rules in the order of their rank: the first whose pattern a part matches moves it.
  Data(TriangleMesh centred_mesh, const std::vector<MotionRule>& moving);
  void SetZones(std::vector<Zone> of_model);

  std::string name;
  std::string class_name;
  std::string path;
  std::string sha256;
  std::string content_sha256;  ///< of name, mesh, parts and rules: of all that a template depends on
  std::vector<std::string> warnings;
  double speed_m_s = 0;       ///< usual
  TriangleMesh mesh;          ///< centred
  std::vector<Plane> planes;  ///< one a triangle
  Box3 box;
  double radius_m = 0;              ///< with all that moving parts reach
  std::vector<Material> materials;  ///< one a part
  std::vector<Zone> zones;          ///< the first that holds a point decides
  std::vector<std::uint8_t> zoned;  ///< one a triangle: not 0 where a zone may hold some of its points
  std::vector<RigidBody> bodies;    ///< none without triangles
  std::vector<std::uint32_t> body_of_part;
  std::optional<RayCaster> at_rest;  ///< all bodies in one, where some of them can move
};

/// Where a zone lies in a body's box.
Box3 BoxOf(const Zone& zone, const Box3& body);

}  // namespace mirst
