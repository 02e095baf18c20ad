#include "renderer/render_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/parallel.h"
#include "renderer/rotation.h"
#include "renderer/target_data.h"

namespace mirst {
namespace {

constexpr int kLargestExtent_cells = 4096;

// The body's axes in the view frame (x to the right of the image, y away from the camera, z up in the image).
struct BodyAxes {
  Vec3 x, y, z;

  explicit BodyAxes(const Attitude& attitude) {
    const auto [cy, sy] = CosSinOf(attitude.yaw_deg);
    const auto [cp, sp] = CosSinOf(attitude.pitch_deg);
    const auto [cr, sr] = CosSinOf(attitude.roll_deg);
    x = {cy * cp, sy * cp, sp};
    const Vec3 left{-sy, cy, 0}, up{-cy * sp, -sy * sp, cp};  // before the roll
    y = cr * left + sr * up;
    z = cr * up - sr * left;
  }
  Vec3 ViewFromBody(Vec3 v) const { return v.x * x + v.y * y + v.z * z; }
  Vec3 BodyFromView(Vec3 v) const { return {Dot(v, x), Dot(v, y), Dot(v, z)}; }
};

void CheckPositive(double value, const char* what) {
  if (!(value > 0 && value < std::numeric_limits<double>::infinity())) {
    throw BadInput(fmt::format("{} of {}; allowed: a number above 0", what, value));
  }
}

// Columns and rows of cells, counted from the cell whose centre ray meets the target's origin.
PixelBox ProjectedCells(const TargetModel::Data& data, const BodyAxes& axes, double range_m, double cell_tangent) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double left = kInfinity, right = -kInfinity, top = kInfinity, bottom = -kInfinity;
  for (const Vec3& vertex : data.mesh.vertices) {
    const Vec3 v = axes.ViewFromBody(vertex);
    const double cells_per_metre = 1 / ((range_m + v.y) * cell_tangent);
    left = std::min(left, v.x * cells_per_metre);
    right = std::max(right, v.x * cells_per_metre);
    top = std::min(top, -v.z * cells_per_metre);
    bottom = std::max(bottom, -v.z * cells_per_metre);
  }
  if (right - left > kLargestExtent_cells || bottom - top > kLargestExtent_cells) {
    throw BadInput(fmt::format("the target '{}' at {:g} m would cover {:.0f} x {:.0f} cells; allowed: {} x {}", data.name,
                               range_m, right - left, bottom - top, kLargestExtent_cells, kLargestExtent_cells));
  }
  const int x = static_cast<int>(std::floor(left)), y = static_cast<int>(std::floor(top));
  return {x, y, static_cast<int>(std::ceil(right)) - x + 1, static_cast<int>(std::ceil(bottom)) - y + 1};
}

// Radiance contrasts of parts and zones, W m-2 sr-1.
struct Contrasts {
  std::vector<double> of_part;
  std::vector<double> of_zone;

  Contrasts(const TargetModel::Data& data, const Surroundings& around) {
    const double air = BandRadiance(around.band, around.air_temperature_k);
    const double air_minus_background = air - BandRadiance(around.band, around.background_temperature_k);
    const auto contrast = [&](const std::string& name, const Material& material) {
      const double surface = InContext(fmt::format("the part '{}' of {}", name, data.name), [&] {
        return BandRadiance(around.band, material.temperature.Kelvin(around.air_temperature_k));
      });
      // e L + (1 - e) L_air - L_background, so written that equal temperatures give exactly 0.
      return material.emissivity * (surface - air) + air_minus_background;
    };
    for (std::size_t i = 0; i < data.materials.size(); ++i) {
      of_part.push_back(contrast(data.mesh.parts[i], data.materials[i]));
    }
    for (const Zone& zone : data.zones) of_zone.push_back(contrast(zone.name, zone.material));
  }
};

std::optional<std::size_t> ZoneAt(const TargetModel::Data& data, Vec3 point) {
  const Vec3 from_corner = point - data.box.low, size = data.box.size();
  const auto inside = [](double place, double extent, const std::pair<double, double>& share) {
    place = std::clamp(place, 0.0, extent);  // rounding may put a point of the surface outside its box
    return place >= share.first * extent && place <= share.second * extent;
  };
  for (std::size_t i = 0; i < data.zones.size(); ++i) {
    const auto& shares = data.zones[i].shares;
    if (inside(from_corner.x, size.x, shares[0]) && inside(from_corner.y, size.y, shares[1]) &&
        inside(from_corner.z, size.z, shares[2])) {
      return i;
    }
  }
  return std::nullopt;
}

// Values become multiples of the largest magnitude / 65535.
void Quantise(Image<float>& contrast) {
  float largest = 0;
  for (const float value : contrast) largest = std::max(largest, std::abs(value));
  if (largest == 0) return;
  const double step = static_cast<double>(largest) / 65535;
  for (float& value : contrast) value = static_cast<float>(std::nearbyint(static_cast<double>(value) / step) * step);
}

}  // namespace

