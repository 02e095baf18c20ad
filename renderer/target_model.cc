#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "renderer/builtin_models.h"
#include "renderer/orient_mesh.h"
#include "renderer/target_data.h"
#include "renderer/target_radiance.h"

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

// Of a mesh as it is rendered, and of the texts whose rules go before the built-in ones. What a file refers to lies in
// the mesh and in its parts' names.
std::string ContentHash(const TargetModel::Data& data, const std::vector<fs::path>& layers) {
  Sha256 hash;
  const auto add = [&hash](std::string_view text) {
    hash.Update(fmt::format("{}:", text.size()));
    hash.Update(text);
  };
  add(data.name);
  add(data.sha256);
  add(HashOf(data.mesh));
  hash.Update(data.mesh.part_of_triangle.data(), data.mesh.part_of_triangle.size() * sizeof(std::uint32_t));
  for (const std::string& part : data.mesh.parts) add(part);
  for (const fs::path& layer : layers) add(ReadFile(layer));
  return hash.Finish();
}

// Leaves out the parts that the materials ignore.
void DropIgnoredParts(TriangleMesh& mesh, const std::string& class_name, const MaterialMap& materials) {
  std::vector<bool> keep;
  for (const std::string& part : mesh.parts) keep.push_back(!materials.Of(class_name, part).ignored);
  Compact(mesh, keep);
  if (mesh.triangles.empty()) throw BadInput("the materials ignore every part of the model");
}

Box3 Enclose(const Box3& box, Vec3 v) {
  return {{std::min(box.low.x, v.x), std::min(box.low.y, v.y), std::min(box.low.z, v.z)},
          {std::max(box.high.x, v.x), std::max(box.high.y, v.y), std::max(box.high.z, v.z)}};
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
    doubts = imported.doubts;
    for (std::string& doubt : OrientMesh(imported, kind)) doubts.push_back(std::move(doubt));
  }

  auto data = std::make_shared<Data>(std::move(imported.mesh), materials.MotionsOf(kind.class_name));
  data->name = name;
  data->class_name = kind.class_name;
  data->path = spec;
  data->sha256 = sha256;
  for (const std::string& doubt : doubts) data->warnings.push_back(fmt::format("{}: {}", name, doubt));
  for (const std::string& part : data->mesh.parts) data->materials.push_back(materials.Of(kind.class_name, part));
  data->speed_m_s = kind.speed_m_s;
  data->SetZones(materials.ZonesOf(kind.class_name));
  data->content_sha256 = ContentHash(*data, layers);
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

std::vector<PartSummary> TargetModel::parts(const Surroundings& surroundings) const {
  const HeatState state = HeatStateOf(*data_, surroundings);
  const auto summary = [&](const std::string& name, const Material& material, const Box3& box) {
    return PartSummary{name,
                       0,
                       ToString(material.temperature),
                       material.Temperature(state, 0),
                       material.emissivity.In(surroundings.band).Normal(),
                       box};
  };
  const TriangleMesh& mesh = data_->mesh;
  std::vector<PartSummary> parts;
  for (std::size_t i = 0; i < mesh.parts.size(); ++i) parts.push_back(summary(mesh.parts[i], data_->materials[i], {}));
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    PartSummary& part = parts[mesh.part_of_triangle[t]];
    if (part.triangles++ == 0) part.box = {mesh.Corner(t, 0), mesh.Corner(t, 0)};
    for (std::size_t corner = 0; corner < 3; ++corner) part.box = Enclose(part.box, mesh.Corner(t, corner));
  }
  for (const Zone& zone : data_->zones)
    parts.push_back(summary("zone " + zone.name, zone.material, BoxOf(zone, data_->box)));
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
