#include "generator/target_layers.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "fusion/scene_estimate.h"

namespace mirst {
namespace {

std::vector<std::size_t> NearestFirst(const Scenario& scenario) {
  std::vector<std::size_t> order(scenario.targets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scenario.targets[a].range_m < scenario.targets[b].range_m;
  });
  return order;
}

// The target as it would be seen with nothing before it.
SensorTemplate Unhidden(const Template& view, const TrackState& state, double unit_contrast,
                        const CameraOptions& camera) {
  const Vec2 smear = camera.integration_share * state.velocity_px_per_frame;
  const int subexposures = 1 + static_cast<int>(4 * std::max(std::abs(smear.x), std::abs(smear.y)));
  return Quantise(ResampleToSensor(view, state.centre_px, smear, subexposures, 1, camera.fill_factor), unit_contrast);
}

PlacementFault CheckPlace(const SensorTemplate& target, bool may_leave, const Backdrop& backdrop, std::size_t frame,
                          const GenerateOptions& options) {
  const auto is_near = [&](const std::vector<PixelBox>& boxes, int margin) {
    return std::any_of(boxes.begin(), boxes.end(),
                       [&](const PixelBox& box) { return !Intersect(Grow(target.box, margin), box).empty(); });
  };
  if (!may_leave && !backdrop.frames[frame].pixels.box().Contains(target.box)) return PlacementFault::kLeavesFrame;
  if (options.backgrounds.real_targets != RealTargets::kIgnore &&
      is_near(backdrop.real_targets[frame], options.avoid_margin_px))
    return PlacementFault::kNearRealTarget;
  if (is_near(backdrop.decoys[frame].supports, options.decoys.margin_px)) return PlacementFault::kNearDecoy;
  return PlacementFault::kNone;
}

// Where the flux is, from the counts of |contrast| alone.
Vec2 CentroidOf(const SensorTemplate& target) {
  double sum = 0;
  Vec2 moment;
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      const double weight = std::abs(static_cast<double>(target.contrast(y, x)));
      sum += weight;
      moment = moment + weight * Vec2{static_cast<double>(target.box.x + x), static_cast<double>(target.box.y + y)};
    }
  }
  return sum > 0 ? (1 / sum) * moment : target.centroid_px;
}

// What lies inside the picture; an empty box where nothing does.
SensorTemplate Cropped(const SensorTemplate& target, const PixelBox& picture) {
  if (picture.Contains(target.box)) return target;
  SensorTemplate part = target;
  part.box = Intersect(target.box, picture);
  const PixelBox inner{part.box.x - target.box.x, part.box.y - target.box.y, part.box.width, part.box.height};
  part.coverage = part.box.empty() ? Image<std::uint16_t>() : Crop(target.coverage, inner);
  part.contrast = part.box.empty() ? Image<float>() : Crop(target.contrast, inner);
  part.centroid_px = CentroidOf(part);
  return part;
}

// Opacity and contrast behind a layer and nearer targets, back on their fixed-point grids.
SensorTemplate Hidden(const SensorTemplate& target, const Transmission* layer,
                      const std::vector<const SensorTemplate*>& nearer) {
  SensorTemplate result = target;
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      const int row = target.box.y + y, column = target.box.x + x;
      double passing = layer == nullptr ? 1 : (*layer)(row, column) / 255.0;
      for (const SensorTemplate* other : nearer) {
        if (other->box.Contains(column, row)) passing *= 1 - other->opacity(row - other->box.y, column - other->box.x);
      }
      result.coverage(y, x) = static_cast<std::uint16_t>(std::floor(target.coverage(y, x) * passing + 0.5));
      result.contrast(y, x) = static_cast<float>(
          std::floor(static_cast<double>(target.contrast(y, x)) * passing * 65536.0 + 0.5) / 65536.0);
    }
  }
  result.centroid_px = CentroidOf(result);
  return result;
}

double SumOf(const Image<std::uint16_t>& coverage) {
  return static_cast<double>(std::accumulate(coverage.begin(), coverage.end(), std::int64_t{0}));
}

// The target's half_max pixels that `taken` leaves free become taken; false where there are none.
bool TakeMask(const SensorTemplate& target, Mask& taken) {
  const Mask mask = HalfMaxMask(target.coverage);
  bool any = false;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      std::uint8_t& pixel = taken(target.box.y + y, target.box.x + x);
      if (mask(y, x) <= 127 || pixel > 127) continue;
      pixel = 255;
      any = true;
    }
  }
  return any;
}

