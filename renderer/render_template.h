// From a 3-D model to an infrared template: Embree rays through a pinhole camera, in-band Planck radiance of each part,
// contrast against the background's radiance. One target, no optics, no sampling by the sensor (fusion does those).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "core/template.h"
#include "renderer/planck.h"

namespace mirst {

/// Camera and target's place in front of it.
struct View {
  Attitude attitude;
  double range_m = 1000;          ///< > 0
  double focal_length_mm = 100;   ///< > 0
  double pixel_pitch_um = 17;     ///< > 0
};

/// What lies around and behind the target.
struct Surroundings {
  Band band;
  double air_temperature_k = 288.15;
  double background_temperature_k = 270;  ///< apparent, of what the target hides
};

/// One part of a model, for people to check.
struct PartSummary {
  std::string name;
  std::size_t triangles = 0;
  std::string temperature;  ///< "air + 25 K" or "350 K"
  double emissivity = 0;
};

/// A model ready to render: mesh, parts with temperature and emissivity, ray-casting structure. Immutable; copies share.
class TargetModel {
 public:
  /// `spec` is a file or "builtin:NAME". `material_file`: YAML map (as configs/materials.yaml) whose rules go before the
  /// built-in ones; empty = built-in ones alone. A file <model>.mirst.yaml of the same form beside the model goes before
  /// both. Throws kBadInput: missing, unreadable, no triangles, non-finite vertices, a material of impossible values.
  static TargetModel Load(const std::string& spec, const std::filesystem::path& material_file = {});

  const std::string& name() const;        ///< file name without extension, or NAME
  const std::string& class_name() const;  ///< of the annotations: "quadrotor"
  const std::string& path() const;        ///< as given
  const std::string& sha256() const;
  double length_m() const;                ///< the largest extent of the mesh's box
  /// The box's size along the body axes: tail to nose, right to left, bottom to top.
  double size_x_m() const;
  double size_y_m() const;
  double size_z_m() const;
  double radius_m() const;                ///< of the sphere about the origin that holds the mesh
  const std::vector<std::string>& warnings() const;  ///< doubtful unit, axes, ..., one sentence each
  /// The parts in the file's order, then the hot zones ("zone exhaust", without triangles of their own).
  std::vector<PartSummary> parts() const;

  struct Data;
  const Data& data() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

/// Names of the models that mirst builds itself: "quadrotor", "fixed-wing", "bird", "boat".
std::vector<std::string> BuiltinModels();

/// Files that TargetModel::Load takes, among what `paths` name (files, or folders, searched with their sub-folders one level deep); natural
/// order. "builtin:NAME" passes.
/// Throws kBadInput when a path does not exist or nothing is found.
std::vector<std::string> FindModels(const std::vector<std::filesystem::path>& paths);

/// The template at `supersampling` cells per sensor pixel (1..64), cropped to the target with one empty cell around.
/// `opacity` is 1 where the cell's centre ray hits, else 0; `contrast` = opacity (L_target - L_background).
/// Values are multiples of the largest |contrast| / 65535, the same on every machine.
/// A surface of temperature T and emissivity e has radiance e L(T) + (1 - e) L(T_air): surroundings at air temperature
/// are reflected. The sky's lower and the sun's higher radiance are left out, which matters for e < 0.9 and in 3-5 um.
/// The target is drawn on the optical axis; elsewhere in a field of a few degrees its view differs by that angle.
/// Throws kBadInput: the target would be larger than 4096 x 4096 cells, the camera lies inside the sphere that holds the
/// target, no ray hits (a target smaller than a cell: ask for more supersampling), a value out of range.
Template RenderTemplate(const TargetModel& model, const View& view, const Surroundings& surroundings, int supersampling);

}  // namespace mirst
