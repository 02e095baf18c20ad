// How targets move: each model by its closed form or its statistics, laid into the picture, across its border, or taken
// from a file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/file.h"
#include "core/units.h"
#include "generator/draw_motions.h"
#include "generator/flight.h"
#include "generator/motion_models.h"
#include "generator/path_file.h"
#include "generator/track_model.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

constexpr double kGrid_px = 1.0 / 65536;

double Length(Vec2 v) { return std::hypot(v.x, v.y); }

RandomStream Stream(std::uint64_t seed) { return RandomStream({.seed = seed, .purpose = Purpose::kTest}); }

TEST(ParseMotionMix, ReadsNamesAndWeightsAndRefusesWhatIsNone) {
  const auto mix = ParseMotionMix("turn 1, hover 3");
  ASSERT_EQ(mix.size(), 2U);
  EXPECT_EQ(mix[0], (MotionShare{MotionModel::kTurn, 0.25}));
  EXPECT_EQ(mix[1], (MotionShare{MotionModel::kHover, 0.75}));
  EXPECT_EQ(ParseMotionMix("flight"), (std::vector<MotionShare>{{MotionModel::kFlight, 1}}));
  for (const char* text : {"", "loop", "turn 0", "turn x", "turn 1 2", "turn, turn", "turn,", "turn -1"})
    EXPECT_THROW(ParseMotionMix(text), Error) << text;
}

TEST(ParseMotionMix, SharesAreQuotasOverTheSequences) {
  GenerateOptions options;
  options.sequences = 40;
  options.track.model = "turn 1, hover 3";
  options.track.entry_share = 0.25;
  options.track.exit_share = 0.5;
  const auto requests = DrawRequests(options, 3);
  const auto count = [&](auto&& holds) {
    return std::count_if(requests.begin(), requests.end(), [&](const auto& r) { return holds(r.targets[0]); });
  };
  EXPECT_EQ(count([](const TargetRequest& t) { return t.motion == MotionModel::kTurn; }), 10);
  EXPECT_EQ(count([](const TargetRequest& t) { return t.motion == MotionModel::kHover; }), 30);
  EXPECT_EQ(count([](const TargetRequest& t) { return t.crossing.enters; }), 10);
  EXPECT_EQ(count([](const TargetRequest& t) { return t.crossing.leaves; }), 20);
}

TEST(DrawMotion, ATurnLiesOnItsCircleAtConstantSpeed) {
  RandomStream random = Stream(1);
  const double speed = 1.5, rate = 3 * kPi / 180;
  const Path path =
      DrawMotion(MotionModel::kTurn, random, {.frames = 60, .speed_px = speed, .heading_rate_deg = 3})(1, {100, 100})
          .path;
  // The heading's left normal from the start leads to the centre: found from three positions, all others must agree.
  const Vec2 a = path.Position(0), b = path.Position(20), c = path.Position(40);
  const double d = 2 * (a.x * (b.y - c.y) + b.x * (c.y - a.y) + c.x * (a.y - b.y));
  const auto square = [](Vec2 p) { return p.x * p.x + p.y * p.y; };
  const Vec2 centre{(square(a) * (b.y - c.y) + square(b) * (c.y - a.y) + square(c) * (a.y - b.y)) / d,
                    (square(a) * (c.x - b.x) + square(b) * (a.x - c.x) + square(c) * (b.x - a.x)) / d};
  for (int k = 0; k < 60; ++k) {
    EXPECT_NEAR(Length(path.Position(k) - centre), speed / rate, 20 * kGrid_px);  // the circle amplifies the grid
    if (k > 0) {
      EXPECT_NEAR(Length(path.Position(k) - path.Position(k - 1)), speed * std::sin(rate / 2) / (rate / 2),
                  2 * kGrid_px);
    }
  }
}