Template RenderTemplate(const TargetModel& model, const View& view, const Surroundings& surroundings, int supersampling) {
  const TargetModel::Data& data = model.data();
  CheckPositive(view.range_m, "a range in metres");
  CheckPositive(view.focal_length_mm, "a focal length in millimetres");
  CheckPositive(view.pixel_pitch_um, "a pixel pitch in micrometres");
  if (supersampling < 1 || supersampling > 64) {
    throw BadInput(fmt::format("a supersampling of {}; allowed: 1 to 64", supersampling));
  }
  const Attitude& attitude = view.attitude;
  if (!std::isfinite(attitude.roll_deg + attitude.pitch_deg + attitude.yaw_deg)) {
    throw BadInput("an attitude that is no finite number");
  }
  if (view.range_m <= data.radius_m) {
    throw BadInput(fmt::format("the camera at {:g} m lies inside the target '{}', whose radius is {:.4g} m", view.range_m,
                               data.name, data.radius_m));
  }
  const double cell_tangent = view.pixel_pitch_um * 1e-3 / (view.focal_length_mm * supersampling);
  const BodyAxes axes(attitude);
  const PixelBox cells = ProjectedCells(data, axes, view.range_m, cell_tangent);
  const Contrasts contrasts(data, surroundings);

  Image<float> opacity(cells.height, cells.width), contrast(cells.height, cells.width);
  // Rays start just in front of the target: single precision then resolves a ten-millionth of its size at any range.
  const double start_m = std::max(0.0, view.range_m - 1.001 * data.radius_m);
  ParallelFor(static_cast<std::size_t>(cells.height), [&](std::size_t row) {
    const int y = static_cast<int>(row);
    for (int x = 0; x < cells.width; ++x) {
      const Vec3 along{(cells.x + x) * cell_tangent, 1, -(cells.y + y) * cell_tangent};
      const Vec3 start = axes.BodyFromView(start_m * along - Vec3{0, view.range_m, 0});
      const Vec3 direction = axes.BodyFromView(along);
      const auto hit = data.caster.Cast(start, direction);
      if (!hit) continue;
      const auto zone = ZoneAt(data, start + hit->distance * direction);
      opacity(y, x) = 1;
      contrast(y, x) = static_cast<float>(zone ? contrasts.of_zone[*zone]
                                               : contrasts.of_part[data.mesh.part_of_triangle[hit->triangle]]);
    }
  });

  PixelBox covered;
  for (int y = 0; y < cells.height; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      if (opacity(y, x) > 0) covered = Enclose(covered, {x, y, 1, 1});
    }
  }
  if (covered.empty()) {
    throw BadInput(fmt::format("the target '{}' at {:g} m covers no cell: its largest extent is {:.3g} cells; ask for more "
                               "supersampling or a shorter range", data.name, view.range_m,
                               data.box.largest_extent() / (view.range_m * cell_tangent)));
  }
  Quantise(contrast);

  Template result;
  const PixelBox frame = Grow(covered, 1);
  result.opacity = Image<float>(frame.height, frame.width);
  result.contrast = Image<float>(frame.height, frame.width);
  for (int y = 0; y < covered.height; ++y) {
    std::copy_n(opacity.row(covered.y + y) + covered.x, covered.width, result.opacity.row(y + 1) + 1);
    std::copy_n(contrast.row(covered.y + y) + covered.x, covered.width, result.contrast.row(y + 1) + 1);
  }
  result.supersampling = supersampling;
  result.anchor_cells = {static_cast<double>(-cells.x - frame.x), static_cast<double>(-cells.y - frame.y)};
  result.band = ToString(surroundings.band);
  result.pixel_pitch_um = view.pixel_pitch_um;
  result.range_m = view.range_m;
  result.attitude = attitude;
  result.model = data.name;
  result.model_sha256 = data.sha256;
  return result;
}

}  // namespace mirst
