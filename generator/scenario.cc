#include "generator/scenario.h"

#include <algorithm>
#include <cmath>

#include "core/json.h"

namespace mirst {
namespace {

// u in [0, 1), one in each of n equal strata, in random order.
std::vector<double> Strata(int n, const RandomKey& key) {
  RandomStream random(key);
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back((i + random.Uniform()) / n);
  random.Shuffle(values);
  return values;
}

double Mix(double u, std::pair<double, double> interval) {
  return interval.first + u * (interval.second - interval.first);
}

// Piecewise uniform: `low_share` of the probability below 3.
double ScrAt(double u, const ScrOptions& scr) {
  constexpr double kLow = 3;
  const auto [low, high] = scr.range;
  if (low >= kLow || high <= kLow || scr.low_share <= 0 || scr.low_share >= 1) {
    if (low < kLow && high > kLow) return scr.low_share <= 0 ? Mix(u, {kLow, high}) : Mix(u, {low, kLow});
    return Mix(u, scr.range);
  }
  return u < scr.low_share ? Mix(u / scr.low_share, {low, kLow})
                           : Mix((u - scr.low_share) / (1 - scr.low_share), {kLow, high});
}

// Six digits are more than any of these needs, and keep the last bits of libm out of the labels.
double Rounded(double value) { return std::floor(value * 1e6 + 0.5) / 1e6; }

}  // namespace

Attitude Scenario::AttitudeAt(int frame) const {
  return {attitude.roll_deg + frame * attitude_rate.roll_deg, attitude.pitch_deg + frame * attitude_rate.pitch_deg,
          attitude.yaw_deg + frame * attitude_rate.yaw_deg};
}

Track Scenario::MakeTrack(double frame_rate_hz) const {
  Track track;
  for (int k = 0; k < frames; ++k) {
    track.states.push_back({k / frame_rate_hz, path.Position(k), path.VelocityAt(k), AttitudeAt(k), range_m, 1});
  }
  return track;
}

std::vector<SequenceRequest> DrawRequests(const GenerateOptions& options, int models) {
  const int n = options.sequences;
  const RandomKey key{.seed = options.seed, .purpose = Purpose::kScenario};
  const auto scr = Strata(n, key.WithObject(1)), area = Strata(n, key.WithObject(2)),
             speed = Strata(n, key.WithObject(3));
  const auto polarity = Strata(n, key.WithObject(4)), model = Strata(n, key.WithObject(5)),
             bend = Strata(n, key.WithObject(6));
  std::vector<SequenceRequest> requests;
  for (int i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    SequenceRequest request;
    request.index = i;
    request.scr = Rounded(ScrAt(scr[k], options.scr));
    const auto [low, high] = options.target.area_px;
    request.area_px = Rounded(std::exp(Mix(area[k], {std::log(low), std::log(high)})));
    request.speed_px_per_frame = Rounded(Mix(speed[k], options.track.speed_px_per_frame));
    request.polarity = polarity[k] < options.target.hot_share ? 1 : -1;
    request.model = std::min(models - 1, static_cast<int>(model[k] * models));
    request.accelerated = bend[k] < options.track.accelerated_share;
    requests.push_back(request);
  }
  return requests;
}

std::string ToJson(const Scenario& s) {
  const auto vec = [](Vec2 v) { return Json::array({v.x, v.y}); };
  const auto angles = [](const Attitude& a) { return Json::array({a.roll_deg, a.pitch_deg, a.yaw_deg}); };
  const Json json = {{"scr_requested", s.request.scr},
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
                     {"placements_rejected", s.placement}};
  return json.dump();
}

}  // namespace mirst
