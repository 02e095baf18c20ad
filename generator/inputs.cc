#include "generator/inputs.h"

#include <filesystem>

#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "renderer/mesh_import.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

// Files that the mesh of a model comes from beside its own: an OBJ's material libraries (their names decide what its
// parts are made of) and a glTF's buffers. Textures are not read.
std::vector<fs::path> ReferredFiles(const fs::path& model) {
  std::vector<fs::path> files;
  std::error_code ignored;
  if (!fs::is_regular_file(model, ignored)) return files;
  files = MaterialLibraries(model);
  if (LowerExtension(model) == ".gltf") {
    const Json json = ParseJson(ReadFile(model));
    for (const Json& buffer : json.value("buffers", Json::array())) {
      const std::string uri = buffer.value("uri", "");
      if (!uri.empty() && !uri.starts_with("data:")) files.push_back(model.parent_path() / uri);
    }
  }
  return files;
}

}  // namespace

std::map<std::string, std::map<std::string, std::string>> HashInputs(const Inventory& inventory,
                                                                     const GenerateOptions& options) {
  std::map<std::string, std::map<std::string, std::string>> inputs;
  const auto add_file = [&](const std::string& kind, const std::string& name, const fs::path& file) {
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored)) inputs[kind][name] = Sha256OfFile(file);
  };
  for (const auto& source : inventory.sources) {
    const SourceInfo& info = source->info();
    inputs["background"][info.name] = info.sha256;
    if (info.kind != SourceKind::kFolder) continue;
    add_file("boxes", info.name, info.path / "boxes.csv");
    add_file("capture", info.name, info.path / "capture.json");
  }
  for (const TargetModel& model : inventory.models) {
    inputs["model"][NameOf(model, options)] = model.sha256();
    for (const fs::path& file : ReferredFiles(model.path()))
      add_file("model", RelativeToRoots(file, options.models.paths), file);
    const fs::path sidecar = fs::path(model.path()).replace_extension(".mirst.yaml");
    add_file("materials", RelativeToRoots(sidecar, options.models.paths), sidecar);
  }
  const auto add_named = [&](const std::string& kind, const fs::path& file) {
    if (!file.empty()) add_file(kind, file.filename().string(), file);
  };
  add_named("materials", options.models.materials);
  add_named("atmosphere", options.scene.atmosphere);
  add_named("library", options.backgrounds.library);
  const fs::path layers = options.occlusion.layers;
  if (std::error_code ignored; fs::is_directory(layers, ignored)) {  // another folder is named where layers are sought
    for (const fs::path& file : ListFiles(layers)) add_file("layer", file.filename().string(), file);
    for (const fs::path& folder : ListFolders(layers)) {
      for (const fs::path& file : ListFiles(folder))
        add_file("layer", file.lexically_relative(layers).generic_string(), file);
    }
  }
  return inputs;
}

std::string NameOf(const TargetModel& model, const GenerateOptions& options) {
  const bool builtin = model.path().starts_with("builtin:");
  return builtin ? model.path() : RelativeToRoots(model.path(), options.models.paths);
}

std::string RelativeToRoots(const fs::path& path, const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    const fs::path relative =
        fs::absolute(path).lexically_normal().lexically_relative(fs::absolute(root).lexically_normal());
    if (!relative.empty() && *relative.begin() != "..") return relative.generic_string();
  }
  return path.filename().string();
}

}  // namespace mirst
