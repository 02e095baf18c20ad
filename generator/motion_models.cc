#include "generator/motion_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/units.h"
#include "renderer/portable_math.h"

namespace mirst {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"straight", "accelerated", "turn",  "singer",
                                                    "hover",    "waypoints",   "flight"};

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

MotionShare ParseShare(std::string_view text) {
  const auto gap = text.find_first_of(" \t");
  const std::string_view name = text.substr(0, gap);
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw UsageError(fmt::format(
        "found '{}', allowed: straight, accelerated, turn, singer, hover, waypoints, flight, or several with weights, "
        "e.g. 'straight 1, turn 2'",
        name));
  }
  MotionShare share{static_cast<MotionModel>(found - kNames.begin()), 1};
  if (gap == std::string_view::npos) return share;
  const std::string_view weight = Trimmed(text.substr(gap));
  const auto [end, error] = std::from_chars(weight.data(), weight.data() + weight.size(), share.weight);
  if (error != std::errc() || end != weight.data() + weight.size() || !(share.weight > 0 && share.weight <= 1e6))
    throw UsageError(fmt::format("the weight of {} is '{}', allowed: above 0, at most a million", name, weight));
  return share;
}

// Displacements at no particular speed, times `scale`.
Motion Scaled(std::vector<Vec2> offsets) {
  return [offsets = std::move(offsets)](double scale, Vec2 start) {
    std::vector<Vec2> positions;
    for (const Vec2 offset : offsets) positions.push_back(start + scale * offset);
    return Movement{PathThrough(positions)};
  };
}

// A slower turn has the same rate and a smaller circle.
Motion DrawTurn(RandomStream& random, const MotionParameters& p) {
  const double heading = random.Uniform(0, 2 * kPi), rate = p.heading_rate_deg * kPi / 180;
  std::vector<Vec2> offsets;
  for (int k = 0; k < p.frames; ++k) {
    // The chord of an arc: v k sin(h) / h with h half the angle turned.
    const double half = 0.5 * rate * k, length = half == 0 ? k : k * std::sin(half) / half;
    offsets.push_back(p.speed_px * length * Vec2{std::cos(heading + half), std::sin(heading + half)});
  }
  return Scaled(std::move(offsets));
}

// x' = rho x + sqrt(1 - rho^2) sigma n: stationary, correlated over `correlation_frames`.
class Correlated {
 public:
  Correlated(RandomStream& random, double sigma, double correlation_frames)
      : random_(random),
        sigma_(sigma),
        rho_(ExpOfMinus(1 / correlation_frames)),
        value_{sigma * random.Normal(), sigma * random.Normal()} {}
  Vec2 Next() {
    const double fresh = sigma_ * std::sqrt(1 - rho_ * rho_);
    const Vec2 now = value_;
    const double x = random_.Normal(), y = random_.Normal();
    value_ = rho_ * value_ + fresh * Vec2{x, y};
    return now;
  }

 private:
  RandomStream& random_;
  double sigma_, rho_;
  Vec2 value_;
};

// The acceleration holds for a frame: p' = p + v + a / 2, v' = v + a.
Motion DrawSinger(RandomStream& random, const MotionParameters& p) {
  const double heading = random.Uniform(0, 2 * kPi);
  Vec2 place, velocity = p.speed_px * Vec2{std::cos(heading), std::sin(heading)};
  Correlated acceleration(random, p.acceleration_px, p.correlation_frames);
  std::vector<Vec2> offsets;
  for (int k = 0; k < p.frames; ++k) {
    offsets.push_back(place);
    const Vec2 a = acceleration.Next();
    place = place + velocity + 0.5 * a;
    velocity = velocity + a;
  }
  return Scaled(std::move(offsets));
}

Motion DrawHover(RandomStream& random, const MotionParameters& p) {
  Correlated place(random, p.jitter_px, p.correlation_frames);
  std::vector<Vec2> offsets;
  for (int k = 0; k < p.frames; ++k) offsets.push_back(place.Next());
  return Scaled(std::move(offsets));
}

