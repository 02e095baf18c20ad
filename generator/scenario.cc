#include "generator/scenario.h"

#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "generator/draw_motions.h"

namespace mirst {
namespace {

double Mix(double u, std::pair<double, double> interval) {
  return interval.first + u * (interval.second - interval.first);
}

// Six digits are more than any of these needs, and keep the last bits of libm out of the labels.
double Rounded(double value) { return std::floor(value * 1e6 + 0.5) / 1e6; }

// What straight and accelerated paths of a constant pose do not have.
void AddMotion(const TargetScenario& s, Json& json) {
  json["motion"] = s.request.given ? "file" : ToString(s.request.motion);
  if (s.request.speed_m_per_s > 0) json["speed_m_per_s_requested"] = s.request.speed_m_per_s;
  if (s.may_leave) json["may_leave"] = true;
  for (const Vec2 offset : s.path.offsets) json["offsets_px"].push_back({offset.x, offset.y});
  for (const Attitude& a : s.attitudes) json["poses_rpy_deg"].push_back({a.roll_deg, a.pitch_deg, a.yaw_deg});
  for (const double range_m : s.ranges_m) json["ranges_m"].push_back(range_m);
  if (s.frames_a_view > 1 && s.attitudes.empty() && s.ranges_m.empty()) json["frames_a_view"] = s.frames_a_view;
}

Json SceneMotionJson(const SceneMotion& motion) {
  Json json = {{"method", ToString(motion.method)},
               {"registered", motion.registered},
               {"residual_px", motion.residual_px},
               {"failed_share", motion.failed_share}};
  if (!motion.registered) json["reason"] = motion.reason;
  for (const Homography& h : motion.frame_from_scene) json["frame_from_scene"].push_back(h);
  return json;
}

}  // namespace

std::vector<double> LatinStrata(int n, const RandomKey& key) {
  RandomStream random(key);
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back((i + random.Uniform()) / n);
  random.Shuffle(values);
  return values;
}

int TargetScenario::ViewFrame(int frame) const { return frame - frame % frames_a_view; }

Attitude TargetScenario::AttitudeAt(int frame) const {
  if (!attitudes.empty()) return attitudes[static_cast<std::size_t>(frame)];
  const int k = ViewFrame(frame);
  return {attitude.roll_deg + k * attitude_rate.roll_deg, attitude.pitch_deg + k * attitude_rate.pitch_deg,
          attitude.yaw_deg + k * attitude_rate.yaw_deg};
}

double TargetScenario::RangeAt(int frame) const {
  if (!ranges_m.empty()) return ranges_m[static_cast<std::size_t>(frame)];
  return range_ratio == 1 ? range_m : range_m * (1 + (range_ratio - 1) * ViewFrame(frame) / (frames - 1));
}

bool TargetScenario::KeepsItsView() const {
  return attitude_rate == Attitude{} && range_ratio == 1 && attitudes.empty() && ranges_m.empty();
}

Track TargetScenario::MakeTrack(double frame_rate_hz) const {
  Track track;
  for (int k = 0; k < frames; ++k) {
    track.states.push_back({k / frame_rate_hz, path.Position(k), path.VelocityAt(k), AttitudeAt(k), RangeAt(k), 1});
  }
  return track;
}

std::vector<SequenceRequest> DrawRequests(const GenerateOptions& options, int models) {
  const int n = options.sequences;
  const RandomKey key{.seed = options.seed, .purpose = Purpose::kScenario};
  const bool by_contrast = options.scr.mode == ScrMode::kContrast;
  const SamplingLaw signal_law = by_contrast ? options.ContrastLaw() : options.ScrLaw(), area_law = options.AreaLaw(),
                    speed_law = options.SpeedLaw();
  std::vector<SequenceRequest> requests(static_cast<std::size_t>(n));
  const auto counts = LatinStrata(n, key.WithObject(7));
  const auto [fewest, most] = options.target.count;
  for (std::size_t k = 0; k < requests.size(); ++k) {
    requests[k].index = static_cast<int>(k);
    requests[k].targets.resize(
        static_cast<std::size_t>(std::min(most, std::floor(Mix(counts[k], {fewest, most + 1})))));
  }
  for (std::uint16_t slot = 0; slot < static_cast<std::uint16_t>(most); ++slot) {
    const auto strata = [&](int quantity) {
      return LatinStrata(n, key.WithObject(static_cast<std::uint16_t>(16 * slot + quantity)));
    };
    const auto signal = strata(1), area = strata(2), speed = strata(3), polarity = strata(4), model = strata(5);
    for (std::size_t k = 0; k < requests.size(); ++k) {
      if (slot >= requests[k].targets.size()) continue;
      TargetRequest& request = requests[k].targets[slot];
      request.scr = 0;
      (by_contrast ? request.contrast_counts : request.scr) = Rounded(signal_law.Quantile(signal[k]));
      request.area_px = Rounded(area_law.Quantile(area[k]));
      request.speed_px_per_frame = Rounded(speed_law.Quantile(speed[k]));
      request.polarity = polarity[k] < options.target.hot_share ? 1 : -1;
      request.model = std::min(models - 1, static_cast<int>(model[k] * models));
    }
  }
  DrawMotions(options, requests);
  return requests;
}

std::string ToJson(const Scenario& scenario) {
  const auto vec = [](Vec2 v) { return Json::array({v.x, v.y}); };
  const auto angles = [](const Attitude& a) { return Json::array({a.roll_deg, a.pitch_deg, a.yaw_deg}); };
  Json targets = Json::array(), decoys = Json::array();
  for (const TargetScenario& s : scenario.targets) {
    Json target = {{"scr_requested", s.request.scr},
                   {"scr_embedded", s.scr},
                   {"area_px_requested", s.request.area_px},
                   {"speed_px_per_frame_requested", s.request.speed_px_per_frame},
                   {"polarity", s.request.polarity},
                   {"start_px", vec(s.path.start)},
                   {"velocity_px_per_frame", vec(s.path.velocity)},
                   {"acceleration_px_per_frame2", vec(s.path.acceleration)},
                   {"pose_rpy_deg", angles(s.attitude)},
                   {"pose_rate_rpy_deg_per_frame", angles(s.attitude_rate)},
                   {"range_m", s.range_m},
                   {"range_ratio", s.range_ratio},
                   {"placements_rejected", s.placement}};
    if (s.request.contrast_counts > 0) target["contrast_counts_requested"] = s.request.contrast_counts;
    if (const auto& cell = s.request.cell)
      target["quota_cell"] = {{"area_px", Json(cell->area_px)}, {"scr", Json(cell->scr)}};
    targets.push_back(std::move(target));
    AddMotion(s, targets.back());
  }
  for (const DecoyPlan& d : scenario.decoys) {
    decoys.push_back({{"kind", ToString(d.kind)},
                      {"start_px", vec(d.path.start)},
                      {"velocity_px_per_frame", vec(d.path.velocity)},
                      {"amplitude_counts", d.amplitude_counts},
                      {"length_px", d.length_px},
                      {"width_px", d.width_px},
                      {"angle_deg", d.angle_deg},
                      {"shown", d.shown}});
  }
  Json json{{"targets", targets}, {"decoys", decoys}};
  if (scenario.scene_motion) json["scene_motion"] = SceneMotionJson(*scenario.scene_motion);
  if (scenario.excision != Excision{}) {
    json["real_targets"] = {{"excised_boxes", scenario.excision.excised}, {"kept_boxes", scenario.excision.kept}};
  }
  return json.dump();
}

}  // namespace mirst