TEST(DrawMotion, SingersAccelerationHasItsVarianceAndItsCorrelation) {
  RandomStream random = Stream(2);
  const int frames = 20000;
  const double sigma = 0.05, tau = 10;
  const Path path =
      DrawMotion(MotionModel::kSinger, random,
                 {.frames = frames, .speed_px = 1, .acceleration_px = sigma, .correlation_frames = tau})(1, {})
          .path;
  // p(k+1) - 2 p(k) + p(k-1) = (a(k) + a(k-1)) / 2.
  std::vector<double> a;
  for (int k = 1; k + 1 < frames; ++k)
    a.push_back((path.Position(k + 1) - 2 * path.Position(k) + path.Position(k - 1)).x);
  const auto covariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t k = 0; k + lag < a.size(); ++k) sum += a[k] * a[k + lag];
    return sum / static_cast<double>(a.size() - lag);
  };
  const double rho = std::exp(-1 / tau), variance = sigma * sigma * (1 + rho) / 2;
  // 20000 frames hold about 20000 / (2 tau) = 1000 independent values: sqrt(2 / 1000) = 4.5 %, three times that.
  EXPECT_NEAR(covariance(0) / variance, 1, 0.135);
  // Of the sums: c(lag) / c(0) = rho^(lag - 1) (1 + rho)^2 / (2 (1 + rho)) for lag >= 1; error as above.
  for (const int lag : {1, 5, 10})
    EXPECT_NEAR(covariance(static_cast<std::size_t>(lag)) / covariance(0), std::pow(rho, lag - 1) * (1 + rho) / 2, 0.1)
        << lag;
}

TEST(DrawMotion, AHoverKeepsToItsPlace) {
  RandomStream random = Stream(3);
  const int frames = 20000;
  const Path path =
      DrawMotion(MotionModel::kHover, random,
                 {.frames = frames, .speed_px = 5, .correlation_frames = 5, .jitter_px = 0.5})(1, {50, 60})
          .path;
  Vec2 mean;
  double variance = 0;
  for (int k = 0; k < frames; ++k) {
    const Vec2 off = path.Position(k) - Vec2{50, 60};
    mean = mean + (1.0 / frames) * off;
    variance += off.x * off.x / frames;
  }
  // 2000 independent places: 0.5 / sqrt(2000) = 0.011 px; variance to sqrt(2 / 2000) = 3 %; four times each.
  EXPECT_LT(Length(mean), 0.06);
  EXPECT_NEAR(variance, 0.25, 0.03);
}

TEST(DrawMotion, AWaypointCurveIsSmoothAndAsLongAsItsSpeedSays) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random = Stream(seed);
    const Path path =
        DrawMotion(MotionModel::kWaypoints, random, {.frames = 80, .speed_px = 2, .waypoints = 5})(1, {}).path;
    double length = 0, largest = 0;
    for (int k = 1; k < 80; ++k) {
      const double step = Length(path.Position(k) - path.Position(k - 1));
      length += step;
      largest = std::max(largest, step);
    }
    EXPECT_NEAR(length, 2 * 79, 79 * 2 * kGrid_px);
    // A Catmull-Rom leg of equal chords is at most 1.5 times as fast as its chord; the last legs start at half speed.
    EXPECT_LT(largest, 2 * 2.0);
  }
}

TEST(DrawMotion, EveryModelIsTheSameFromTheSameNumbersAndScalesWithItsSpeed) {
  for (const auto model : {MotionModel::kStraight, MotionModel::kAccelerated, MotionModel::kTurn, MotionModel::kSinger,
                           MotionModel::kHover, MotionModel::kWaypoints}) {
    const MotionParameters p{.frames = 30,
                             .speed_px = 2,
                             .acceleration_px = 0.02,
                             .heading_rate_deg = 2,
                             .correlation_frames = 8,
                             .jitter_px = 0.4,
                             .waypoints = 4};
    RandomStream first = Stream(9), second = Stream(9);
    const Motion motion = DrawMotion(model, first, p), again = DrawMotion(model, second, p);
    EXPECT_EQ(motion(1, {7, 8}), again(1, {7, 8})) << ToString(model);
    for (int k = 0; k < 30; ++k) {
      const Vec2 whole = motion(1, {}).path.Position(k), half = motion(0.5, {}).path.Position(k);
      // The formula's velocity and acceleration are rounded, and times k, k^2 / 2.
      EXPECT_NEAR(half.x, 0.5 * whole.x, (2 + k + k * k / 2) * kGrid_px) << ToString(model);
    }
  }
}

