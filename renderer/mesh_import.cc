#include "renderer/mesh_import.h"

#include <assimp/config.h>
#include <assimp/postprocess.h>
#include <assimp/scene.h>
#include <fmt/format.h>

#include <assimp/Importer.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "renderer/mesh_file_checks.h"

// Assimp calls this where a broken file leads it astray, and its own version ends the process. Debian's library leaves
// the function to be replaced, but has no header for the call that sets a handler.
namespace Assimp {
void aiAssertViolation(const char* expression, const char* file, int line);
void aiAssertViolation(const char* expression, const char* /*file*/, int /*line*/) {
  throw mirst::BadInput(fmt::format("its contents contradict each other ({})", expression));
}
}  // namespace Assimp

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostTriangles = 20'000'000;  // 4 GB of memory while it is read

// Collects the meshes of a node tree in the scene's frame; a part is what shares node, mesh and material.
class Collector {
 public:
  Collector(const aiScene& scene, TriangleMesh& mesh) : scene_(scene), mesh_(mesh) {}

  void AddNode(const aiNode& node, const aiMatrix4x4& scene_from_parent) {
    const aiMatrix4x4 scene_from_node = scene_from_parent * node.mTransformation;
    for (unsigned i = 0; i < node.mNumMeshes; ++i) AddMesh(node, *scene_.mMeshes[node.mMeshes[i]], scene_from_node);
    for (unsigned i = 0; i < node.mNumChildren; ++i) AddNode(*node.mChildren[i], scene_from_node);
  }

 private:
  void AddMesh(const aiNode& node, const aiMesh& source, const aiMatrix4x4& scene_from_node) {
    if (mesh_.triangles.size() + source.mNumFaces > kMostTriangles) {
      throw BadInput(fmt::format("more than {} triangles; simplify the model", kMostTriangles));
    }
    const std::uint32_t part = PartIndex(node, source);
    const auto first = static_cast<std::uint32_t>(mesh_.vertices.size());
    for (unsigned i = 0; i < source.mNumVertices; ++i) {
      const aiVector3D v = scene_from_node * source.mVertices[i];
      mesh_.vertices.push_back({static_cast<double>(v.x), static_cast<double>(v.y), static_cast<double>(v.z)});
    }
    const bool mirrored = scene_from_node.Determinant() < 0;
    for (unsigned i = 0; i < source.mNumFaces; ++i) {
      const aiFace& face = source.mFaces[i];
      if (face.mNumIndices != 3) continue;
      std::array<std::uint32_t, 3> corners{};
      for (unsigned k = 0; k < 3; ++k) {
        if (face.mIndices[k] >= source.mNumVertices) throw BadInput("a face names a vertex that does not exist");
        const Vec3& v = mesh_.vertices[first + face.mIndices[k]];
        if (!std::isfinite(v.x) || !std::isfinite(v.y) || !std::isfinite(v.z)) {
          throw BadInput(fmt::format("the part '{}' has a vertex that is no finite number", mesh_.parts[part]));
        }
        corners[mirrored ? 2 - k : k] = first + face.mIndices[k];
      }
      mesh_.triangles.push_back(corners);
      mesh_.part_of_triangle.push_back(part);
    }
  }

  std::uint32_t PartIndex(const aiNode& node, const aiMesh& source) {
    std::string name = fmt::format("{}/{}", node.mName.C_Str(), source.mName.C_Str());
    if (source.mMaterialIndex < scene_.mNumMaterials) {
      name += fmt::format("/{}", scene_.mMaterials[source.mMaterialIndex]->GetName().C_Str());
    }
    const auto [it, inserted] = part_index_.emplace(name, static_cast<std::uint32_t>(mesh_.parts.size()));
    if (inserted) mesh_.parts.push_back(name);
    return it->second;
  }

  const aiScene& scene_;
  TriangleMesh& mesh_;
  std::map<std::string, std::uint32_t> part_index_;
};

std::string Axis(int index, int sign) { return fmt::format("{}{}", sign < 0 ? '-' : '+', "xyz"[index]); }

