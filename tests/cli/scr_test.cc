// `mirst scr` on an image whose numbers are known.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "datasets/frame_io.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {

// A checkerboard of 90 and 110 (mean 100, sigma 10) with a target of 2 x 2 at 140 and one of 2 x 2 at 60, 6 px apart.
class ScrCommand : public testing::Test {
 protected:
  ScrCommand() {
    Image<std::uint8_t> background(101, 101), mask(101, 101, 0);
    for (int y = 0; y < 101; ++y) {
      for (int x = 0; x < 101; ++x) background(y, x) = (x + y) % 2 == 0 ? 90 : 110;
    }
    Image<std::uint8_t> image = background;
    Image<std::uint16_t> instances(101, 101, 0);
    for (int y = 50; y < 52; ++y) {
      for (int x = 50; x < 52; ++x) {
        image(y, x) = 140;
        image(y, x + 8) = 60;
        mask(y, x) = mask(y, x + 8) = 255;
        instances(y, x) = 7;
        instances(y, x + 8) = 9;
      }
    }
    Write("image.png", EncodePng(image));
    Write("mask.png", EncodePng(mask));
    Write("background.png", EncodePng(background));
    Write("instances.png", EncodePng(instances, 16));
    Write("empty.png", EncodePng(Image<std::uint8_t>(101, 101, 0)));
    Write("small.png", EncodePng(Image<std::uint8_t>(50, 60, 255)));
  }
  void Write(const std::string& name, const std::string& bytes) { WriteFileAtomically(Path(name), bytes); }
  std::string Path(const std::string& name) const { return (folder.path() / name).string(); }
  ProgramResult Run(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"scr", Path("image.png"), Path("mask.png")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }
  void ExpectFault(const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) const {
    const ProgramResult result = RunProgram(arguments);
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    EXPECT_EQ(result.out, "");
  }

  TemporaryFolder folder;
};

TEST_F(ScrCommand, MeasuresEveryTargetWithTheOtherMaskedOut) {
  const ProgramResult result = Run({"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto targets = nlohmann::json::parse(result.out).at("targets");
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].at("box_xywh"), nlohmann::json({50, 50, 2, 2}));
  EXPECT_EQ(targets[1].at("box_xywh"), nlohmann::json({58, 50, 2, 2}));
  for (const auto& target : targets) {
    EXPECT_EQ(target.at("area_px"), 4);
    EXPECT_EQ(target.at("scr").size(), 8U);
    // 42 x 42 and 22 x 22 pixels without 8, half of them 90, half 110.
    EXPECT_NEAR(target.at("scr").at("box20").at("scr").get<double>(), 40 / (10 + 1e-5), 1e-12);
    EXPECT_EQ(target.at("scr").at("box20").at("background_px"), 42 * 42 - 8);
    EXPECT_NEAR(target.at("scr").at("bbox10").at("scr").get<double>(), 4, 1e-12);
    EXPECT_NEAR(target.at("scr").at("guard3_10").at("scr").get<double>(), 4, 1e-12);
    EXPECT_FALSE(target.contains("dprime"));
  }
}

TEST_F(ScrCommand, WithTheBackgroundSaysWhatTheTargetAdds) {
  const ProgramResult result = Run({"--json", "--id", "bbox10", "--background", Path("background.png")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto targets = nlohmann::json::parse(result.out).at("targets");
  EXPECT_EQ(targets[0].at("scr").size(), 1U);
  EXPECT_NEAR(targets[0].at("scr").at("bbox10").at("scr_empty").get<double>(), 0, 1e-12);
  EXPECT_NEAR(targets[0].at("scr").at("bbox10").at("scr_delta").get<double>(), 4, 1e-12);
  EXPECT_NEAR(targets[1].at("scr").at("bbox10").at("scr_delta").get<double>(), -4, 1e-12);
  EXPECT_GT(targets[0].at("dprime").get<double>(), 4);
}

TEST_F(ScrCommand, InstancesPartTheMask) {
  const ProgramResult result = Run({"--json", "--instances", Path("instances.png")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto targets = nlohmann::json::parse(result.out).at("targets");
  EXPECT_EQ(targets[0].at("id"), 7);
  EXPECT_EQ(targets[1].at("id"), 9);
}

TEST_F(ScrCommand, PrintsATableForPeople) {
  const ProgramResult result = Run({"--background", Path("background.png")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2 * (2 + 8));
  EXPECT_NE(result.out.find("target 1: 4 px at 50,50 (2 x 2), d' "), std::string::npos) << result.out;
}

TEST_F(ScrCommand, SaysEveryFaultInOneSentence) {
  ExpectFault(
      {"scr", Path("image.png"), Path("small.png")}, 3,
      "small.png is 60 x 50 px, the image " + Path("image.png") + " is 101 x 101 px: their sizes must be equal");
  ExpectFault({"scr", Path("image.png"), Path("empty.png")}, 3, "empty.png marks no target: no pixel above 127");
  ExpectFault({"scr", Path("image.png"), Path("instances.png")}, 3, "instances.png");
  ExpectFault({"scr", Path("image.png"), Path("missing.png")}, 3, "missing.png");
  ExpectFault({"scr", Path("image.png"), Path("mask.png"), "--id", "box10"}, 2,
              "--id: found 'box10', allowed: all, box20, bboxD, guardG_O, global, peak or db");
  ExpectFault({"scr", Path("image.png"), Path("mask.png"), "--background", Path("instances.png")}, 3,
              "instances.png has 16 bits");
}

}  // namespace
}  // namespace mirst::test
