// What is drawn before anything is made: requests, splits, paths, ranges.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include "core/error.h"
#include "core/units.h"
#include "fusion/region_resample.h"
#include "generator/plan.h"
#include "generator/scenario.h"
#include "generator/splits.h"
#include "generator/target_view.h"
#include "generator/track_model.h"

namespace mirst {
namespace {

TEST(DrawRequests, EveryStratumOfTheScrIsTakenOnce) {
  GenerateOptions options;
  options.sequences = 40;
  options.scr.range = {1, 2};
  std::set<int> strata;
  for (const SequenceRequest& request : DrawRequests(options, 3)) {
    ASSERT_EQ(request.targets.size(), 1U);
    EXPECT_GE(request.targets[0].scr, 1);
    EXPECT_LE(request.targets[0].scr, 2);
    strata.insert(static_cast<int>((request.targets[0].scr - 1) * 40));
  }
  // Rounding to 1e-6 may move a value across a boundary of its stratum, in 40 draws practically never.
  EXPECT_GE(strata.size(), 39U);
}

TEST(DrawRequests, LowShareOfTheSequencesLiesBelowThree) {
  GenerateOptions options;
  options.sequences = 100;
  options.scr.range = {0.5, 8};
  options.scr.low_share = 0.65;
  const auto requests = DrawRequests(options, 1);
  EXPECT_EQ(std::count_if(requests.begin(), requests.end(), [](const auto& r) { return r.targets[0].scr < 3; }), 65);
}

TEST(DrawRequests, ShareOfHotTargetsAndModelsAreQuotas) {
  GenerateOptions options;
  options.sequences = 50;
  options.target.hot_share = 0.7;
  const auto requests = DrawRequests(options, 5);
  EXPECT_EQ(std::count_if(requests.begin(), requests.end(), [](const auto& r) { return r.targets[0].polarity > 0; }),
            35);
  for (int model = 0; model < 5; ++model) {
    EXPECT_EQ(
        std::count_if(requests.begin(), requests.end(), [&](const auto& r) { return r.targets[0].model == model; }),
        10);
  }
}

TEST(DrawRequests, TheSeedDecides) {
  GenerateOptions options;
  const auto first = DrawRequests(options, 4);
  EXPECT_EQ(first, DrawRequests(options, 4));
  options.seed = 1;
  EXPECT_NE(first, DrawRequests(options, 4));
}

TEST(DrawRequests, NumbersOfTargetsAreStratifiedAndLeaveTheFirstTargetsAsTheyAre) {
  GenerateOptions options;
  options.sequences = 40;
  const auto single = DrawRequests(options, 3);
  options.target.count = {1, 4};
  const auto several = DrawRequests(options, 3);
  std::vector<int> sequences_with(5);
  for (std::size_t i = 0; i < several.size(); ++i) {
    EXPECT_EQ(several[i].targets.front(), single[i].targets.front());
    ++sequences_with.at(several[i].targets.size());
  }
  EXPECT_EQ(sequences_with, (std::vector<int>{0, 10, 10, 10, 10}));
}

TEST(AssignSplits, GivesEachSplitASourceAndKeepsTheShares) {
  for (const int sources : {1, 2, 3, 4, 7, 20, 100}) {
    const auto splits = AssignSplits(sources, 0.15, 0.2, 5);
    ASSERT_EQ(splits.size(), static_cast<std::size_t>(sources));
    const auto count = [&](const char* name) { return std::count(splits.begin(), splits.end(), name); };
    EXPECT_GE(count("train"), 1);
    EXPECT_GE(count("test"), sources >= 2 ? 1 : 0);
    EXPECT_GE(count("val"), sources >= 3 ? 1 : 0);
    EXPECT_NEAR(static_cast<double>(count("test")), 0.2 * sources, 1);
    EXPECT_NEAR(static_cast<double>(count("val")), 0.15 * sources, 1);
  }
}

TEST(AssignModelSplits, GivesEverySplitThatHasSourcesAModelOfItsOwn) {
  const std::vector<std::string> sources = AssignSplits(10, 0.2, 0.3, 1);
  const auto splits = AssignModelSplits(7, sources, 0.2, 0.3, 1);
  for (const std::string split : {"train", "val", "test"}) {
    std::vector<int> times(7);
    for (int place = 0; place < 7; ++place) ++times[static_cast<std::size_t>(ModelOfSplit(splits, split, place))];
    for (std::size_t model = 0; model < 7; ++model) EXPECT_EQ(times[model] > 0, splits[model] == split);
  }
  EXPECT_THROW(AssignModelSplits(2, sources, 0.2, 0.3, 1), Error);
}

TEST(OpenInventory, TakesSourcesOfTheNamesAskedForOnly) {
  GenerateOptions options;
  options.backgrounds.procedural_sources = 12;
  options.backgrounds.names = {"*-0?11", "PROCEDURAL-*3"};
  std::vector<std::string> names;
  for (const auto& source : OpenInventory(options).sources) names.push_back(source->info().name);
  EXPECT_EQ(names, (std::vector<std::string>{"procedural-0003", "procedural-0011"}));
  options.backgrounds.procedural_sources = 2;
  options.backgrounds.names = {"sea", "sky*"};
  try {
    OpenInventory(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "backgrounds.names: found [sea, sky*], which fits no source; there are: "
              "procedural-0000, procedural-0001");
  }
}

TEST(PlanSequence, HoldsModelsOut) {
  GenerateOptions options;
  options.sequences = 9;
  options.backgrounds.procedural_sources = 3;
  options.split.models = HeldOutModels::kHeldOut;
  const Inventory inventory = OpenInventory(options);
  std::map<int, std::set<std::string>> splits_of_model;
  for (const SequenceRequest& request : DrawRequests(options, static_cast<int>(inventory.models.size()))) {
    const Scenario scenario = PlanSequence(inventory, request, options);
    splits_of_model[scenario.targets[0].request.model].insert(
        inventory.splits[static_cast<std::size_t>(scenario.source)]);
  }
  EXPECT_EQ(splits_of_model.size(), 3U);
  for (const auto& [model, splits] : splits_of_model) EXPECT_EQ(splits.size(), 1U) << model;
}

TEST(DrawPath, StaysInsideAndStartsWithTheSpeedAskedForWhereItFits) {
  RandomStream random({.seed = 3, .purpose = Purpose::kTest});
  for (int i = 0; i < 500; ++i) {
    const Vec2 low{random.Uniform(0, 20), random.Uniform(0, 20)},
        high{random.Uniform(60, 300), random.Uniform(60, 300)};
    const int frames = 2 + static_cast<int>(random.Integer(60));
    const double speed = random.Uniform(0, 6), acceleration = random.Uniform(0, 0.1);
    const auto path = DrawPath(random, low, high, frames, speed, acceleration);
    ASSERT_TRUE(path);
    for (int k = 0; k < frames; ++k) {
      // The start is rounded to 2^-16.
      EXPECT_GE(path->Position(k).x, low.x - 1e-4);
      EXPECT_LE(path->Position(k).x, high.x + 1e-4);
      EXPECT_GE(path->Position(k).y, low.y - 1e-4);
      EXPECT_LE(path->Position(k).y, high.y + 1e-4);
    }
    EXPECT_LE(std::hypot(path->velocity.x, path->velocity.y), speed + 1e-4);
    const double reach = speed * frames + 0.5 * acceleration * frames * frames;
    if (reach < std::min(high.x - low.x, high.y - low.y)) {
      EXPECT_NEAR(std::hypot(path->velocity.x, path->velocity.y), speed, 1e-4);
    }
  }
}

TEST(DrawPath, PositionIsTheIntegralOfTheVelocity) {
  const Path path{{10, 20}, {1.5, -0.25}, {0.125, 0.0625}};
  for (int k = 0; k < 20; ++k) {
    // Constant acceleration: the mean of the velocities at both ends is exact.
    const Vec2 step = path.Position(k + 1) - path.Position(k),
               mean = 0.5 * (path.VelocityAt(k) + path.VelocityAt(k + 1));
    EXPECT_NEAR(step.x, mean.x, 1e-12);
    EXPECT_NEAR(step.y, mean.y, 1e-12);
  }
}

TEST(PlaceThrough, PassesThePointInItsFrameAndStaysInside) {
  RandomStream random({.seed = 5, .purpose = Purpose::kTest});
  const Vec2 low{10, 10}, high{110, 90};
  for (int i = 0; i < 500; ++i) {
    const int frames = 2 + static_cast<int>(random.Integer(60)),
              frame = static_cast<int>(random.Integer(static_cast<std::uint32_t>(frames)));
    const Vec2 point{random.Uniform(11, 109), random.Uniform(11, 89)};
    const Motion motion = DrawAcceleratedMotion(random, random.Uniform(0, 4), random.Uniform(0, 0.05));
    const auto movement = PlaceThrough(motion, low, high, frames, point, frame);
    if (!movement) continue;  // faster than a hundredth of the speed is not asked for from near the border
    const Vec2 miss = movement->path.Position(frame) - point;
    EXPECT_LE(std::hypot(miss.x, miss.y), 2.0 / 65536);  // start, on its grid
    EXPECT_TRUE(StaysInside(movement->path, low, high, frames));
  }
}

TEST(DrawPath, RefusesARegionThatIsEmpty) {
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  EXPECT_FALSE(DrawPath(random, {50, 50}, {40, 60}, 10, 1, 0));
}

TEST(SolveRange, MaskHasTheAreaAskedFor) {
  GenerateOptions options;
  TargetCamera camera(options);
  for (const std::string& name : BuiltinModels()) {
    const TargetModel model = TargetModel::Load("builtin:" + name);
    for (const double area : {3.0, 9.0, 30.0, 81.0}) {
      TargetScenario scenario;
      scenario.frames = 1;
      scenario.attitude = {5, 10, 30};
      scenario.range_m = SolveRange(model, scenario.attitude, area, camera);
      TargetViews views(model, scenario, camera);
      const SensorTemplate target = Quantise(ResampleToSensor(views.At(0), {0, 0}), MeanContrast(views.At(0)));
      // Whole pixels enter or leave the mask in pairs and rows as the range changes: a perimeter's worth at most.
      EXPECT_NEAR(static_cast<double>(CountPixels(HalfMaxMask(target.coverage))), area, 1 + 0.6 * std::sqrt(area))
          << name << ", " << area << " px";
    }
  }
}

double FluxOf(const Template& view) {
  return std::accumulate(view.contrast.begin(), view.contrast.end(), 0.0,
                         [](double sum, float value) { return sum + static_cast<double>(value); });
}

// The farthest point moves on a circle about the centre by radius times angle: at most one cell before the next view.
TEST(HoldViews, NoPointMovesByMoreThanOneCellAndLabelsTellTheView) {
  const GenerateOptions options;
  TargetCamera camera(options);
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  TargetScenario scenario;
  scenario.frames = 60;
  scenario.attitude_rate = {0.1, 0.05, 0.4};
  const double cells_per_radian = options.camera.focal_length_mm * 1e3 / options.camera.pixel_pitch_um * 8;
  const double turn_rad = std::sqrt(0.1 * 0.1 + 0.05 * 0.05 + 0.4 * 0.4) * kPi / 180;
  int before = 0;
  for (const double range_m : {100.0, 200.0, 400.0, 1600.0, 6400.0}) {
    scenario.range_m = range_m;
    HoldViews(model, camera, scenario);
    const int n = scenario.frames_a_view;
    EXPECT_GE(n, before);  // farther away it may turn longer
    before = n;
    if (n > 1) {
      EXPECT_LE(n * turn_rad * model.radius_m() / range_m * cells_per_radian, 1 + 1e-9);
    }
    EXPECT_LE(n * turn_rad, 2 * kPi / 180 + 1e-9);
    const Track track = scenario.MakeTrack(25);
    for (int k = 0; k < scenario.frames; ++k)
      EXPECT_EQ(track.states[static_cast<std::size_t>(k)].attitude, scenario.AttitudeAt(k - k % n));
  }
  EXPECT_GT(before, 1);
  scenario.attitude_rate = {};
  HoldViews(model, camera, scenario);
  EXPECT_EQ(scenario.frames_a_view, scenario.frames);
}

TEST(TargetCamera, WeakensTheContrastByTheAirInBetween) {
  GenerateOptions options;
  const TargetModel model = TargetModel::Load("builtin:boat");
  const double clear = FluxOf(TargetCamera(options).View(model, {0, 0, 30}, 5000));
  options.scene.atmosphere = "us76";
  const double tau = Atmosphere::Profile("us76", {8, 14}).Transmission(5000);
  // Values are multiples of the largest / 65535, and the blur's are rounded to single precision.
  EXPECT_NEAR(FluxOf(TargetCamera(options).View(model, {0, 0, 30}, 5000)) / clear, tau, 1e-4);
  options.scene.atmosphere = "moonlight";
  EXPECT_THROW(TargetCamera{options}, Error);
}

TEST(TargetCamera, ReflectsSkyAndSunAndHeatsWhatFliesFast) {
  const TargetModel model = TargetModel::Load("builtin:fixed-wing");
  GenerateOptions options;
  options.camera.band_um = {3, 5};
  const auto flux = [&] { return FluxOf(TargetCamera(options).View(model, {0, 0, 30}, 800)); };
  const double plain = flux();
  options.scene.sky_temperature_k = 220;
  const double cold_sky = flux();
  EXPECT_LT(cold_sky, plain);
  options.scene.sun_elevation_deg = 40;
  const double sunlit = flux();
  EXPECT_GT(sunlit, cold_sky);
  options.target.mach = 0.8;
  EXPECT_GE(flux(), sunlit);
}

TEST(TargetCamera, KeepsTheFluxBehindEitherLens) {
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  GenerateOptions options;
  TargetCamera soft(options);
  options.camera.psf = PsfShape::kAiry;
  options.camera.jitter_px = 0.2;
  TargetCamera lens(options);
  const Template gaussian = soft.View(model, {0, 0, 30}, 100), airy = lens.View(model, {0, 0, 30}, 100);
  EXPECT_NEAR(FluxOf(airy) / FluxOf(gaussian), 1, 1e-5);  // both kernels sum to 1; pixels are single precision
  // Rings reach farther. Both kernels have whole cells and a middle one: two cells of rounding on each side.
  EXPECT_NEAR(airy.opacity.width() - gaussian.opacity.width(),
              2 * lens.supersampling() * (lens.psf_reach_px() - soft.psf_reach_px()), 4);
  EXPECT_GT(lens.psf_reach_px(), soft.psf_reach_px());
}

TEST(PlanSequence, IsTheSameWithoutACacheOfTemplates) {
  GenerateOptions options;
  options.sequences = 2;
  options.backgrounds.procedural_sources = 3;
  Inventory inventory = OpenInventory(options), without = OpenInventory(options);
  without.camera = std::make_unique<TargetCamera>(options, 0);
  for (const SequenceRequest& request : DrawRequests(options, static_cast<int>(inventory.models.size()))) {
    EXPECT_EQ(ToJson(PlanSequence(inventory, request, options)), ToJson(PlanSequence(without, request, options)));
  }
  EXPECT_GT(inventory.camera->statistics().hits, 0U);
  EXPECT_EQ(without.camera->statistics().hits, 0U);
}

}  // namespace
}  // namespace mirst
