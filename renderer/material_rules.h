// The rules of material maps as read; for the renderer's own files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "renderer/material.h"

namespace mirst {

using Patterns = std::vector<std::string>;

struct NameRule {
  Patterns names;
  TargetKind kind;
  bool names_class = false;
};

/// A part's name is "node/mesh/material"; the whole of it and each of the three can be asked for.
struct PartRule {
  Patterns classes, parts, nodes, meshes, materials;
  bool names_parts = false;  ///< some pattern but the class, or a zone
  std::string made_of;       ///< name of a surface, or empty
  bool own_emissivity = false, own_absorptance = false;
  std::string place;  ///< "file:line"
  std::optional<Zone> zone;
  Material material;
};

struct ClassMotion {
  Patterns classes;
  MotionRule motion;
};

/// What `made_of` names.
struct SurfaceFinish {
  BandEmissivity emissivity;
  double solar_absorptance = 0.6;
};

struct MaterialRules {
  std::vector<NameRule> names;
  std::vector<TargetKind> classes;
  std::vector<PartRule> parts;
  std::vector<ClassMotion> motions;
  std::map<std::string, SurfaceFinish> finishes;  ///< the first of a name stays

  /// Adds a document's rules behind those that are here. Throws kBadInput.
  void Append(const std::string& yaml, const std::string& origin);
};

}  // namespace mirst
