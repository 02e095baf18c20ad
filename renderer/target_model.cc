#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "renderer/builtin_models.h"
#include "renderer/orient_mesh.h"
#include "renderer/target_data.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBuiltinPrefix = "builtin:";

std::string HashOf(const TriangleMesh& mesh) {
  Sha256 hash;
  hash.Update(mesh.vertices.data(), mesh.vertices.size() * sizeof(Vec3));
  hash.Update(mesh.triangles.data(), mesh.triangles.size() * sizeof(mesh.triangles[0]));
  return hash.Finish();
}

// Leaves out the parts that the materials ignore.
void DropIgnoredParts(TriangleMesh& mesh, const std::string& class_name, const MaterialMap& materials) {
  std::vector<bool> keep;
  for (const std::string& part : mesh.parts) keep.push_back(!materials.Of(class_name, part).ignored);
  Compact(mesh, keep);
  if (mesh.triangles.empty()) throw BadInput("the materials ignore every part of the model");
}

}  // namespace

TargetModel TargetModel::Load(const std::string& spec, const fs::path& material_file) {
  const bool is_builtin = spec.starts_with(kBuiltinPrefix);
  const fs::path file = spec;
  const std::string name = is_builtin ? spec.substr(kBuiltinPrefix.size()) : file.stem().string();
  std::vector<fs::path> layers;
  const fs::path sidecar = fs::path(file).replace_extension(".mirst.yaml");
  if (!is_builtin && fs::exists(sidecar)) layers.push_back(sidecar);
  if (!material_file.empty()) layers.push_back(material_file);
  const MaterialMap materials(layers);
  const TargetKind kind = materials.KindOf(name);

  ImportedMesh imported;
  std::vector<std::string> doubts;
  if (is_builtin) {
    imported.mesh = BuildModel(name);
  } else {
    imported = ImportMesh(file);
  }
  const std::string sha256 = is_builtin ? HashOf(imported.mesh) : Sha256OfFile(file);
  InContext(spec, [&] { DropIgnoredParts(imported.mesh, kind.class_name, materials); });
  if (is_builtin) {
    const Vec3 centre = BoundingBox(imported.mesh).centre();
    for (Vec3& v : imported.mesh.vertices) v = v - centre;
  } else {
    doubts = OrientMesh(imported, kind);
  }

  auto data = std::make_shared<Data>(std::move(imported.mesh));
  data->name = name;
  data->class_name = kind.class_name;
  data->path = spec;
  data->sha256 = sha256;
  for (const std::string& doubt : doubts) data->warnings.push_back(fmt::format("{}: {}", name, doubt));
  for (const Vec3& v : data->mesh.vertices) data->radius_m = std::max(data->radius_m, Length(v));
  for (const std::string& part : data->mesh.parts) data->materials.push_back(materials.Of(kind.class_name, part));
  data->zones = materials.ZonesOf(kind.class_name);
  TargetModel model;
  model.data_ = std::move(data);
  return model;
}

const std::string& TargetModel::name() const { return data_->name; }
const std::string& TargetModel::class_name() const { return data_->class_name; }
const std::string& TargetModel::path() const { return data_->path; }
const std::string& TargetModel::sha256() const { return data_->sha256; }
double TargetModel::length_m() const { return data_->box.largest_extent(); }
double TargetModel::size_x_m() const { return data_->box.size().x; }
double TargetModel::size_y_m() const { return data_->box.size().y; }
double TargetModel::size_z_m() const { return data_->box.size().z; }
double TargetModel::radius_m() const { return data_->radius_m; }
const std::vector<std::string>& TargetModel::warnings() const { return data_->warnings; }

std::vector<PartSummary> TargetModel::parts() const {
  std::vector<PartSummary> parts;
  for (std::size_t i = 0; i < data_->mesh.parts.size(); ++i) {
    const Material& material = data_->materials[i];
    parts.push_back({data_->mesh.parts[i], 0, ToString(material.temperature), material.emissivity});
  }
  for (const std::uint32_t part : data_->mesh.part_of_triangle) ++parts[part].triangles;
  for (const Zone& zone : data_->zones) {
    parts.push_back({"zone " + zone.name, 0, ToString(zone.material.temperature), zone.material.emissivity});
  }
  return parts;
}

std::vector<std::string> FindModels(const std::vector<fs::path>& paths) {
  std::vector<std::string> models;
  const auto add_folder = [&](const fs::path& folder) {
    for (const fs::path& file : ListFiles(folder)) {
      if (IsModelFile(file)) models.push_back(file.string());
    }
  };
  for (const fs::path& path : paths) {
    if (path.string().starts_with(kBuiltinPrefix) || fs::is_regular_file(path)) {
      models.push_back(path.string());
    } else if (fs::is_directory(path)) {
      const std::size_t before = models.size();
      add_folder(path);
      for (const fs::path& folder : ListFolders(path)) add_folder(folder);
      if (models.size() == before) throw BadInput(fmt::format("the folder {} holds no 3-D models", path.string()));
    } else {
      throw BadInput(fmt::format("the model {} does not exist", path.string()));
    }
  }
  if (models.empty()) throw BadInput("no models were named");
  return models;
}

}  // namespace mirst
