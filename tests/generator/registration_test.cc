// The scene's motion found where it is known: shifts, turns, zooms, other brightness, noise, and skies that tell
// nothing.
#include "generator/registration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/units.h"
#include "generator/plan.h"
#include "tests/support/wave_scene.h"

namespace mirst {
namespace {

constexpr int kHeight = 128, kWidth = 160;
const test::WaveScene& Scene() {
  static const test::WaveScene scene(3, 12);
  return scene;
}

// Turned by `degrees` and `zoom` times as large about the middle, then moved.
Homography Similarity(double degrees, double zoom, Vec2 shift) {
  const double c = zoom * std::cos(degrees * kPi / 180), s = zoom * std::sin(degrees * kPi / 180);
  const Vec2 middle{kWidth / 2.0, kHeight / 2.0};
  return {c, -s, middle.x - c * middle.x + s * middle.y + shift.x,
          s, c,  middle.y - s * middle.x - c * middle.y + shift.y,
          0, 0,  1};
}

// The frame in which what lies at p in the first one lies at map(p); the map is affine.
Image<float> Moved(const Homography& map, double noise = 0, std::uint32_t stream = 1) {
  const double determinant = map[0] * map[4] - map[1] * map[3];
  return Scene().Look(
      kHeight, kWidth,
      [&](Vec2 q) {
        const Vec2 d = q - Vec2{map[2], map[5]};
        return Vec2{(map[4] * d.x - map[1] * d.y) / determinant, (map[0] * d.y - map[3] * d.x) / determinant};
      },
      noise, stream);
}
Image<float> First(double noise = 0) { return Moved(kIdentity, noise, 0); }

double LargestMiss(const Homography& found, const Homography& truth) {
  double miss = 0;
  for (const Vec2 p : {Vec2{10, 10}, Vec2{kWidth - 11, 10}, Vec2{10, kHeight - 11}, Vec2{kWidth - 11, kHeight - 11}}) {
    const Vec2 d = Apply(found, p) - Apply(truth, p);
    miss = std::max(miss, std::hypot(d.x, d.y));
  }
  return miss;
}

constexpr RegistrationMethod kMethods[] = {RegistrationMethod::kPhase, RegistrationMethod::kEcc,
                                           RegistrationMethod::kFeatures};

// Of the corners, px. A shift is limited by the interpolation. ECC fits a turn and a zoom too, on pictures that OpenCV
// warps on a grid of 1/32 px: what that leaves in the slopes counts 100 px from the middle, hence a tenth, twice where
// the contrast is halved.
double Tolerance(RegistrationMethod method) { return method == RegistrationMethod::kPhase ? 0.02 : 0.2; }

TEST(RegisterPair, FindsAShiftByEveryMethod) {
  const Homography truth = Similarity(0, 1, {3.3, -1.7});
  for (const auto method : kMethods) {
    const PairMotion found = RegisterPair(First(), Moved(truth), method);
    EXPECT_TRUE(found.registered) << ToString(method);
    EXPECT_LT(LargestMiss(found.second_from_first, truth), Tolerance(method)) << ToString(method);
    EXPECT_LT(found.residual_px, Tolerance(method)) << ToString(method);
  }
}

TEST(RegisterPair, FindsATurnAndAZoomWhereTheModelHasThem) {
  const Homography truth = Similarity(0.8, 1.012, {-2.2, 0.9});
  for (const auto method : {RegistrationMethod::kEcc, RegistrationMethod::kFeatures}) {
    const PairMotion found = RegisterPair(First(), Moved(truth), method);
    EXPECT_TRUE(found.registered) << ToString(method);
    EXPECT_LT(LargestMiss(found.second_from_first, truth), Tolerance(method)) << ToString(method);
  }
}

TEST(RegisterPair, TheResidualIsWhatAShiftLeavesOfATurn) {
  const double degrees = 0.8;
  const PairMotion found = RegisterPair(First(), Moved(Similarity(degrees, 1, {})), RegistrationMethod::kPhase);
  // The middles of the 4 x 3 blocks of 32 px lie 16 (two), 36 (four), 48 (two) and 58 px (four) from the picture's: the
  // upper median is 48 px. Of a turn within a block the shift is seen to some per cent.
  EXPECT_NEAR(found.residual_px, 48 * degrees * kPi / 180, 0.07);
}

TEST(RegisterPair, DoesNotCareForBrightnessAndContrast) {
  const Homography truth = Similarity(0, 1, {-4.6, 2.4});
  Image<float> second = Moved(truth);
  for (float& value : second) value = 0.6F * value + 40;
  for (const auto method : kMethods) {
    const PairMotion found = RegisterPair(First(), second, method);
    EXPECT_TRUE(found.registered) << ToString(method);
    EXPECT_LT(LargestMiss(found.second_from_first, truth), Tolerance(method)) << ToString(method);
  }
}

TEST(RegisterPair, StandsNoise) {
  const Homography truth = Similarity(0, 1, {1.6, 3.1});
  for (const auto method : kMethods) {
    const PairMotion found = RegisterPair(First(4), Moved(truth, 4), method);
    EXPECT_TRUE(found.registered) << ToString(method);
    // The structure has about 12 counts over some pixels: 20480 px with gradients of about 2 counts/px and noise of 4
    // counts in both give 4 sqrt(2) / (2 sqrt(20480 / 18)) = 0.08 px a shift; an affine map is worse at the corners.
    EXPECT_LT(LargestMiss(found.second_from_first, truth), method == RegistrationMethod::kPhase ? 0.1 : 0.8)
        << ToString(method);
  }
}

TEST(RegisterPair, KnowsASkyThatTellsNothing) {
  for (const double slope : {0.0, 0.3}) {  // a plain sky, and one that brightens downwards: sideways it tells nothing
    const auto sky = [&](std::uint32_t stream) {
      RandomStream random({.seed = 8, .sequence = stream, .purpose = Purpose::kTest});
      Image<float> image(kHeight, kWidth);
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) image(y, x) = static_cast<float>(100 + slope * y + 2 * random.Normal());
      }
      return image;
    };
    for (const auto method : kMethods) {
      const PairMotion found = RegisterPair(sky(1), sky(2), method);
      EXPECT_FALSE(found.registered) << ToString(method) << ", slope " << slope;
      EXPECT_GT(found.uncertainty_px, kMostUncertain_px) << ToString(method) << ", slope " << slope;
    }
  }
}

