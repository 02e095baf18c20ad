#include "renderer/orient_mesh.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace mirst {
namespace {

struct SignedAxis {
  std::size_t index = 0;
  double sign = 1;
};

SignedAxis ParseAxis(const std::string& text) {
  return {static_cast<std::size_t>(text[1] - 'x'), text[0] == '-' ? -1.0 : 1.0};
}

std::array<double, 3> Coordinates(Vec3 v) { return {v.x, v.y, v.z}; }

Vec3 Direction(SignedAxis axis) {
  std::array<double, 3> v{};
  v[axis.index] = axis.sign;
  return {v[0], v[1], v[2]};
}

// Sums over triangles along one axis, from the box's middle, in half extents.
struct Moments {
  double asymmetry = 0;     // 0 for a body that is its own mirror image
  double highest_part = 0;  // mean place of the surface in the top fifth of the box: an aircraft's fin
};

Moments MomentsAlong(const TriangleMesh& mesh, const Box3& box, SignedAxis axis, SignedAxis up) {
  const Vec3 centre = box.centre();
  const double half = 0.5 * Coordinates(box.size())[axis.index], half_height = 0.5 * Coordinates(box.size())[up.index];
  double area_sum = 0, first = 0, third = 0, top_area = 0, top_first = 0;
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t) {
    const Vec3 a = mesh.Corner(t, 0), b = mesh.Corner(t, 1), c = mesh.Corner(t, 2);
    const double area = 0.5 * Length(Cross(b - a, c - a));
    const Vec3 place = (1.0 / 3) * (a + b + c) - centre;
    const double along = axis.sign * Coordinates(place)[axis.index] / half;
    area_sum += area;
    first += area * along;
    third += area * along * along * along;
    if (up.sign * Coordinates(place)[up.index] > 0.6 * half_height) {
      top_area += area;
      top_first += area * along;
    }
  }
  return {(std::abs(first) + std::abs(third)) / area_sum, top_area > 0 ? top_first / top_area : 0};
}

struct BodyAxes {
  SignedAxis up;
  SignedAxis forward;
};

BodyAxes FindAxes(const ImportedMesh& imported, const Box3& box, const TargetKind& kind,
                  std::vector<std::string>& doubts) {
  const std::array<double, 3> extent = Coordinates(box.size());
  const auto longest = static_cast<std::size_t>(std::max_element(extent.begin(), extent.end()) - extent.begin());
  const auto thinnest = static_cast<std::size_t>(std::min_element(extent.begin(), extent.end()) - extent.begin());
  BodyAxes axes{ParseAxis(kind.up.value_or(imported.up)), ParseAxis(kind.forward.value_or(imported.forward))};
  const bool forward_given = kind.forward.has_value();
  if (!kind.up && kind.shape == BodyShape::kFlat && 1.3 * extent[thinnest] < extent[axes.up.index]) {
    axes.up = {thinnest, 1};
    doubts.push_back(fmt::format("its thinnest direction {} is taken as up", "xyz"[thinnest]));
  }
  if (!forward_given && kind.shape == BodyShape::kLong && longest == axes.up.index && !kind.up) {
    doubts.push_back("it stands on its tail and is laid down");
    return {{axes.forward.index, -axes.forward.sign}, axes.up};
  }
  if (!forward_given && kind.shape == BodyShape::kLong && longest != axes.up.index && longest != axes.forward.index) {
    axes.forward = {longest, 1};
  }
  if (axes.forward.index == axes.up.index) axes.forward = {(axes.up.index + 1) % 3, 1};
  if (!forward_given && !imported.forward_known && kind.shape == BodyShape::kFlat) {
    // Left and right mirror each other, nose and tail do not; the fin stands at the tail.
    const SignedAxis side{3 - axes.up.index - axes.forward.index, 1};
    const Moments along = MomentsAlong(imported.mesh, box, axes.forward, axes.up);
    const Moments across = MomentsAlong(imported.mesh, box, side, axes.up);
    if (across.asymmetry > 2 * along.asymmetry + 0.02) {
      axes.forward = side;
      doubts.push_back(
          fmt::format("its nose is taken to lie along {} because it is symmetric across", "xyz"[side.index]));
    }
    if (MomentsAlong(imported.mesh, box, axes.forward, axes.up).highest_part > 0.2) axes.forward.sign *= -1;
  }
  return axes;
}

struct Unit {
  double metres;
  const char* name;
};

// Metres per file unit.
double FindScale(double extent, const ImportedMesh& imported, const TargetKind& kind,
                 std::vector<std::string>& doubts) {
  if (kind.length_m) return *kind.length_m / extent;
  if (kind.metres_per_unit) return *kind.metres_per_unit;
  constexpr std::array<Unit, 4> kUnits{
      {{0.001, "millimetres"}, {0.01, "centimetres"}, {0.0254, "inches"}, {0.3048, "feet"}}};
  const double stated = imported.metres_per_unit.value_or(1);
  const auto [low_m, high_m] = kind.plausible_length_m.value_or(std::pair(0.05, 500.0));
  const auto plausible = [low = low_m, high = high_m](double length_m) { return length_m >= low && length_m <= high; };
  if (plausible(stated * extent)) {
    if (!imported.metres_per_unit) doubts.push_back("its file states no unit; taken as metres");
    return stated;
  }
  const std::string size = fmt::format("{:.4g} m is no likely length of the class {} ({:g} to {:g} m)", stated * extent,
                                       kind.class_name, low_m, high_m);
  const auto fits = [&](const Unit& unit) { return plausible(unit.metres * extent); };
  if (kind.plausible_length_m && std::count_if(kUnits.begin(), kUnits.end(), fits) == 1) {
    const Unit unit = *std::find_if(kUnits.begin(), kUnits.end(), fits);
    doubts.push_back(fmt::format("{}; its unit is taken as {}", size, unit.name));
    return unit.metres;
  }
  const double nominal_m = kind.nominal_length_m.value_or(std::sqrt(low_m * high_m));
  doubts.push_back(fmt::format("{}; scaled to {:.4g} m", size, nominal_m));
  return nominal_m / extent;
}

}  // namespace

std::vector<std::string> OrientMesh(ImportedMesh& imported, const TargetKind& kind) {
  std::vector<std::string> doubts;
  const Box3 box = BoundingBox(imported.mesh);
  const BodyAxes axes = FindAxes(imported, box, kind, doubts);
  const std::size_t doubts_before = doubts.size();
  const double scale = FindScale(box.largest_extent(), imported, kind, doubts);
  const Vec3 x = Direction(axes.forward), z = Direction(axes.up), y = Cross(z, x), centre = box.centre();
  for (Vec3& v : imported.mesh.vertices) {
    const Vec3 from_centre = v - centre;
    v = scale * Vec3{Dot(x, from_centre), Dot(y, from_centre), Dot(z, from_centre)};
  }
  if (doubts.size() > doubts_before) {
    const Vec3 size = BoundingBox(imported.mesh).size();
    doubts.back() +=
        fmt::format("; its box is now {:.4g} x {:.4g} x {:.4g} m (length, width, height)", size.x, size.y, size.z);
  }
  return doubts;
}

}  // namespace mirst
