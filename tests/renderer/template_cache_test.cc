// The cache gives what rendering gives, knows every option apart, and keeps to its bound.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "renderer/template_cache.h"
#include "tests/support/model_files.h"

namespace mirst {
namespace {

constexpr int kSupersampling = 4;

View ViewAt(double range_m) { return {.attitude = {5, 10, 30}, .range_m = range_m}; }

TEST(TemplateCache, GivesTheSameTemplateFoundOrRendered) {
  const TargetModel model = TargetModel::Load("builtin:fixed-wing");
  Surroundings around;
  around.sun = Sun{};
  const Template rendered = RenderTemplate(model, ViewAt(300), around, kSupersampling);
  TemplateCache cache, none(0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(*cache.Render(model, ViewAt(300), around, kSupersampling), rendered);
    EXPECT_EQ(*none.Render(model, ViewAt(300), around, kSupersampling), rendered);
  }
  EXPECT_EQ(cache.statistics().hits, 1U);
  EXPECT_EQ(cache.statistics().misses, 1U);
  EXPECT_EQ(none.statistics().hits, 0U);
  EXPECT_EQ(none.statistics().bytes, 0U);
}

// Each change alone, against the same start and against one another.
TEST(TemplateKey, ChangesWithEveryOption) {
  struct Request {
    View view{.attitude = {5, 10, 30}, .time_s = 1, .integration_time_s = 0.01};
    Surroundings around;
    int supersampling = kSupersampling;
  };
  const std::vector<std::function<void(Request&)>> changes{
      [](Request&) {},
      [](Request& r) { r.view.attitude.roll_deg = 6; },
      [](Request& r) { r.view.attitude.pitch_deg = 11; },
      [](Request& r) { r.view.attitude.yaw_deg = 31; },
      [](Request& r) { r.view.range_m = 1001; },
      [](Request& r) { r.view.focal_length_mm = 101; },
      [](Request& r) { r.view.pixel_pitch_um = 18; },
      [](Request& r) { r.view.off_axis_px.x = 1; },
      [](Request& r) { r.view.off_axis_px.y = 1; },
      [](Request& r) { r.view.time_s = 2; },
      [](Request& r) { r.view.integration_time_s = 0.02; },
      [](Request& r) { r.supersampling = 5; },
      [](Request& r) { r.around.band.low_um = 7.5; },
      [](Request& r) { r.around.band.high_um = 12; },
      [](Request& r) { r.around.air_temperature_k = 280; },
      [](Request& r) { r.around.background_temperature_k = 280; },
      [](Request& r) { r.around.mach = 0; },  // none is the usual speed, not 0
      [](Request& r) { r.around.mach = 0.5; },
      [](Request& r) { r.around.sky_temperature_k = 250; },
      [](Request& r) { r.around.ground_temperature_k = 250; },
      [](Request& r) { r.around.sun = Sun{}; },
      [](Request& r) { r.around.sun = Sun{.azimuth_deg = 10}; },
      [](Request& r) { r.around.sun = Sun{.elevation_deg = 10}; },
      [](Request& r) { r.around.sun = Sun{.transmission = 0.5}; },
      [](Request& r) { r.around.sun = Sun{.irradiance_w_m2 = 500}; },
      [](Request& r) { r.around.camera_elevation_deg = 5; },
      [](Request& r) { r.around.atmosphere = Atmosphere::Uniform(0.1); },
      [](Request& r) { r.around.atmosphere = Atmosphere::StretchedExponential(0.2, 0.8); },
      [](Request& r) { r.around.atmosphere = Atmosphere::Table({1}, {0.3}); },
  };
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  std::set<std::string> keys;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Request request;
    changes[i](request);
    const auto key = TemplateKey(model, request.view, request.around, request.supersampling);
    EXPECT_TRUE(keys.insert(key).second) << i;
    EXPECT_EQ(key, TemplateKey(model, request.view, request.around, request.supersampling)) << i;
  }
}

TEST(TemplateKey, ChangesWithMeshNameAndMaterials) {
  const auto key = [](const TargetModel& model) { return TemplateKey(model, ViewAt(300), {}, kSupersampling); };
  const std::string triangle = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
  std::set<std::string> keys{key(TargetModel::Load("builtin:quadrotor")),
                             key(TargetModel::Load("builtin:bird")),
                             key(test::LoadObj(triangle)),
                             key(test::LoadObj(triangle + "v 0 0 1\nf 1 2 4\n")),
                             key(test::LoadObj("g tail\n" + triangle)),
                             key(test::LoadObj(triangle, "parts: [{temperature_k: 350}]")),
                             key(test::LoadObj(triangle, "parts: [{temperature_k: 351}]"))};
  EXPECT_EQ(keys.size(), 7U);
  EXPECT_EQ(key(TargetModel::Load("builtin:bird")), key(TargetModel::Load("builtin:bird")));
}

TEST(TemplateCache, KeepsToItsBoundAndForgetsTheOneUsedLongestAgo) {
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  TemplateCache measure;
  const std::vector<double> ranges_m{300, 300.1, 300.2};
  for (const double range_m : ranges_m) measure.Render(model, ViewAt(range_m), {}, kSupersampling);
  const std::size_t room = measure.statistics().bytes - 1;  // for two of the three
  EXPECT_GE(room, 3 * RenderTemplate(model, ViewAt(300), {}, kSupersampling).opacity.size() * 2 * sizeof(float) - 1);

  TemplateCache cache(room);
  const auto is_found = [&](double range_m) {
    const std::size_t hits = cache.statistics().hits;
    cache.Render(model, ViewAt(range_m), {}, kSupersampling);
    EXPECT_LE(cache.statistics().bytes, room);
    return cache.statistics().hits > hits;
  };
  EXPECT_FALSE(is_found(300));
  EXPECT_FALSE(is_found(300.1));
  EXPECT_TRUE(is_found(300));     // now 300.1 is the older one
  EXPECT_FALSE(is_found(300.2));  // takes its place
  EXPECT_EQ(cache.statistics().templates, 2U);
  EXPECT_TRUE(is_found(300));
  EXPECT_FALSE(is_found(300.1));
}

TEST(TemplateCache, LeavesWhatIsHandedOutAloneWhenItForgets) {
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  TemplateCache probe;
  const Template expected = *probe.Render(model, ViewAt(300), {}, kSupersampling);
  TemplateCache cache(probe.statistics().bytes + 100);
  const auto held = cache.Render(model, ViewAt(300), {}, kSupersampling);
  for (const double range_m : {301.0, 302.0, 303.0}) cache.Render(model, ViewAt(range_m), {}, kSupersampling);
  EXPECT_EQ(*held, expected);
}

TEST(TemplateCache, ServesManyThreads) {
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  std::vector<Template> expected;
  for (int i = 0; i < 6; ++i) expected.push_back(RenderTemplate(model, ViewAt(300 + i), {}, kSupersampling));
  TemplateCache probe;
  probe.Render(model, ViewAt(300), {}, kSupersampling);
  TemplateCache cache(4 * probe.statistics().bytes);  // not room for all: entries come and go
  const ThreadLimit threads(8);
  std::vector<int> right(600, 0);
  ParallelFor(right.size(), [&](std::size_t i) {
    const std::size_t which = (i * 7 + i / 11) % expected.size();
    right[i] = *cache.Render(model, ViewAt(300 + static_cast<double>(which)), {}, kSupersampling) == expected[which];
  });
  EXPECT_EQ(right, std::vector<int>(right.size(), 1));
  const TemplateCache::Statistics statistics = cache.statistics();
  EXPECT_EQ(statistics.hits + statistics.misses, right.size());
  EXPECT_LE(statistics.bytes, 4 * probe.statistics().bytes);
}

TEST(TemplateCache, RefusesWhatRenderingRefuses) {
  const TargetModel model = TargetModel::Load("builtin:quadrotor");
  TemplateCache cache;
  for (const double range_m : {-1.0, 0.0, 0.1}) {
    std::string message;
    try {
      RenderTemplate(model, ViewAt(range_m), {}, kSupersampling);
    } catch (const Error& error) {
      message = error.what();
    }
    ASSERT_FALSE(message.empty());
    try {
      cache.Render(model, ViewAt(range_m), {}, kSupersampling);
      ADD_FAILURE() << range_m;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), message);
    }
  }
  EXPECT_EQ(cache.statistics().templates, 0U);
}

}  // namespace
}  // namespace mirst