// What a format promises of units and axes after Assimp has read it (it turns most formats to y up; COLLADA also to
// metres). Wavefront, STL, PLY and OFF promise nothing: z up is the commoner use among target models.
void DescribeFormat(const aiScene& scene, const std::string& extension, ImportedMesh& result) {
  if (extension == ".obj" || extension == ".stl" || extension == ".ply" || extension == ".off") return;
  result.up = "+y";
  if (extension == ".ac" || extension == ".ac3d") {
    result.forward = "-x";
    result.forward_known = true;
    result.metres_per_unit = 1;
  } else if (extension == ".gltf" || extension == ".glb") {
    result.forward = "+z";
    result.forward_known = true;
    result.metres_per_unit = 1;
  } else if (extension == ".dae") {
    result.metres_per_unit = 1;
  } else if (extension == ".fbx" && scene.mMetaData != nullptr) {
    int up = 1, up_sign = 1, front = 2, front_sign = 1;
    double centimetres = 1;
    scene.mMetaData->Get("UpAxis", up);
    scene.mMetaData->Get("UpAxisSign", up_sign);
    scene.mMetaData->Get("FrontAxis", front);
    scene.mMetaData->Get("FrontAxisSign", front_sign);
    float single = 1;
    if (!scene.mMetaData->Get("UnitScaleFactor", centimetres) && scene.mMetaData->Get("UnitScaleFactor", single)) {
      centimetres = static_cast<double>(single);
    }
    if (up >= 0 && up <= 2 && front >= 0 && front <= 2 && up != front) {
      result.up = Axis(up, up_sign);
      result.forward = Axis(front, front_sign);
      result.forward_known = true;
    }
    if (std::isfinite(centimetres) && centimetres > 0) result.metres_per_unit = 0.01 * centimetres;
  }
}

}  // namespace

bool IsModelFile(const fs::path& path) {
  const Assimp::Importer importer;
  const std::string extension = LowerExtension(path);
  return extension.size() > 1 && importer.IsExtensionSupported(extension);
}

std::vector<fs::path> MaterialLibraries(const fs::path& path) {
  std::vector<fs::path> libraries;
  if (LowerExtension(path) != ".obj") return libraries;
  std::ifstream file(path);
  if (!file) throw BadInput(fmt::format("the model {} cannot be opened", path.string()));
  constexpr std::string_view kKey = "mtllib ";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kKey)) continue;
    const std::size_t end = line.find_last_not_of(" \t\r");
    libraries.push_back(path.parent_path() / line.substr(kKey.size(), end + 1 - kKey.size()));
  }
  return libraries;
}

ImportedMesh ImportMesh(const fs::path& path) {
  if (!fs::exists(path)) throw BadInput(fmt::format("the model {} does not exist", path.string()));
  if (!fs::is_regular_file(path)) throw BadInput(fmt::format("the model {} is not a file", path.string()));
  CheckModelFile(path);
  ImportedMesh result;
  for (const fs::path& library : MaterialLibraries(path)) {
    if (!fs::exists(library)) {
      result.doubts.push_back(
          fmt::format("its material library {} does not exist; parts keep the names of their materials",
                      library.lexically_relative(path.parent_path()).string()));
    }
  }
  try {
    Assimp::Importer importer;
    importer.SetPropertyInteger(AI_CONFIG_PP_SBP_REMOVE, aiPrimitiveType_POINT | aiPrimitiveType_LINE);
    importer.SetPropertyInteger(AI_CONFIG_PP_RVC_FLAGS, aiComponent_NORMALS | aiComponent_TANGENTS_AND_BITANGENTS |
                                                            aiComponent_COLORS | aiComponent_TEXCOORDS |
                                                            aiComponent_TEXTURES | aiComponent_ANIMATIONS);
    const aiScene* const scene =
        importer.ReadFile(path.string(), aiProcess_ValidateDataStructure | aiProcess_Triangulate |
                                             aiProcess_SortByPType | aiProcess_RemoveComponent);
    if (scene == nullptr) {
      throw BadInput(fmt::format("the model {} cannot be read: {}", path.string(), importer.GetErrorString()));
    }
    if (scene->mRootNode != nullptr) {
      InContext(path.string(), [&] { Collector(*scene, result.mesh).AddNode(*scene->mRootNode, aiMatrix4x4()); });
    }
    DescribeFormat(*scene, LowerExtension(path), result);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw BadInput(fmt::format("the model {} cannot be read: {}", path.string(), error.what()));
  }
  Compact(result.mesh, std::vector<bool>(result.mesh.parts.size(), true));
  Weld(result.mesh);  // Assimp's own joining would hide coordinates that are no numbers
  DropDuplicates(result.mesh);
  if (result.mesh.triangles.empty()) throw BadInput(fmt::format("the model {} holds no triangles", path.string()));
  return result;
}

}  // namespace mirst
