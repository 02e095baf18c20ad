// What is drawn before anything is made: requests, splits, paths, ranges.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

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

TEST(DrawPathThrough, PassesThePointInItsFrameAndStaysInside) {
  RandomStream random({.seed = 5, .purpose = Purpose::kTest});
  const Vec2 low{10, 10}, high{110, 90};
  for (int i = 0; i < 500; ++i) {
    const int frames = 2 + static_cast<int>(random.Integer(60)),
              frame = static_cast<int>(random.Integer(static_cast<std::uint32_t>(frames)));
    const Vec2 point{random.Uniform(11, 109), random.Uniform(11, 89)};
    const auto path =
        DrawPathThrough(random, low, high, frames, random.Uniform(0, 4), random.Uniform(0, 0.05), point, frame);
    if (!path) continue;  // faster than a hundredth of the speed is not asked for from near the border
    const Vec2 miss = path->Position(frame) - point;
    EXPECT_LE(std::hypot(miss.x, miss.y), 2.0 / 65536);  // start, on its grid
    EXPECT_TRUE(StaysInside(*path, low, high, frames));
  }
}

TEST(DrawPath, RefusesARegionThatIsEmpty) {
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  EXPECT_FALSE(DrawPath(random, {50, 50}, {40, 60}, 10, 1, 0));
}

TEST(SolveRange, MaskHasTheAreaAskedFor) {
  GenerateOptions options;
  TemplateCache cache;
  for (const std::string& name : BuiltinModels()) {
    const TargetModel model = TargetModel::Load("builtin:" + name);
    for (const double area : {3.0, 9.0, 30.0, 81.0}) {
      TargetScenario scenario;
      scenario.frames = 1;
      scenario.attitude = {5, 10, 30};
      scenario.range_m = SolveRange(model, scenario.attitude, area, options, cache);
      TargetViews views(model, scenario, options, cache);
      const SensorTemplate target = Quantise(ResampleToSensor(views.At(0), {0, 0}), MeanContrast(views.At(0)));
      // Whole pixels enter or leave the mask in pairs and rows as the range changes: a perimeter's worth at most.
      EXPECT_NEAR(static_cast<double>(CountPixels(HalfMaxMask(target.coverage))), area, 1 + 0.6 * std::sqrt(area))
          << name << ", " << area << " px";
    }
  }
}

TEST(PlanSequence, IsTheSameWithoutACacheOfTemplates) {
  GenerateOptions options;
  options.sequences = 2;
  options.backgrounds.procedural_sources = 3;
  Inventory inventory = OpenInventory(options), without = OpenInventory(options);
  without.templates = std::make_unique<TemplateCache>(0);
  for (const SequenceRequest& request : DrawRequests(options, static_cast<int>(inventory.models.size()))) {
    EXPECT_EQ(ToJson(PlanSequence(inventory, request, options)), ToJson(PlanSequence(without, request, options)));
  }
  EXPECT_GT(inventory.templates->statistics().hits, 0U);
  EXPECT_EQ(without.templates->statistics().hits, 0U);
}

}  // namespace
}  // namespace mirst