TEST(PlaceAcross, EntersAndLeavesAsAskedAndOnlyThen) {
  const Vec2 size{160, 120};
  const double reach = 6;
  const int frames = 40;
  const auto is_outside = [&](Vec2 p) {
    return p.x < -reach || p.y < -reach || p.x > size.x - 1 + reach || p.y > size.y - 1 + reach;
  };
  int placed = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomStream random = Stream(seed);
    const Crossing crossing{seed % 3 != 1, seed % 3 != 0};
    const Motion motion = DrawMotion(seed % 2 == 0 ? MotionModel::kStraight : MotionModel::kTurn, random,
                                     {.frames = frames, .speed_px = random.Uniform(0.3, 6), .heading_rate_deg = 1});
    const auto movement = PlaceAcross(motion, random, size, reach, frames, crossing);
    if (!movement) continue;
    ++placed;
    EXPECT_EQ(is_outside(movement->path.Position(0)), crossing.enters);
    EXPECT_EQ(is_outside(movement->path.Position(frames - 1)), crossing.leaves);
    const bool seen = !is_outside(movement->path.Position(frames / 2)) || (crossing.enters && crossing.leaves);
    EXPECT_TRUE(seen);
  }
  EXPECT_GT(placed, 200);  // turns that come back, and corners, fail now and then
}

TEST(Path, OffsetsAddToTheFormulaAndItsVelocity) {
  const Path path = PathThrough({{1, 2}, {3, 2}, {6, 3}});
  EXPECT_EQ(path.Position(2), (Vec2{6, 3}));
  EXPECT_EQ(path.VelocityAt(0), (Vec2{2, 0}));
  EXPECT_EQ(path.VelocityAt(1), (Vec2{2.5, 0.5}));
  EXPECT_EQ(path.VelocityAt(2), (Vec2{3, 1}));
}

constexpr PinholeCamera kCamera{5000, {160, 128}, 0};

TEST(MakeFlight, AcrossTheLineOfSightIsSpeedTimesFocalLengthOverRange) {
  const Movement movement =
      MakeFlight(kCamera, {.frames = 41, .range_m = 1000, .speed_m_per_frame = 0.4})(1, {152, 128});
  // x = f X / Z with Z constant: 5000 * 0.4 / 1000 = 2 px a frame, to the grid; the start is 8 px off the axis.
  for (int k = 0; k < 41; ++k) {
    EXPECT_NEAR(movement.path.Position(k).x, 152 + 2 * k, 1e-3);  // Z differs from the range by 1e-6
    EXPECT_NEAR(movement.path.Position(k).y, 128, 1e-4);
    // Nose to the right: seen under the angle at which the target stands off the axis.
    EXPECT_NEAR(movement.attitudes[static_cast<std::size_t>(k)].yaw_deg,
                std::atan((152 + 2 * k - 160) / 5000.0) * 180 / kPi, 0.006);
  }
  EXPECT_NEAR(movement.ranges_m[4], 1000, 0.002);
}

TEST(MakeFlight, ComingNearerGrowsByTheRangeAndStaysOnItsRay) {
  const Movement movement = MakeFlight(
      kCamera, {.frames = 21, .attitude = {0, 0, -90}, .range_m = 1000, .speed_m_per_frame = 20})(1, {210, 78});
  const Vec2 off{50, -50};
  for (int k = 0; k < 21; ++k) {
    // Flight along the axis: X and Y stay, Z falls by 20 m a frame; Z0 = 1000 / sqrt(1 + 2 (50 / 5000)^2).
    const double z0 = 1000 / std::sqrt(1 + 2 * 1e-4), z = z0 - 20 * k;
    EXPECT_NEAR(movement.path.Position(k).x, 160 + off.x * z0 / z, 1e-4);
    EXPECT_NEAR(movement.path.Position(k).y, 128 + off.y * z0 / z, 1e-4);
    EXPECT_NEAR(movement.ranges_m[static_cast<std::size_t>(k)], std::hypot(z, z0 * 0.01 * std::sqrt(2.0)), 6e-4);
  }
}

