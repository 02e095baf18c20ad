// Small model files (Wavefront OBJ, z up, metres) with known geometry, and renderings whose truth is known.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/units.h"
#include "renderer/mesh.h"
#include "renderer/render_template.h"

namespace mirst::test {

struct ObjBox {
  std::string name;
  Vec3 centre;
  Vec3 size;
};

/// One object per box; its part name begins with the object's name.
inline std::string ObjOfBoxes(const std::vector<ObjBox>& boxes) {
  std::string text;
  int first = 1;
  for (const ObjBox& box : boxes) {
    text += fmt::format("o {}\n", box.name);
    for (int corner = 0; corner < 8; ++corner) {
      const auto side = [&](int bit) { return (corner >> bit & 1) != 0 ? 0.5 : -0.5; };
      text += fmt::format("v {} {} {}\n", box.centre.x + side(0) * box.size.x, box.centre.y + side(1) * box.size.y,
                          box.centre.z + side(2) * box.size.z);
    }
    for (const auto& face : {std::array{0, 2, 3, 1}, std::array{4, 5, 7, 6}, std::array{0, 1, 5, 4}, std::array{2, 6, 7, 3},
                             std::array{0, 4, 6, 2}, std::array{1, 3, 7, 5}}) {
      text += fmt::format("f {} {} {} {}\n", first + face[0], first + face[1], first + face[2], first + face[3]);
    }
    first += 8;
  }
  return text;
}

/// A sphere of latitudes and longitudes, all vertices on it.
inline std::string ObjOfSphere(double radius_m, int latitudes, int longitudes) {
  std::string text = "o sphere\n";
  for (int i = 0; i <= latitudes; ++i) {
    for (int j = 0; j < longitudes; ++j) {
      const double theta = kPi * i / latitudes, phi = 2 * kPi * j / longitudes;
      text += fmt::format("v {} {} {}\n", radius_m * std::sin(theta) * std::cos(phi),
                          radius_m * std::sin(theta) * std::sin(phi), radius_m * std::cos(theta));
    }
  }
  for (int i = 0; i < latitudes; ++i) {
    for (int j = 0; j < longitudes; ++j) {
      const int a = i * longitudes + j + 1, b = i * longitudes + (j + 1) % longitudes + 1;
      text += fmt::format("f {} {} {} {}\n", a, a + longitudes, b + longitudes, b);
    }
  }
  return text;
}

/// A model from the text of an OBJ file and of a material map (asked before the built-in one).
inline TargetModel LoadObj(const std::string& obj, const std::string& materials = "") {
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "body.obj", obj);
  WriteFileAtomically(folder.path() / "map.yaml", materials);
  return TargetModel::Load((folder.path() / "body.obj").string(), folder.path() / "map.yaml");
}

/// Cells per unit of tangent: focal length over a cell's size.
inline double CellsPerTangent(const View& view, int supersampling) {
  return view.focal_length_mm * 1e3 / view.pixel_pitch_um * supersampling;
}

inline double CoveredCells(const Template& rendered) {
  double sum = 0;
  for (const float value : rendered.opacity) sum += static_cast<double>(value);
  return sum;
}

}  // namespace mirst::test
