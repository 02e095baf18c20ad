// `mirst physics` and `mirst render --list-parts` as a user meets them.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "renderer/planck.h"
#include "tests/support/program.h"

namespace mirst {
namespace {

using test::ProgramResult;
using test::RunProgram;

nlohmann::json JsonOf(const std::vector<std::string>& arguments) {
  const ProgramResult result = RunProgram(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return nlohmann::json::parse(result.out);
}

TEST(PhysicsRadiance, PrintsWhatTheLibraryComputes) {
  const auto watts =
      JsonOf({"physics", "radiance", "--band", "3-5", "--temperature", "300", "--invert", "1.5", "--json"});
  EXPECT_EQ(watts["radiance"].get<double>(), BandRadiance({3, 5}, 300));
  EXPECT_EQ(watts["radiance_slope"].get<double>(), BandRadianceSlope({3, 5}, 300));
  EXPECT_EQ(watts["brightness_temperature_k"].get<double>(), BrightnessTemperature({3, 5}, 1.5));
  const auto photons = JsonOf({"physics", "radiance", "--band", "8-12", "--photons", "--temperature", "300", "--json"});
  EXPECT_EQ(photons["radiance"].get<double>(), BandRadiance({8, 12}, 300, Radiant::kPhotons));
  EXPECT_NE(RunProgram({"physics", "radiance", "--band", "3-5", "--temperature", "300"}).out.find("1.8659562081617"),
            std::string::npos);
}

TEST(PhysicsRadiance, RefusesWhatHasNoAnswer) {
  EXPECT_EQ(RunProgram({"physics", "radiance", "--band", "3-5"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"physics", "radiance", "--band", "5-3", "--temperature", "300"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"physics", "radiance", "--temperature", "-1"}).exit_code, 3);
  EXPECT_EQ(RunProgram({"physics", "radiance", "--invert", "1e99"}).exit_code, 3);
}

TEST(PhysicsAtmosphere, PrintsTransmissionAndPathRadiance) {
  const auto air =
      JsonOf({"physics", "atmosphere", "--profile", "us76", "--band", "8-12", "--range-km", "5", "--json"});
  EXPECT_NEAR(air["transmission"].get<double>(), std::exp(-0.129 * std::pow(5, 0.816)),
              2e-3);  // physics.md's three digits
  EXPECT_NEAR(air["path_radiance"].get<double>(),
              (1 - air["transmission"].get<double>()) * BandRadiance({8, 12}, 288.15), 1e-12);
  const TemporaryFolder folder;
  const std::string table = (folder.path() / "own.csv").string();
  WriteFileAtomically(table, "range_km,tau\n5,0.25\n");
  EXPECT_NEAR(
      JsonOf({"physics", "atmosphere", "--profile", table, "--range-km", "5", "--json"})["transmission"].get<double>(),
      0.25, 1e-14);
  EXPECT_EQ(RunProgram({"physics", "atmosphere", "--profile", "mars"}).exit_code, 3);
}

TEST(ListParts, ShowsEveryPartAndWritesNothing) {
  const auto models = JsonOf({"render", "--model", "builtin:boat", "--list-parts", "--json"});
  ASSERT_EQ(models.size(), 1u);
  const auto& parts = models[0]["parts"];
  ASSERT_GT(parts.size(), 3u);
  std::size_t triangles = 0;
  for (const auto& part : parts) {
    triangles += part["triangles"].get<std::size_t>();
    EXPECT_GT(part["temperature_k"].get<double>(), 200);
    for (const auto& axis : part["box_m"]) EXPECT_LE(axis[0].get<double>(), axis[1].get<double>());
  }
  EXPECT_GT(triangles, 100u);
  EXPECT_TRUE(models[0]["files"].empty());
  const ProgramResult without = RunProgram({"render", "--model", "builtin:boat"});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_NE(without.err.find("--out"), std::string::npos);
}

TEST(RenderFlags, ContradictionsAreRefused) {
  EXPECT_EQ(
      RunProgram({"render", "--model", "builtin:boat", "--list-parts", "--clear-sky", "--sky-temperature-k", "250"})
          .exit_code,
      2);
}

}  // namespace
}  // namespace mirst