TEST(MakeFlight, KeepsItsDistanceAndBanksIntoItsTurn) {
  const FlightParameters toward{
      .frames = 61, .attitude = {0, 0, -90}, .range_m = 1000, .speed_m_per_frame = 20, .nearest_m = 500};
  for (const double range_m : MakeFlight(kCamera, toward)(1, {160, 128}).ranges_m) EXPECT_GE(range_m, 499.999);
  // v = 20 m/s, w = 10 deg/s: atan(20 * 0.1745 / 9.80665) = 19.59 degrees; to the left the right wing is up.
  const FlightParameters turn{
      .frames = 5, .heading_rate_deg = 0.4, .range_m = 5000, .speed_m_per_frame = 0.8, .frame_rate_hz = 25};
  EXPECT_NEAR(MakeFlight(kCamera, turn)(1, {160, 128}).attitudes[2].roll_deg, -19.59, 0.01);
}

TEST(MakeFlight, ACameraThatLooksUpSeesLevelFlightOverheadSinkTowardsTheHorizon) {
  // Level flight away from a camera that looks 30 degrees up: in the picture it goes down.
  const PinholeCamera up{5000, {160, 128}, 30};
  FlightParameters p{.frames = 11, .attitude = {0, -30, 90}, .range_m = 1000, .speed_m_per_frame = 5};
  const Movement movement = MakeFlight(up, p)(1, {160, 128});
  // 50 m on level ground direction: away += 50 cos 30, up -= 50 sin 30 in the camera's axes.
  EXPECT_NEAR(movement.path.Position(10).y, 128 + 5000 * 25 / (1000 + 43.30127), 1e-3);
  EXPECT_NEAR(movement.path.Position(10).x, 160, 1e-4);
}

class PathFileTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& text) {
    const auto path = folder.path() / "paths.csv";
    WriteFileAtomically(path, text);
    return path;
  }
  std::string Fault(const std::string& text) {
    try {
      ReadPathFile(Write(text));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  TemporaryFolder folder;
};

TEST_F(PathFileTest, GivesPlacesPosesAndRangesById) {
  const auto paths =
      ReadPathFile(Write("id,frame,x,y,range_m,roll,pitch,yaw\r\n1,0,10,20,900,0,1,2\n2,0,1,2,800,0,0,0\n"
                         "1,1,11.5,20,899.5,0,1,3\n2,1,-7,2,800,0,0,0\n"));
  ASSERT_EQ(paths.size(), 2U);
  EXPECT_EQ(paths.at(1).path.Position(1), (Vec2{11.5, 20}));
  EXPECT_EQ(paths.at(1).ranges_m, (std::vector<double>{900, 899.5}));
  EXPECT_EQ(paths.at(1).attitudes[1], (Attitude{0, 1, 3}));
  EXPECT_EQ(paths.at(2).path.Position(1), (Vec2{-7, 2}));
}

TEST_F(PathFileTest, NamesTheLineAndTheFault) {
  EXPECT_NE(Fault("frame,x\n").find("paths.csv:1: no column 'y'"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y,z\n").find("a column 'z'"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y,x\n").find("two columns 'x'"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y,yaw\n").find("all three or none"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y\n0,1\n").find("paths.csv:2: 2 cells, expected 3"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y\n0,1,nan\n").find("y is 'nan'"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y\n0,1,2\n2,1,2\n").find("paths.csv:3: frame 2 of id 1, expected 1"), std::string::npos);
  EXPECT_NE(Fault("frame,x,y,id\n0,1,2,1\n0,1,2,2\n1,1,2,2\n").find("id 2 has 2 frames, expected 1"),
            std::string::npos);
  EXPECT_NE(Fault("frame,x,y\n").find("has no rows"), std::string::npos);
  EXPECT_NE(Fault("").find("has no rows"), std::string::npos);
}

}  // namespace
}  // namespace mirst
