#include "renderer/target_radiance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/error.h"
#include "renderer/rotation.h"
#include "renderer/target_data.h"

namespace mirst {
namespace {

std::optional<std::size_t> ZoneAt(const TargetModel::Data& data, Vec3 point) {
  const Vec3 from_corner = point - data.box.low, size = data.box.size(), half = 0.5 * size;
  const auto inside = [&](const Zone& zone, std::size_t axis, double place, double extent, double middle) {
    place = std::clamp(place, 0.0, extent);  // rounding may put a point of the surface outside its box
    const auto& share = zone.shares[axis];
    const auto& metres = zone.metres[axis];
    return place >= share.first * extent && place <= share.second * extent &&
           (!metres || (place - middle >= metres->first && place - middle <= metres->second));
  };
  for (std::size_t i = 0; i < data.zones.size(); ++i) {
    const Zone& zone = data.zones[i];
    if (inside(zone, 0, from_corner.x, size.x, half.x) && inside(zone, 1, from_corner.y, size.y, half.y) &&
        inside(zone, 2, from_corner.z, size.z, half.z)) {
      return i;
    }
  }
  return std::nullopt;
}

// Directions of the world in the camera's frame: x to the right of the image, y along the optical axis, z up.
struct World {
  Vec3 up, ahead;
  explicit World(double camera_elevation_deg) {
    const auto [c, s] = CosSinOf(camera_elevation_deg);
    up = {0, s, c};
    ahead = {0, c, -s};
  }
  Vec3 Direction(double azimuth_deg, double elevation_deg) const {
    const auto [ca, sa] = CosSinOf(azimuth_deg);
    const auto [ce, se] = CosSinOf(elevation_deg);
    return ce * (sa * Vec3{1, 0, 0} + ca * ahead) + se * up;
  }
};

// What a skin radiates to: the fourth powers' mean, weighed as sky and ground are seen.
double EnvironmentTemperature(double sky_k, double ground_k, double cos_tilt) {
  if (sky_k == ground_k) return sky_k;
  const auto fourth = [](double t) { return (t * t) * (t * t); };
  return std::sqrt(std::sqrt(fourth(ground_k) + 0.5 * (1 + cos_tilt) * (fourth(sky_k) - fourth(ground_k))));
}

// Made once for the band used last: it takes as long as the rays of a small template.
std::shared_ptr<const PlanckTable> SkinTable(const Band& band) {
  static std::mutex mutex;
  static Band last_band;
  static std::shared_ptr<const PlanckTable> last;
  const std::scoped_lock lock(mutex);
  if (!last || last_band != band) {
    last = std::make_shared<const PlanckTable>(band, 150, 1000);
    last_band = band;
  }
  return last;
}

}  // namespace

HeatState HeatStateOf(const TargetModel::Data& data, const Surroundings& surroundings) {
  const double air_k = surroundings.air_temperature_k;
  if (!(air_k > 0 && air_k <= kMaxSurfaceTemperature_K)) {
    throw BadInput(
        fmt::format("an air temperature of {} K; allowed: above 0 to {} K", air_k, kMaxSurfaceTemperature_K));
  }
  HeatState state;
  state.air_temperature_k = air_k;
  state.mach = surroundings.mach ? *surroundings.mach : data.speed_m_s / SoundSpeed(air_k);
  state.environment_temperature_k = EnvironmentTemperature(surroundings.sky_temperature_k.value_or(air_k),
                                                           surroundings.ground_temperature_k.value_or(air_k), 0);
  if (surroundings.sun) state.solar_irradiance_w_m2 = surroundings.sun->irradiance_w_m2;
  return state;
}

TargetRadiance::TargetRadiance(const TargetModel::Data& data, const View& view, const Surroundings& surroundings)
    : data_(data),
      surroundings_(surroundings),
      state_(HeatStateOf(data, surroundings)),
      sky_k_(surroundings.sky_temperature_k.value_or(surroundings.air_temperature_k)),
      ground_k_(surroundings.ground_temperature_k.value_or(surroundings.air_temperature_k)),
      background_(BandRadiance(surroundings.band, surroundings.background_temperature_k)),
      transmission_(surroundings.atmosphere.Transmission(view.range_m)) {
  around_.sky = BandRadiance(surroundings.band, sky_k_);
  around_.ground = BandRadiance(surroundings.band, ground_k_);
  const Pose pose(view);
  const World world(surroundings.camera_elevation_deg);
  camera_m_ = pose.BodyFromCamera(-1 * pose.origin_m);
  up_ = pose.BodyFromCamera(world.up);
  if (const auto& sun = surroundings.sun) {
    if (!(sun->elevation_deg >= -90 && sun->elevation_deg <= 90 && std::isfinite(sun->azimuth_deg) &&
          sun->transmission >= 0 && sun->transmission <= 1 && sun->irradiance_w_m2 >= 0 &&
          sun->irradiance_w_m2 <= 2000)) {
      throw BadInput(
          fmt::format("a sun at azimuth {} and elevation {} degrees, transmission {}, {} W/m2; allowed: elevation "
                      "-90 to 90, transmission 0 to 1, 0 to 2000 W/m2",
                      sun->azimuth_deg, sun->elevation_deg, sun->transmission, sun->irradiance_w_m2));
    }
    if (sun->elevation_deg > 0) {
      sun_is_up_ = true;
      to_sun_ = pose.BodyFromCamera(world.Direction(sun->azimuth_deg, sun->elevation_deg));
      around_.sun_irradiance = SolarIrradiance(surroundings.band) * sun->transmission;
    }
  }
  of_part_.reserve(data.materials.size());
  of_zone_.reserve(data.zones.size());
  for (std::size_t i = 0; i < data.materials.size(); ++i) AddSurface(data.mesh.parts[i], data.materials[i], of_part_);
  for (const Zone& zone : data.zones) AddSurface(zone.name, zone.material, of_zone_);
  const auto is_solved = [](const Surface& surface) { return !surface.radiance; };
  if (std::any_of(of_part_.begin(), of_part_.end(), is_solved) ||
      std::any_of(of_zone_.begin(), of_zone_.end(), is_solved)) {
    table_ = SkinTable(surroundings.band);
  }
  FindLooks();
}

void TargetRadiance::AddSurface(const std::string& name, const Material& material,
                                std::vector<Surface>& surfaces) const {
  double temperature_k = 0;
  try {
    temperature_k = material.Temperature(state_, 0);
    if (!(temperature_k > 0 && temperature_k <= kMaxSurfaceTemperature_K)) {
      throw BadInput(
          fmt::format("a temperature of {:g} K; allowed: above 0 to {} K", temperature_k, kMaxSurfaceTemperature_K));
    }
  } catch (Error& error) {
    error.AddContext(fmt::format("the part '{}' of {}", name, data_.name));
    throw;
  }
  Surface& surface =
      surfaces.emplace_back(Surface{&material, &material.emissivity.In(surroundings_.band), temperature_k, {}, {}});
  // A solved skin, too, has one temperature where nothing depends on how it lies.
  if (material.temperature.rule == SurfaceTemperature::Rule::kSkinBalance && (sun_is_up_ || sky_k_ != ground_k_))
    return;
  // Most parts are as warm as another one.
  const auto alike = std::find_if(surfaces.begin(), surfaces.end() - 1, [&](const Surface& other) {
    return other.radiance && other.temperature_k == temperature_k;
  });
  surface.radiance = alike != surfaces.end() - 1 ? alike->radiance : BandRadiance(surroundings_.band, temperature_k);
  // Of a grey surface in surroundings of one temperature, without sun, neither its tilt nor the side it is seen from
  // matters.
  if (sky_k_ == ground_k_ && !sun_is_up_ && surface.emissivity->is_lambert()) {
    surface.contrast =
        transmission_ * (LeavingRadiance(surface.emissivity->Normal(), *surface.radiance, around_, 1, 0) - background_);
  }
}

void TargetRadiance::FindLooks() {
  for (const Surface& surface : of_part_) {
    const auto part = static_cast<std::uint32_t>(look_of_part_.size());
    if (!surface.contrast) {
      look_of_part_.push_back(kVaries + part);
      continue;
    }
    const auto known = std::find(contrast_of_look_.begin(), contrast_of_look_.end(), *surface.contrast);
    look_of_part_.push_back(static_cast<Look>(known - contrast_of_look_.begin()));
    if (known == contrast_of_look_.end()) contrast_of_look_.push_back(*surface.contrast);
  }
}

double TargetRadiance::SkinRadiance(const Material& material, double cos_tilt, double cos_sun) const {
  HeatState here = state_;
  here.environment_temperature_k = EnvironmentTemperature(sky_k_, ground_k_, cos_tilt);
  return table_->Radiance(material.Temperature(here, cos_sun));
}

double TargetRadiance::CosineToSun(const PosedTarget::Surface& place) const {
  const double cosine = Dot(place.normal, to_sun_);
  if (!(cosine > 0)) return 0;
  // Just above the surface; parts that move cast no shadow.
  const RayCaster::Ray ray{place.point_m + (1e-4 * data_.radius_m) * place.normal, to_sun_};
  RayCaster::Hit hit;
  for (const RigidBody& body : data_.bodies) {
    if (!body.motion) body.caster.Cast({&ray, 1}, {&hit, 1}, RayCaster::Course::kApart);
  }
  return hit.triangle == RayCaster::kNothing ? cosine : 0;
}

double TargetRadiance::Contrast(std::uint32_t triangle, const PosedTarget::Surface& place) const {
  const auto zone = data_.zoned[triangle] != 0 ? ZoneAt(data_, place.point_m) : std::nullopt;
  const Surface& surface = zone ? of_zone_[*zone] : of_part_[data_.mesh.part_of_triangle[triangle]];
  if (surface.contrast) return *surface.contrast;
  const Vec3 to_camera = camera_m_ - place.point_m;
  const double cos_view = Dot(place.normal, to_camera) / Length(to_camera);
  const double cos_tilt = Dot(place.normal, up_);
  const double cos_sun = sun_is_up_ ? CosineToSun(place) : 0;
  const double emitted = surface.radiance ? *surface.radiance : SkinRadiance(*surface.material, cos_tilt, cos_sun);
  return transmission_ *
         (LeavingRadiance(surface.emissivity->At(cos_view), emitted, around_, cos_tilt, cos_sun) - background_);
}

}  // namespace mirst