std::optional<std::size_t> IndexOf(const EmbeddedTrack& track, int frame) {
  const auto found = std::lower_bound(track.frames.begin(), track.frames.end(), frame);
  if (found == track.frames.end() || *found != frame) return std::nullopt;
  return static_cast<std::size_t>(found - track.frames.begin());
}

struct Neighbour {
  const EmbeddedTrack* track;
  std::size_t k;
};
std::vector<Neighbour> NeighboursOf(const std::vector<EmbeddedTrack>& tracks, std::size_t i, std::size_t k) {
  const PixelBox reach = Grow(tracks[i].templates[k].box, Box20Rule::kMarginPx);
  std::vector<Neighbour> neighbours;
  for (std::size_t j = 0; j < tracks.size(); ++j) {
    const auto index = j == i ? std::nullopt : IndexOf(tracks[j], tracks[i].frames[k]);
    if (index && !Intersect(reach, tracks[j].templates[*index].box).empty()) neighbours.push_back({&tracks[j], *index});
  }
  return neighbours;
}

void AddLight(const Neighbour& neighbour, Image<float>& image) {
  const EmbeddedTrack& track = *neighbour.track;
  if (track.gains.empty()) return;
  const SensorTemplate& target = track.templates[neighbour.k];
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      const double scene = static_cast<double>(track.scenes[neighbour.k](y, x));
      const double light = target.opacity(y, x) * (track.references[neighbour.k] - scene) +
                           track.gains[neighbour.k] * static_cast<double>(target.contrast(y, x));
      float& pixel = image(target.box.y + y, target.box.x + x);
      pixel = static_cast<float>(static_cast<double>(pixel) + light);
    }
  }
}

}  // namespace

PlacementFault LayTargets(const Scenario& scenario, std::vector<TargetViews>& views, const Backdrop& backdrop,
                          const GenerateOptions& options, int frame_step, std::vector<EmbeddedTrack>& tracks) {
  const std::size_t count = scenario.targets.size();
  tracks.assign(count, {});
  std::vector<Track> paths;
  for (std::size_t i = 0; i < count; ++i) {
    tracks[i].unit_contrast = MeanContrast(views[i].At(0));
    if (!(std::abs(tracks[i].unit_contrast) > 0)) return PlacementFault::kNoContrast;
    tracks[i].rule = ScrRule::Named(options.scr.id, backdrop.rule, scenario.targets[i].request.polarity);
    paths.push_back(scenario.targets[i].MakeTrack(backdrop.frame_rate_hz));
  }
  std::vector<std::vector<SensorTemplate>>
      all_unhidden;  // one a frame laid; no scene is estimated for a path of no use
  for (int frame = 0; frame < scenario.frames; frame += frame_step) {
    const auto f = static_cast<std::size_t>(frame);
    std::vector<SensorTemplate>& unhidden = all_unhidden.emplace_back();
    for (std::size_t i = 0; i < count; ++i) {
      unhidden.push_back(Unhidden(frame_step == 1 ? views[i].At(frame) : views[i].Near(frame), paths[i].states[f],
                                  tracks[i].unit_contrast, options.camera));
      const auto fault = CheckPlace(unhidden.back(), scenario.targets[i].may_leave, backdrop, f, options);
      if (fault != PlacementFault::kNone) return fault;
    }
  }
  const std::vector<std::size_t> order = NearestFirst(scenario);
  for (int frame = 0; frame < scenario.frames; frame += frame_step) {
    const auto f = static_cast<std::size_t>(frame);
    const Image<float>& background = backdrop.frames[f].pixels;
    const std::vector<SensorTemplate>& unhidden = all_unhidden[f / static_cast<std::size_t>(frame_step)];
    std::vector<SensorTemplate> targets(count);
    std::vector<double> whole(count);
    for (std::size_t i = 0; i < count; ++i) {
      whole[i] = SumOf(unhidden[i].coverage);
      targets[i] = Cropped(unhidden[i], background.box());
    }
    const Transmission* const layer = backdrop.layers.empty() ? nullptr : &backdrop.layers[f];
    std::vector<const SensorTemplate*> nearer;
    Mask taken(count > 1 ? background.height() : 0, count > 1 ? background.width() : 0);
    for (const std::size_t i : order) {
      const SensorTemplate seen = layer == nullptr && nearer.empty() ? targets[i] : Hidden(targets[i], layer, nearer);
      nearer.push_back(&targets[i]);
      const double visibility = SumOf(seen.coverage) / whole[i];
      if (visibility == 0 || visibility < options.occlusion.hidden_below) continue;
      if (count > 1 && !TakeMask(seen, taken)) continue;
      EmbeddedTrack& track = tracks[i];
      track.frames.push_back(frame);
      track.visibility.push_back(visibility);
      track.scenes.push_back(
          EstimateScene(options.fusion.scene, backdrop.frames, f, seen.box, options.fusion.scene_radius_px));
      track.templates.push_back(seen);
    }
  }
  for (const EmbeddedTrack& track : tracks) {
    const double share = static_cast<double>(track.frames.size()) / scenario.frames;
    const auto [least, most] = options.occlusion.seen_share;
    if (track.frames.empty() || (frame_step == 1 && (share < least || share > most))) return PlacementFault::kSeenShare;
  }
  return PlacementFault::kNone;
}

