// Model files of every format that Assimp reads, as triangles with named parts in the file's own units and axes. Points
// and lines are left out. What the numbers mean in metres is decided by orient_mesh.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "renderer/mesh.h"

namespace mirst {

struct ImportedMesh {
  TriangleMesh mesh;
  std::string up = "+z";  ///< of the file as read: "+x" ... "-z"
  std::string forward = "+x";
  bool forward_known = false;             ///< the format or the file says so
  std::optional<double> metres_per_unit;  ///< where the format or the file says so
  std::vector<std::string> doubts;        ///< one sentence each
};

/// True for an extension that ImportMesh takes, upper or lower case.
bool IsModelFile(const std::filesystem::path& path);

/// The material libraries that an OBJ file names, whether they exist or not; none for other formats. Throws kBadInput.
std::vector<std::filesystem::path> MaterialLibraries(const std::filesystem::path& path);

/// A material library that is missing is a doubt: parts keep the names of their materials. Throws kBadInput naming the
/// file: missing, unreadable, no triangles, coordinates that are no finite numbers.
ImportedMesh ImportMesh(const std::filesystem::path& path);

}  // namespace mirst
