#include "renderer/posed_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "renderer/rotation.h"

namespace mirst {
namespace {

constexpr double kLargestTurn_deg = 6;  // of a moving part from one step of the exposure to the next
constexpr int kMostSteps = 64;

void CheckPositive(double value, const char* what) {
  if (!(value > 0 && value < std::numeric_limits<double>::infinity())) {
    throw BadInput(fmt::format("{} of {}; allowed: a number above 0", what, value));
  }
}

void CheckView(const TargetModel::Data& data, const View& view, int supersampling) {
  CheckPositive(view.range_m, "a range in metres");
  CheckPositive(view.focal_length_mm, "a focal length in millimetres");
  CheckPositive(view.pixel_pitch_um, "a pixel pitch in micrometres");
  if (supersampling < 1 || supersampling > 64) {
    throw BadInput(fmt::format("a supersampling of {}; allowed: 1 to 64", supersampling));
  }
  if (!std::isfinite(view.attitude.roll_deg + view.attitude.pitch_deg + view.attitude.yaw_deg)) {
    throw BadInput("an attitude that is no finite number");
  }
  if (!std::isfinite(view.off_axis_px.x + view.off_axis_px.y))
    throw BadInput("a place off the axis that is no finite number");
  if (!(std::abs(view.time_s) <= 1e9)) throw BadInput(fmt::format("a time of {} s; allowed: -1e9 to 1e9", view.time_s));
  if (!(view.integration_time_s >= 0 && view.integration_time_s <= 10)) {
    throw BadInput(fmt::format("an integration time of {} s; allowed: 0 to 10", view.integration_time_s));
  }
  if (view.range_m <= data.radius_m) {
    throw BadInput(fmt::format("the camera at {:g} m lies inside the target '{}', whose radius is {:.4g} m",
                               view.range_m, data.name, data.radius_m));
  }
  if (Pose(view).origin_m.y <= data.radius_m) {
    throw BadInput(fmt::format("the target '{}' reaches beside the camera: {:g} pixels off the axis at {:g} m",
                               data.name, std::hypot(view.off_axis_px.x, view.off_axis_px.y), view.range_m));
  }
}

// Middles of equal steps of the exposure.
std::vector<double> StepTimes(const TargetModel::Data& data, const View& view) {
  double turn_deg = 0;
  for (const RigidBody& body : data.bodies) {
    if (body.motion) turn_deg = std::max(turn_deg, body.motion->LargestRate() * view.integration_time_s);
  }
  const int steps = std::clamp(static_cast<int>(std::ceil(std::min(turn_deg, 1e6) / kLargestTurn_deg)), 1, kMostSteps);
  std::vector<double> times;
  for (int k = 0; k < steps; ++k) times.push_back(view.time_s + ((k + 0.5) / steps - 0.5) * view.integration_time_s);
  return times;
}

}  // namespace

Pose::Pose(const View& view) {
  const auto [cy, sy] = CosSinOf(view.attitude.yaw_deg);
  const auto [cp, sp] = CosSinOf(view.attitude.pitch_deg);
  const auto [cr, sr] = CosSinOf(view.attitude.roll_deg);
  x = {cy * cp, sy * cp, sp};
  const Vec3 left{-sy, cy, 0}, up{-cy * sp, -sy * sp, cp};  // before the roll
  y = cr * left + sr * up;
  z = cr * up - sr * left;
  const double tangent = view.pixel_pitch_um * 1e-3 / view.focal_length_mm;
  const Vec3 sight{view.off_axis_px.x * tangent, 1, -view.off_axis_px.y * tangent};
  origin_m = (view.range_m / Length(sight)) * sight;
}

void CellBox::Add(Vec2 p) {
  left = std::min(left, p.x);
  right = std::max(right, p.x);
  top = std::min(top, p.y);
  bottom = std::max(bottom, p.y);
}

void CellBox::Add(const CellBox& other) {
  Add(Vec2{other.left, other.top});
  Add(Vec2{other.right, other.bottom});
}

PosedTarget::PosedTarget(const TargetModel::Data& data, const View& view, int supersampling)
    : data_(data),
      pose_((CheckView(data, view, supersampling), view)),
      cell_tangent_(view.pixel_pitch_um * 1e-3 / (view.focal_length_mm * supersampling)),
      origin_cells_{supersampling * view.off_axis_px.x, supersampling * view.off_axis_px.y},
      // Rays start just in front of the target: single precision then resolves a ten-millionth of its size at any
      // range.
      start_m_(std::max(0.0, pose_.origin_m.y - 1.001 * data.radius_m)),
      // Directions are linear in the place in the image.
      ahead_(pose_.BodyFromCamera({0, 1, 0})),
      across_(pose_.BodyFromCamera({cell_tangent_, 0, 0})),
      down_(pose_.BodyFromCamera({0, 0, -cell_tangent_})),
      camera_(pose_.BodyFromCamera(-1 * pose_.origin_m)) {
  const std::vector<double> times = StepTimes(data, view);
  const bool at_rest =
      times.size() == 1 && std::all_of(data.bodies.begin(), data.bodies.end(), [&](const RigidBody& body) {
        return !body.motion || body.motion->AngleDeg(times.front()) == 0;
      });
  for (const RigidBody& body : data.bodies) {
    std::vector<ImagePoint>& images = first_images_.emplace_back();
    if (!body.motion || at_rest) box_.Add(Project(body.vertices, images));
  }
  if (at_rest) {  // one structure is traced faster than several
    still_ = data.at_rest ? &*data.at_rest : &data.bodies.front().caster;
    steps_.emplace_back();
  } else {
    PlaceMovingParts(times);
  }
}

void PosedTarget::PlaceMovingParts(const std::vector<double>& times) {
  const std::vector<RigidBody>& bodies = data_.bodies;
  still_ = bodies.front().motion ? nullptr : &bodies.front().caster;
  moving_boxes_.resize(static_cast<std::size_t>(
      std::count_if(bodies.begin(), bodies.end(), [](const RigidBody& body) { return body.motion.has_value(); })));
  std::vector<ImagePoint> later_images;
  for (const double time_s : times) {
    std::vector<Placed>& step = steps_.emplace_back();
    for (std::size_t b = 0; b < bodies.size(); ++b) {
      const RigidBody& body = bodies[b];
      if (!body.motion) continue;
      const Motion& motion = *body.motion;
      const double angle_deg = motion.AngleDeg(time_s);
      const Turn turn(motion.axis, motion.pivot_m, angle_deg);
      std::vector<Vec3> vertices = body.vertices;
      for (Vec3& v : vertices) v = turn.Point(v);
      const CellBox box = Project(vertices, steps_.size() == 1 ? first_images_[b] : later_images);
      moving_boxes_[step.size()].Add(box);
      step.push_back({&body, turn, Turn(motion.axis, motion.pivot_m, -angle_deg), box});
    }
  }
  for (const CellBox& box : moving_boxes_) box_.Add(box);
}

// Of points of the body: (origin + v) / its depth - origin / its depth, without the difference of large numbers.
CellBox PosedTarget::Project(const std::vector<Vec3>& points, std::vector<ImagePoint>& images) const {
  const Vec3& origin = pose_.origin_m;
  const Vec3 across = pose_.BodyFromCamera({1, -origin.x / origin.y, 0});
  const Vec3 down = pose_.BodyFromCamera({0, origin.z / origin.y, -1});
  CellBox box;
  images.clear();
  images.reserve(points.size());
  for (const Vec3& v : points) {
    const double depth = origin.y + Dot(v, ahead_), cells_per_metre = 1 / (depth * cell_tangent_);
    images.push_back({{Dot(v, across) * cells_per_metre, Dot(v, down) * cells_per_metre}, depth - start_m_});
    box.Add(images.back().place);
  }
  return box;
}

const PosedTarget::Placed* PosedTarget::PlaceOfBody(const RigidBody& body, std::size_t step) const {
  for (const Placed& placed : steps_[step]) {
    if (placed.body == &body) return &placed;
  }
  return nullptr;
}

void PosedTarget::CastStill(std::span<const Vec2> places, std::span<RayCaster::Hit> hits) const {
  if (still_ == nullptr) return;
  std::array<RayCaster::Ray, 64> rays;  // few enough for the innermost cache, whole packets
  for (std::size_t first = 0; first < places.size(); first += rays.size()) {
    const std::size_t count = std::min(rays.size(), places.size() - first);
    for (std::size_t i = 0; i < count; ++i) rays[i] = RayThrough(places[first + i]);
    still_->Cast(std::span(rays).first(count), hits.subspan(first, count), course());
  }
}

void PosedTarget::CastMoving(std::size_t step, std::span<const Vec2> places, std::span<RayCaster::Hit> hits) const {
  std::vector<RayCaster::Ray> rays;
  std::vector<RayCaster::Hit> nearest;
  std::vector<std::size_t> which;
  for (const Placed& placed : steps_[step]) {
    rays.clear();
    nearest.clear();
    which.clear();
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!placed.box.Contains(places[i])) continue;
      const RayCaster::Ray ray = RayThrough(places[i]);
      rays.push_back({placed.turn_back.Point(ray.origin), placed.turn_back.Direction(ray.direction)});
      nearest.push_back(hits[i]);
      which.push_back(i);
    }
    placed.body->caster.Cast(rays, nearest, course());
    for (std::size_t i = 0; i < which.size(); ++i) hits[which[i]] = nearest[i];
  }
}

PosedTarget::Surface PosedTarget::SurfaceAt(Vec2 place, std::uint32_t triangle, std::size_t step) const {
  Vec3 normal = data_.planes[triangle].normal, corner = data_.mesh.Corner(triangle, 0);
  if (!steps_[step].empty()) {
    const RigidBody& body = data_.bodies[data_.body_of_part[data_.mesh.part_of_triangle[triangle]]];
    if (const Placed* const placed = PlaceOfBody(body, step)) {
      normal = placed->turn.Direction(normal);
      corner = placed->turn.Point(corner);
    }
  }
  const RayCaster::Ray ray = RayThrough(place);
  const double against = Dot(normal, ray.direction);
  // A ray along the plane meets it anywhere; such a sliver hardly shows.
  constexpr double kGrazing = 1e-6;
  const double distance =
      std::abs(against) > kGrazing ? Dot(normal, corner - ray.origin) / against : Dot(corner - ray.origin, ahead_);
  return {ray.origin + distance * ray.direction, (against > 0 ? -1.0 : 1.0) * normal};
}

}  // namespace mirst