// Catmull and Rom's cubic through `knots`, evenly spaced in time over `frames` frames, ends repeated.
std::vector<Vec2> Spline(const std::vector<Vec2>& knots, int frames) {
  std::vector<Vec2> curve;
  const int legs = static_cast<int>(knots.size()) - 1;
  const auto knot = [&](int i) { return knots[static_cast<std::size_t>(std::clamp(i, 0, legs))]; };
  for (int k = 0; k < frames; ++k) {
    const double place = frames > 1 ? static_cast<double>(k) * legs / (frames - 1) : 0;
    const int leg = std::min(static_cast<int>(place), legs - 1);
    const double t = place - leg;
    const Vec2 a = knot(leg - 1), b = knot(leg), c = knot(leg + 1), d = knot(leg + 2);
    const Vec2 linear = c - a, square = 2 * a - 5 * b + 4 * c - d, cube = 3 * (b - c) + d - a;
    curve.push_back(b + (0.5 * t) * (linear + t * (square + t * cube)));
  }
  return curve;
}

// Legs of one length, each up to 90 degrees off the one before, then the curve's own length made the speed's.
Motion DrawWaypoints(RandomStream& random, const MotionParameters& p) {
  double heading = random.Uniform(0, 2 * kPi);
  std::vector<Vec2> knots(1);
  for (int leg = 1; leg < p.waypoints; ++leg) {
    knots.push_back(knots.back() + Vec2{std::cos(heading), std::sin(heading)});
    heading += random.Uniform(-kPi / 2, kPi / 2);
  }
  std::vector<Vec2> offsets = Spline(knots, p.frames);
  double length = 0;
  for (std::size_t k = 1; k < offsets.size(); ++k) {
    const Vec2 step = offsets[k] - offsets[k - 1];
    length += std::sqrt(step.x * step.x + step.y * step.y);
  }
  const double wanted = p.speed_px * (p.frames - 1);
  for (Vec2& offset : offsets) offset = (length > 0 ? wanted / length : 0) * offset;
  return Scaled(std::move(offsets));
}

}  // namespace

std::string ToString(MotionModel model) { return std::string(kNames.at(static_cast<std::size_t>(model))); }

std::vector<MotionShare> ParseMotionMix(std::string_view text) {
  std::vector<MotionShare> mix;
  double sum = 0;
  while (true) {
    const auto comma = text.find(',');
    mix.push_back(ParseShare(Trimmed(text.substr(0, comma))));
    const MotionShare& last = mix.back();
    sum += last.weight;
    if (std::count_if(mix.begin(), mix.end(), [&](const MotionShare& s) { return s.model == last.model; }) > 1)
      throw UsageError(fmt::format("found {} twice, allowed: each motion once", ToString(last.model)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  for (MotionShare& share : mix) share.weight /= sum;
  return mix;
}

MotionModel ModelAt(const std::vector<MotionShare>& mix, double u) {
  double sum = 0;
  for (const MotionShare& share : mix) {
    sum += share.weight;
    if (u < sum) return share.model;
  }
  return mix.back().model;
}

Motion DrawMotion(MotionModel model, RandomStream& random, const MotionParameters& parameters) {
  switch (model) {
    case MotionModel::kStraight:
    case MotionModel::kAccelerated:
      return DrawAcceleratedMotion(random, parameters.speed_px, parameters.acceleration_px);
    case MotionModel::kTurn:
      return DrawTurn(random, parameters);
    case MotionModel::kSinger:
      return DrawSinger(random, parameters);
    case MotionModel::kHover:
      return DrawHover(random, parameters);
    case MotionModel::kWaypoints:
      return DrawWaypoints(random, parameters);
    case MotionModel::kFlight:
      break;
  }
  throw InternalError("a motion that is not drawn in the image");
}

std::vector<Vec2> DrawStraying(RandomStream& random, int frames, double period_frames, double spread_px) {
  const int knots = 2 + static_cast<int>(frames / period_frames);
  std::vector<Vec2> places;
  for (int i = 0; i < knots; ++i) {
    const double x = random.Normal(), y = random.Normal();
    places.push_back(spread_px * Vec2{x, y});
  }
  return Spline(places, frames);
}

}  // namespace mirst