std::vector<Frame> Movie(int frames, Vec2 step, double noise) {
  std::vector<Frame> movie;
  for (int k = 0; k < frames; ++k) {
    Frame frame;
    frame.pixels = Moved(Similarity(0, 1, static_cast<double>(k) * step), noise, static_cast<std::uint32_t>(k));
    frame.index = k;
    movie.push_back(std::move(frame));
  }
  return movie;
}

TEST(RegisterScene, ChainsThePairs) {
  const Vec2 step{1.37, -0.61};
  const SceneMotion motion = RegisterScene(Movie(13, step, 1), RegistrationMethod::kAuto);
  ASSERT_TRUE(motion.registered) << motion.reason;
  EXPECT_EQ(motion.method, RegistrationMethod::kPhase);  // which suffices
  ASSERT_EQ(motion.frame_from_scene.size(), 13U);
  EXPECT_EQ(motion.frame_from_scene[0], kIdentity);
  // 12 steps of about 0.02 px each (noise 1, as above), in part opposite errors: sqrt(12) * 0.02, and half as much
  // again.
  EXPECT_LT(LargestMiss(motion.frame_from_scene[12], Similarity(0, 1, 12.0 * step)), 0.1);
  EXPECT_LT(motion.residual_px, 0.15);
}

TEST(RegisterScene, SaysWhyItCannot) {
  std::vector<Frame> cuts = Movie(6, {}, 1);
  for (std::size_t k = 0; k < cuts.size(); ++k) {
    cuts[k].pixels = Image<float>(kHeight, kWidth, static_cast<float>(50 + k));
  }
  const SceneMotion motion = RegisterScene(cuts, RegistrationMethod::kAuto);
  EXPECT_FALSE(motion.registered);
  EXPECT_NE(motion.reason.find("too little structure"), std::string::npos);
  EXPECT_TRUE(motion.frame_from_scene.empty());
}

TEST(PlanSequence, MovesThePathWithTheSceneWhereItIsRegistered) {
  GenerateOptions options;
  options.sequences = 3;
  options.frames = {20, 20};
  options.backgrounds.procedural_sources = 3;
  options.backgrounds.procedural.width = 192;
  options.backgrounds.procedural.height = 144;
  options.backgrounds.procedural.frame_count = 24;
  options.target.area_px = {2, 20};
  options.backgrounds.procedural.scene = ProceduralOptions::Scene::kSkyline;
  options.backgrounds.procedural.pan_px_per_frame = 2;
  options.track.model = "straight";
  options.track.registration = RegistrationMethod::kPhase;
  const Inventory inventory = OpenInventory(options);
  int registered = 0;
  for (const SequenceRequest& request : DrawRequests(options, static_cast<int>(inventory.models.size()))) {
    const Scenario scenario = PlanSequence(inventory, request, options);
    ASSERT_TRUE(scenario.scene_motion);
    if (!scenario.scene_motion->registered) continue;
    ++registered;
    const Path& path = scenario.targets[0].path;
    const auto in_scene = [&](int k) {
      const Homography& map = scenario.scene_motion->frame_from_scene[static_cast<std::size_t>(k)];
      return path.Position(k) - Vec2{map[2], map[5]};
    };
    for (int k = 1; k + 1 < scenario.frames; ++k) {
      const Vec2 bend = in_scene(k + 1) - 2 * in_scene(k) + in_scene(k - 1);
      EXPECT_NEAR(bend.x, 0, 1e-4);  // positions lie on a grid of 1.5e-5
      EXPECT_NEAR(bend.y, 0, 1e-4);
    }
  }
  EXPECT_GT(registered, 0);
}

}  // namespace
}  // namespace mirst
