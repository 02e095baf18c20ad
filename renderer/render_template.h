// From a 3-D model to an infrared template: Embree rays through a pinhole camera, in-band Planck radiance of each part,
// contrast against the background's radiance. One target, no optics, no sampling by the sensor (fusion does those).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "core/template.h"
#include "renderer/atmosphere.h"
#include "renderer/mesh.h"
#include "renderer/planck.h"

namespace mirst {

/// Camera and target's place in front of it.
struct View {
  Attitude attitude;      ///< in the camera's frame, not about the line of sight: off the axis another side shows
  double range_m = 1000;  ///< > 0, from the camera to the target's origin
  double focal_length_mm = 100;   ///< > 0
  double pixel_pitch_um = 17;     ///< > 0
  Vec2 off_axis_px = {};          ///< where the image of the target's origin lies, from the optical axis
  double time_s = 0;              ///< middle of the exposure; moving parts are at rest at 0
  double integration_time_s = 0;  ///< [0, 10]; what parts do meanwhile is averaged (not the target's own motion)
};

/// The sun, as it stands to the camera.
struct Sun {
  double azimuth_deg =
      150;  ///< from the camera's line of sight to the right: 0 = behind the target, 180 = behind the camera
  double elevation_deg = 45;     ///< above the horizon; below it, it does nothing
  double transmission = 0.75;    ///< of the air above, in the band
  double irradiance_w_m2 = 900;  ///< of all wavelengths, across its rays: what heats skins
};

/// What lies around and behind the target, and between it and the camera.
struct Surroundings {
  Band band;
  double air_temperature_k = 288.15;                          ///< at the target
  double background_temperature_k = 270;                      ///< of what the target hides, as a black body there
  std::optional<double> mach = std::nullopt;                  ///< of the target; none: its class's usual speed
  std::optional<double> sky_temperature_k = std::nullopt;     ///< of what the upper half reflects; none: the air's
  std::optional<double> ground_temperature_k = std::nullopt;  ///< of what the lower half reflects; none: the air's
  std::optional<Sun> sun = std::nullopt;                      ///< none: night, or clouds
  double camera_elevation_deg = 0;                            ///< of the optical axis above the horizon
  Atmosphere atmosphere = {};                                 ///< between target and camera; default: none
};

/// One part of a model, for people to check.
struct PartSummary {
  std::string name;
  std::size_t triangles = 0;  ///< 0: a zone
  std::string temperature;    ///< the rule: "air + 25 K", "350 K", "recovery (r = 0.892)", ...
  double temperature_k = 0;   ///< what comes of it, on vertical skins in the sun's shadow
  double emissivity = 0;      ///< in the band, along the normal
  Box3 box;                   ///< metres from the middle of the model's box: x to the nose, y to the left, z up
};

/// A model ready to render: mesh, parts with temperature and emissivity, ray-casting structure. Immutable; copies
/// share.
class TargetModel {
 public:
  /// `spec` is a file or "builtin:NAME". `material_file`: YAML map (as configs/materials.yaml) whose rules go before
  /// the built-in ones; empty = built-in ones alone. A file <model>.mirst.yaml of the same form beside the model goes
  /// before both. Throws kBadInput: missing, unreadable, no triangles, non-finite vertices, a material of impossible
  /// values.
  static TargetModel Load(const std::string& spec, const std::filesystem::path& material_file = {});

  const std::string& name() const;        ///< file name without extension, or NAME
  const std::string& class_name() const;  ///< of the annotations: "quadrotor"
  const std::string& path() const;        ///< as given
  const std::string& sha256() const;
  double length_m() const;  ///< the largest extent of the mesh's box
  /// The box's size along the body axes: tail to nose, right to left, bottom to top.
  double size_x_m() const;
  double size_y_m() const;
  double size_z_m() const;
  double radius_m() const;                           ///< of the sphere about the origin that holds the mesh
  const std::vector<std::string>& warnings() const;  ///< doubtful unit, axes, ..., one sentence each
  /// The parts in the file's order, then the zones ("zone exhaust", without triangles of their own).
  std::vector<PartSummary> parts(const Surroundings& surroundings = {}) const;

  struct Data;
  const Data& data() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

/// Names of the models that mirst builds itself: "quadrotor", "fixed-wing", "helicopter", "bird", "boat".
std::vector<std::string> BuiltinModels();

/// Files that TargetModel::Load takes, among what `paths` name (files, or folders, searched with their sub-folders one
/// level deep); natural order. "builtin:NAME" passes. Throws kBadInput when a path does not exist or nothing is found.
std::vector<std::string> FindModels(const std::vector<std::filesystem::path>& paths);

/// The template at `supersampling` cells per sensor pixel (1..64), cropped to the target with one empty cell around.
/// `opacity` is the share of the cell's rays that hit (docs/physics.md, "Templates").
/// Values are multiples of the largest |contrast| / 65535, the same on every machine.
/// `contrast` is weakened by the atmosphere: tau (L_target - L_background); path radiance lies in the background
/// already. L_target: emission by the directional emissivity, reflected sky, ground and sun with the target's own
/// shadow (docs/physics.md); no reflections of one part in another. The target is drawn on the optical axis; elsewhere
/// in a field of a few degrees its view differs by that angle. Throws kBadInput: the target would be larger than 4096 x
/// 4096 cells, the camera lies inside the sphere that holds the target, no ray hits (a target smaller than a cell: ask
/// for more supersampling), a value out of range.
Template RenderTemplate(const TargetModel& model, const View& view, const Surroundings& surroundings,
                        int supersampling);

}  // namespace mirst
