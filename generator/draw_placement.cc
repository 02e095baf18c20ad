#include "generator/draw_placement.h"

#include <algorithm>
#include <cmath>

#include "generator/flight.h"

namespace mirst {
namespace {

constexpr double kStraying = 0.3;  // of the largest spacing: how far members of a swarm stray

// Where a path may lie; the frame's size, and how far the target reaches from its path.
struct Region {
  Vec2 low, high, size_px;
  double reach_px;
};

double FocalPx(const CameraOptions& camera) { return camera.focal_length_mm * 1e3 / camera.pixel_pitch_um; }

double SpeedPx(const TargetScenario& target, double frame_rate_hz, const CameraOptions& camera) {
  const TargetRequest& request = target.request;
  if (request.speed_m_per_s == 0) return request.speed_px_per_frame;
  return request.speed_m_per_s / frame_rate_hz * FocalPx(camera) / target.range_m;
}

bool MovesWithScene(const Scenario& scenario) { return scenario.scene_motion && scenario.scene_motion->registered; }

MotionParameters DrawParameters(RandomStream& random, const TargetRequest& request, const TrackOptions& track,
                                double speed_px, int frames) {
  MotionParameters p;
  p.frames = frames;
  p.speed_px = speed_px;
  p.correlation_frames = track.correlation_frames;
  p.jitter_px = track.jitter_px;
  p.waypoints = track.waypoints;
  if (request.motion == MotionModel::kAccelerated)
    p.acceleration_px = random.Uniform(0, track.acceleration_px_per_frame2);
  if (request.motion == MotionModel::kSinger) p.acceleration_px = track.acceleration_px_per_frame2;
  if (request.motion == MotionModel::kTurn) {
    const auto [slowest, fastest] = track.heading_rate_deg_per_frame;
    p.heading_rate_deg = (random.Uniform() < 0.5 ? -1 : 1) * random.Uniform(slowest, fastest);
  }
  return p;
}

// The pose drawn for it says where a flight goes; it comes no nearer than where it has the largest area.
Motion FlightOf(const TargetScenario& target, double speed_px, const Backdrop& backdrop,
                const GenerateOptions& options) {
  const Image<float>& pixels = backdrop.frames.front().pixels;
  const double focal_px = FocalPx(options.camera);
  const double growth = std::max(1.0, options.LargestAreaPx() / target.request.area_px);
  return MakeFlight(
      {focal_px, {0.5 * (pixels.width() - 1), 0.5 * (pixels.height() - 1)}, options.scene.camera_elevation_deg},
      {target.frames, target.attitude, target.attitude_rate.yaw_deg, target.range_m,
       speed_px * target.range_m / focal_px, backdrop.frame_rate_hz, target.range_m / std::sqrt(growth)});
}

Motion MotionOf(RandomStream& random, const TargetScenario& target, const MotionParameters& parameters,
                const Backdrop& backdrop, const GenerateOptions& options) {
  if (target.request.given) return [given = *target.request.given](double, Vec2) { return given; };
  if (target.request.motion == MotionModel::kFlight) return FlightOf(target, parameters.speed_px, backdrop, options);
  return DrawMotion(target.request.motion, random, parameters);
}

// Drawn in scene coordinates, which are the picture's in the first frame, and carried along.
Motion WithScene(Motion motion, const Scenario& scenario) {
  if (!MovesWithScene(scenario)) return motion;
  return [motion = std::move(motion), maps = scenario.scene_motion->frame_from_scene](double scale, Vec2 start) {
    Movement movement = motion(scale, start);
    std::vector<Vec2> positions;
    for (std::size_t k = 0; k < maps.size(); ++k)
      positions.push_back(Apply(maps[k], movement.path.Position(static_cast<int>(k))));
    movement.path = PathThrough(positions);
    return movement;
  };
}

// A target that keeps its place in a scene that leaves the picture leaves it, too.
std::optional<Movement> PlaceAlone(const Motion& motion, RandomStream& random, const Region& region,
                                   const TargetRequest& request, bool moves_with_scene, int frames) {
  if (request.given) return motion(1, {});
  if (request.crossing != Crossing{})
    return PlaceAcross(motion, random, region.size_px, region.reach_px, frames, request.crossing);
  auto movement = PlaceInside(motion, random, region.low, region.high, frames);
  if (!movement && moves_with_scene) movement = PlaceMiddle(motion, random, region.low, region.high, frames);
  return movement;
}

bool Take(std::optional<Movement> movement, TargetScenario& target) {
  if (!movement) return false;
  target.path = std::move(movement->path);
  target.attitudes = std::move(movement->attitudes);
  target.ranges_m = std::move(movement->ranges_m);
  return true;
}

// Beside the leader at its velocity, turning and coming nearer as it does.
void Follow(const TargetScenario& leader, Vec2 offset, TargetScenario& target) {
  target.path = leader.path;
  target.path.start = target.path.start + offset;
  target.attitudes = leader.attitudes;
  target.ranges_m.clear();
  for (const double range_m : leader.ranges_m)
    target.ranges_m.push_back(std::floor(target.range_m * range_m / leader.ranges_m.front() * 1000 + 0.5) / 1000);
  target.may_leave = leader.may_leave;
}

}  // namespace

void DrawPose(const RandomKey& key, const TargetModel& model, const GenerateOptions& options, TargetCamera& camera,
              TargetScenario& scenario) {
  scenario.attitudes.clear();
  scenario.ranges_m.clear();
  RandomStream random(key);
  const auto angle = [&](double low, double high) { return std::floor(random.Uniform(low, high) * 100 + 0.5) / 100; };
  const double tilt = options.target.tilt_deg, turn = options.track.turn_rate_deg_per_frame;
  scenario.attitude = {angle(-tilt, tilt), angle(-tilt, tilt), angle(0, 360)};
  scenario.attitude_rate = {angle(-turn, turn) / 4, angle(-turn, turn) / 4, angle(-turn, turn)};
  scenario.range_m = SolveRange(model, scenario.attitude, scenario.request.area_px, camera);
  HoldViews(model, camera, scenario);
  // As it turns, the target may grow beyond the largest area: farther away then, so that its largest view keeps to it
  // with the few per cent that the sub-pixel phase adds.
  const double most = std::max(1.0, 0.94 * options.LargestAreaPx());
  for (int step = 0; step < 4; ++step) {
    TargetViews views(model, scenario, camera);
    double largest = 0;
    for (int quarter = 0; quarter <= kQuarters; ++quarter) {
      largest =
          std::max(largest, MaskAreaPx(views.At(QuarterFrame(quarter, scenario.frames)), options.camera.fill_factor));
    }
    if (largest <= most) break;
    scenario.range_m = std::floor(scenario.range_m * std::sqrt(largest / most) * 1000 + 0.5) / 1000;
    HoldViews(model, camera, scenario);
  }
}

std::vector<int> SourcesInOrder(const Inventory& inventory, int sequence) {
  constexpr std::size_t kMostSources = 8;
  const int sources = static_cast<int>(inventory.sources.size()), own = sequence % sources;
  std::vector<int> others;
  for (int step = 1; step < sources; ++step) {
    const int source = (own + step) % sources;
    if (inventory.splits[static_cast<std::size_t>(source)] == inventory.splits[static_cast<std::size_t>(own)])
      others.push_back(source);
  }
  // Not always the same neighbour: what one source cannot hold is spread over all.
  if (!others.empty()) {
    const auto turn = static_cast<std::size_t>(sequence / sources) % others.size();
    std::rotate(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(turn), others.end());
  }
  std::vector<int> order = {own};
  order.insert(order.end(), others.begin(),
               others.begin() + static_cast<std::ptrdiff_t>(std::min(others.size(), kMostSources - 1)));
  return order;
}

int LastPlacement(std::size_t source, std::size_t sources, int placements) {
  if (sources == 1) return placements;
  const double share = 0.5 + 0.5 * static_cast<double>(source) / static_cast<double>(sources - 1);
  return static_cast<int>(std::ceil(share * placements));
}

void DrawStretch(const RandomKey& key, const Inventory& inventory, const GenerateOptions& options, Scenario& scenario) {
  RandomStream random(key);
  const int available = inventory.sources[static_cast<std::size_t>(scenario.source)]->info().frame_count;
  const int least = static_cast<int>(options.frames.first),
            most = std::min(static_cast<int>(options.frames.second), available);
  scenario.frames = least + static_cast<int>(random.Integer(static_cast<std::uint32_t>(most - least + 1)));
  scenario.first_frame = static_cast<int>(random.Integer(static_cast<std::uint32_t>(available - scenario.frames + 1)));
}

bool DrawPathInFrame(const RandomKey& key, const Backdrop& backdrop, TargetViews& views, const GenerateOptions& options,
                     Scenario& scenario) {
  TargetScenario& target = scenario.targets.back();
  const double speed_px = SpeedPx(target, backdrop.frame_rate_hz, options.camera);
  // How far the support reaches from the path, seen at three moments; EmbedTracks looks at every frame.
  int cells = 0;
  for (const int quarter : {0, kQuarters / 2, kQuarters}) {
    const Template& view = views.At(QuarterFrame(quarter, scenario.frames));
    cells = std::max({cells, view.opacity.width(), view.opacity.height()});
  }
  const double margin = 0.5 * cells / options.target.supersampling + 2 + options.camera.integration_share * speed_px;
  const Image<float>& pixels = backdrop.frames.front().pixels;
  const Region region{{margin, margin},
                      {pixels.width() - 1 - margin, pixels.height() - 1 - margin},
                      {static_cast<double>(pixels.width()), static_cast<double>(pixels.height())},
                      margin};
  RandomStream random(key);
  const MotionParameters parameters = DrawParameters(random, target.request, options.track, speed_px, scenario.frames);
  const std::size_t earlier = scenario.targets.size() - 1;
  const Grouping grouping = earlier == 0 || target.request.given ? Grouping::kIndependent : options.target.grouping;
  target.may_leave = target.request.given || target.request.crossing != Crossing{} || MovesWithScene(scenario);
  const auto motion = [&] { return WithScene(MotionOf(random, target, parameters, backdrop, options), scenario); };
  if (grouping == Grouping::kIndependent)
    return Take(PlaceAlone(motion(), random, region, target.request, MovesWithScene(scenario), scenario.frames),
                target);

  const auto [least, most] = options.target.spacing_px;
  const Vec2 offset = DrawOffset(random, random.Uniform(least, most));
  if (grouping == Grouping::kCrossing) {
    const int quarter = scenario.frames / 4;
    const int meeting = quarter + static_cast<int>(random.Integer(static_cast<std::uint32_t>(2 * quarter + 1)));
    const Vec2 place = scenario.targets.front().path.Position(meeting) + offset;
    return Take(PlaceThrough(motion(), region.low, region.high, scenario.frames, place, meeting), target);
  }
  const std::size_t leader = grouping == Grouping::kSwarm ? 0 : random.Integer(static_cast<std::uint32_t>(earlier));
  Follow(scenario.targets[leader], offset, target);
  if (grouping == Grouping::kSwarm) {
    target.path = Displaced(target.path,
                            DrawStraying(random, scenario.frames, options.track.correlation_frames, kStraying * most));
  }
  const auto is_too_near = [&, least = least](const TargetScenario& other) {
    const Vec2 apart = other.path.start - target.path.start;
    return std::hypot(apart.x, apart.y) < least - 1e-4;  // offsets are rounded to the grid
  };
  return (target.may_leave || StaysInside(target.path, region.low, region.high, scenario.frames)) &&
         std::none_of(scenario.targets.begin(), scenario.targets.end() - 1, is_too_near);
}

}  // namespace mirst
