// `mirst embed` as a user calls it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "core/file.h"
#include "core/random.h"
#include "datasets/frame_io.h"
#include "metrics/scr.h"
#include "renderer/template_io.h"
#include "tests/support/program.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

class EmbedCommand : public ::testing::Test {
 protected:
  EmbedCommand() {
    RandomStream random({.seed = 51, .purpose = Purpose::kTest});
    WriteBackground("8.png", test::RandomBackground(random, 90, 110, 60, 180), 8);
    WriteBackground("16.png", test::RandomBackground(random, 90, 110, 3000, 9000), 16);
    WriteTemplate(Path("t.exr"), test::RandomTemplate(random, 24, 8));
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  void WriteBackground(const std::string& name, const Image<float>& pixels, int bit_depth) const {
    Frame frame;
    frame.pixels = pixels;
    frame.bit_depth = bit_depth;
    WriteFileAtomically(Path(name), EncodePng(CountsOf(frame), bit_depth));
  }
  test::ProgramResult Embed(std::vector<std::string> more, const std::string& image = "8.png") const {
    std::vector<std::string> arguments{"embed", Path(image), "--template", Path("t.exr"), "--out", Path("out.png")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::RunProgram(arguments);
  }
  TemporaryFolder folder_;
};

TEST_F(EmbedCommand, WritesTheScrItReportsAndTouchesNothingElse) {
  for (const std::string depth : {"8", "16"}) {
    for (const std::string polarity : {"--hot", "--cold"}) {
      const auto result =
          Embed({"--at", "50.3,41.8", "--scr", "4", polarity, "--mask-out", Path("mask.png"), "--force", "--json"},
                depth + ".png");
      ASSERT_EQ(result.exit_code, 0) << result.err;
      const auto json = nlohmann::json::parse(result.out);
      const Frame before = ReadFrame(Path(depth + ".png")), after = ReadFrame(Path("out.png"));
      const Mask mask = ReadMask(Path("mask.png"));
      EXPECT_EQ(after.bit_depth, std::stoi(depth));
      const ScrMeasurement m = MeasureBox20(after.pixels, mask, mask, Box20Rule::ForBitDepth(after.bit_depth));
      EXPECT_DOUBLE_EQ(json["scr"].get<double>(), m.scr);
      EXPECT_EQ(m.signed_scr() > 0, polarity == "--hot");
      EXPECT_LE(std::abs(m.scr - 4), json["rounding_bound"].get<double>() + 1e-9);
      // 24 cells of 8 a pixel, a blur that reaches 4 * 0.41 px: within 5 px of the centre and nowhere else.
      for (int y = 0; y < 90; ++y) {
        for (int x = 0; x < 110; ++x) {
          if (std::abs(x - 50.3) <= 5 && std::abs(y - 41.8) <= 5) continue;
          EXPECT_EQ(after.pixels(y, x), before.pixels(y, x));
        }
      }
    }
  }
}

TEST_F(EmbedCommand, RefusesInOneSentenceAndWritesNothing) {
  const auto refuses = [&](const std::vector<std::string>& arguments, int exit_code, const std::string& sentence) {
    const auto result = Embed(arguments);
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_FALSE(std::filesystem::exists(Path("out.png")));
  };
  refuses({"--at", "1,41"}, 3, "allowed: 0 to 109 and 0 to 89, the picture's");
  refuses({"--at", "nan,41"}, 3, "lies outside the picture");
  refuses({"--at", "50,1e12"}, 3, "lies outside the picture");
  refuses({"--at", "50,41", "--scr", "90"}, 3, "SCR 90 cannot be reached at 50,41 by a hot target");
  refuses({"--at", "50,41", "--scr", "-1"}, 2, "--scr");
  refuses({"--at", "50"}, 2, "--at");
  refuses({"--at", "50,41", "--hot", "--cold"}, 2, "--hot and --cold exclude each other");
  refuses({"--at", "50,41", "--mask-out", Path("out.png")}, 2, "name the same file");
  refuses({"--at", "50,41", "--template", Path("8.png")}, 2, "--template");
}

TEST_F(EmbedCommand, LaysACutOutWithItsAlphaAsItsShape) {
  // 7 x 5 px, opaque in the middle 5 x 3, where it is 60 counts above its surroundings (100).
  cv::Mat picture(5, 7, CV_8UC4, cv::Scalar(100, 100, 100, 0));
  picture(cv::Rect(1, 1, 5, 3)).setTo(cv::Scalar(160, 160, 160, 255));
  ASSERT_TRUE(cv::imwrite(Path("cut-out.png"), picture));
  const auto embed = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--template", Path("cut-out.png"), "--at", "50,40", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<std::string> all{"embed", Path("8.png"), "--out", Path("cut.png"), "--mask-out", Path("cut-mask.png")};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return test::RunProgram(all);
  };
  const auto flat = embed({});
  EXPECT_EQ(flat.exit_code, 3);
  EXPECT_NE(flat.err.find("all grey is 160; --level must say what surrounded the target"), std::string::npos)
      << flat.err;
  const auto result = embed({"--level", "100"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["box"], nlohmann::json({48, 39, 5, 3}));
  const Frame before = ReadFrame(Path("8.png")), after = ReadFrame(Path("cut.png"));
  for (int y = 0; y < 90; ++y) {
    for (int x = 0; x < 110; ++x) {
      if (x >= 48 && x < 53 && y >= 39 && y < 42) continue;
      EXPECT_EQ(after.pixels(y, x), before.pixels(y, x));
    }
  }
}

TEST_F(EmbedCommand, NamesWhatIsWrongWithACutOut) {
  const auto embed = [&](const std::string& target) {
    return test::RunProgram({"embed", Path("8.png"), "--template", Path(target), "--at", "50,40", "--out",
                             Path("cut.png"), "--json", "--force"});
  };
  const auto opaque = embed("16.png");
  EXPECT_EQ(opaque.exit_code, 3);
  EXPECT_NE(opaque.err.find("expected a PNG of 8 or 16 bit with an alpha channel"), std::string::npos) << opaque.err;
  WriteFileAtomically(Path("none.png"), "no picture");
  EXPECT_EQ(embed("none.png").exit_code, 3);
}

}  // namespace
}  // namespace mirst
