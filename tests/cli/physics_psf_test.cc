// `mirst physics psf` on a camera whose numbers are known.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/program.h"

namespace mirst::test {
namespace {

TEST(PhysicsPsf, PrintsTheKnownNumbersOfOneWavelength) {
  // lambda F = p: ensquared energies of physics/ensquared_energy.csv at Q = 1.
  const ProgramResult result =
      RunProgram({"physics", "psf", "--f-number", "1", "--band", "10", "--pitch-um", "10", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_NEAR(json.at("q").get<double>(), 1, 1e-12);
  EXPECT_NEAR(json.at("fwhm_px").get<double>(), 1.02899397, 1e-6);
  EXPECT_NEAR(json.at("ensquared_energy").at("centre_pixel").get<double>(), 0.52889101, 1e-6);
  EXPECT_NEAR(json.at("ensquared_energy").at("phase_mean").get<double>(), 0.39733415, 1e-6);
  for (const auto& row : json.at("mtf")) {
    if (row.at("cycles_per_px") == 0.5) {
      EXPECT_NEAR(row.at("diffraction").get<double>(), 0.39100222, 1e-6);
    }
  }
}

TEST(PhysicsPsf, RefusesAnImpossibleCameraInOneLine) {
  const ProgramResult result = RunProgram({"physics", "psf", "--fill-factor", "2"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("fill factor is 2, allowed: 0.0001 to 1"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace mirst::test
