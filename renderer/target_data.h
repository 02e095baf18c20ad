// What a TargetModel holds; for the renderer's own files.
#pragma once

#include <string>
#include <vector>

#include "renderer/material.h"
#include "renderer/mesh.h"
#include "renderer/ray_caster.h"
#include "renderer/render_template.h"

namespace mirst {

struct TargetModel::Data {
  explicit Data(TriangleMesh centred_mesh) : mesh(std::move(centred_mesh)), box(BoundingBox(mesh)), caster(mesh) {}

  std::string name;
  std::string class_name;
  std::string path;
  std::string sha256;
  std::vector<std::string> warnings;
  TriangleMesh mesh;  ///< centred
  Box3 box;
  double radius_m = 0;
  std::vector<Material> materials;  ///< one a part
  std::vector<Zone> zones;          ///< the first that holds a point decides
  RayCaster caster;
};

}  // namespace mirst
