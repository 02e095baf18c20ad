#include "generator/draw_placement.h"

#include <algorithm>
#include <cmath>

namespace mirst {

void DrawPose(const RandomKey& key, const TargetModel& model, const GenerateOptions& options, TargetCamera& camera,
              TargetScenario& scenario) {
  RandomStream random(key);
  const auto angle = [&](double low, double high) { return std::floor(random.Uniform(low, high) * 100 + 0.5) / 100; };
  const double tilt = options.target.tilt_deg, turn = options.track.turn_rate_deg_per_frame;
  scenario.attitude = {angle(-tilt, tilt), angle(-tilt, tilt), angle(0, 360)};
  scenario.attitude_rate = {angle(-turn, turn) / 4, angle(-turn, turn) / 4, angle(-turn, turn)};
  scenario.range_m = SolveRange(model, scenario.attitude, scenario.request.area_px, camera);
  // As it turns, the target may grow beyond the largest area: farther away then, so that its largest view keeps to it
  // with the few per cent that the sub-pixel phase adds.
  const double most = std::max(1.0, 0.94 * options.target.area_px.second);
  for (int step = 0; step < 4; ++step) {
    TargetViews views(model, scenario, camera);
    double largest = 0;
    for (int quarter = 0; quarter <= 4; ++quarter) {
      largest =
          std::max(largest, MaskAreaPx(views.At(quarter * (scenario.frames - 1) / 4), options.camera.fill_factor));
    }
    if (largest <= most) break;
    scenario.range_m = std::floor(scenario.range_m * std::sqrt(largest / most) * 1000 + 0.5) / 1000;
  }
}

std::vector<int> SourcesInOrder(const Inventory& inventory, int sequence) {
  constexpr std::size_t kMostSources = 8;
  const int sources = static_cast<int>(inventory.sources.size()), own = sequence % sources;
  std::vector<int> order;
  for (int step = 0; step < sources && order.size() < kMostSources; ++step) {
    const int source = (own + step) % sources;
    if (inventory.splits[static_cast<std::size_t>(source)] == inventory.splits[static_cast<std::size_t>(own)])
      order.push_back(source);
  }
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
  // How far the support reaches from the path, seen at three moments; EmbedTracks looks at every frame.
  int cells = 0;
  for (const int frame : {0, scenario.frames / 2, scenario.frames - 1}) {
    cells = std::max({cells, views.At(frame).opacity.width(), views.At(frame).opacity.height()});
  }
  TargetScenario& target = scenario.targets.back();
  const TargetRequest& request = target.request;
  const double margin =
      0.5 * cells / options.target.supersampling + 2 + options.camera.integration_share * request.speed_px_per_frame;
  const Image<float>& pixels = backdrop.frames.front().pixels;
  const Vec2 low{margin, margin}, high{pixels.width() - 1 - margin, pixels.height() - 1 - margin};
  RandomStream random(key);
  const double acceleration = request.accelerated ? random.Uniform(0, options.track.acceleration_px_per_frame2) : 0;
  const std::size_t earlier = scenario.targets.size() - 1;
  const Grouping grouping = earlier == 0 ? Grouping::kIndependent : options.target.grouping;
  if (grouping == Grouping::kIndependent) {
    const auto path = DrawPath(random, low, high, scenario.frames, request.speed_px_per_frame, acceleration);
    if (path) target.path = *path;
    return path.has_value();
  }
  const auto [least, most] = options.target.spacing_px;
  const Vec2 offset = DrawOffset(random, random.Uniform(least, most));
  if (grouping == Grouping::kCrossing) {
    const int quarter = scenario.frames / 4;
    const int meeting = quarter + static_cast<int>(random.Integer(static_cast<std::uint32_t>(2 * quarter + 1)));
    const auto path = DrawPathThrough(random, low, high, scenario.frames, request.speed_px_per_frame, acceleration,
                                      scenario.targets.front().path.Position(meeting) + offset, meeting);
    if (path) target.path = *path;
    return path.has_value();
  }
  target.path = scenario.targets[random.Integer(static_cast<std::uint32_t>(earlier))].path;
  target.path.start = target.path.start + offset;
  const auto is_too_near = [&, least = least](const TargetScenario& other) {
    const Vec2 apart = other.path.start - target.path.start;
    return std::hypot(apart.x, apart.y) < least - 1e-4;  // offsets are rounded to the grid
  };
  return StaysInside(target.path, low, high, scenario.frames) &&
         std::none_of(scenario.targets.begin(), scenario.targets.end() - 1, is_too_near);
}

}  // namespace mirst