Image<std::uint16_t> OwnersAt(const Scenario& scenario, const std::vector<EmbeddedTrack>& tracks,
                              const Backdrop& backdrop, int frame) {
  const Image<float>& pixels = backdrop.frames[static_cast<std::size_t>(frame)].pixels;
  Image<std::uint16_t> owners(pixels.height(), pixels.width(), 0);
  for (const std::size_t i : NearestFirst(scenario)) {
    const auto k = IndexOf(tracks[i], frame);
    if (!k) continue;
    const SensorTemplate& target = tracks[i].templates[*k];
    const Mask mask = HalfMaxMask(target.coverage);
    for (int y = 0; y < mask.height(); ++y) {
      for (int x = 0; x < mask.width(); ++x) {
        std::uint16_t& owner = owners(target.box.y + y, target.box.x + x);
        if (mask(y, x) > 127 && owner == 0) owner = static_cast<std::uint16_t>(i + 1);
      }
    }
  }
  return owners;
}

bool HasNeighbour(const std::vector<EmbeddedTrack>& tracks, std::size_t i, std::size_t k) {
  return !NeighboursOf(tracks, i, k).empty();
}

FusedTarget FuseAmongOthers(const Scenario& scenario, const std::vector<EmbeddedTrack>& tracks, std::size_t i,
                            std::size_t k, const Backdrop& backdrop, Neighbours neighbours) {
  const EmbeddedTrack& track = tracks[i];
  const SensorTemplate& target = track.templates[k];
  const auto fuse = [&](const Image<float>& background, const Mask* others, const PixelSums* frame_sums) {
    return Fuse(background, target, track.scenes[k], track.references[k], backdrop.limits, track.rule, others,
                frame_sums);
  };
  const auto frame = static_cast<std::size_t>(track.frames[k]);
  const Image<float>& empty = backdrop.frames[frame].pixels;
  const std::vector<Neighbour> near = NeighboursOf(tracks, i, k);
  if (near.empty()) return fuse(empty, nullptr, backdrop.frame_sums.empty() ? nullptr : &backdrop.frame_sums[frame]);

  Image<float> background = empty;
  for (const Neighbour& neighbour : near) AddLight(neighbour, background);
  for (const Neighbour& neighbour : near) {
    const PixelBox& box = neighbour.track->templates[neighbour.k].box;
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x) {
        if (target.box.Contains(x, y)) continue;
        const double value =
            std::clamp(static_cast<double>(background(y, x)), backdrop.limits.low, backdrop.limits.high);
        background(y, x) = static_cast<float>(neighbours == Neighbours::kWritten ? std::floor(value + 0.5) : value);
      }
    }
  }
  const Image<std::uint16_t> owners = OwnersAt(scenario, tracks, backdrop, track.frames[k]);
  Mask others(owners.height(), owners.width());
  std::transform(owners.begin(), owners.end(), others.begin(),
                 [&](std::uint16_t owner) -> std::uint8_t { return owner != 0 && owner != i + 1 ? 255 : 0; });
  return fuse(background, &others, nullptr);
}

}  // namespace mirst
