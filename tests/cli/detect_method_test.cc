// `mirst detect --method` as a user meets it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "datasets/frame_io.h"
#include "tests/support/npy.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class DetectMethod : public testing::Test {
 protected:
  DetectMethod() {
    CreateFolder(folder_.path() / "seq");
    for (std::uint32_t i = 0; i < 5; ++i) {
      RandomStream random({.seed = 3, .frame = i, .purpose = Purpose::kTest});
      Image<std::uint8_t> frame(50, 60);
      for (std::uint8_t& pixel : frame) pixel = static_cast<std::uint8_t>(100 + 3 * random.Normal());
      for (int y = 20; y < 23; ++y) {
        for (int x = 30; x < 33; ++x) frame(y, x) = 180;
      }
      WriteFileAtomically(folder_.path() / "seq" / fmt::format("{:06}.png", i), EncodePng(frame));
    }
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  ProgramResult Run(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"detect", "--quiet", "--input", Path("seq")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }
  void ExpectRefusal(const std::vector<std::string>& more, int code, const std::string& text) const {
    const ProgramResult result = Run(more);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }

  TemporaryFolder folder_{"mirst-detect-method"};
};

TEST_F(DetectMethod, EveryMethodAnswersASingleConstantFrameAndRefusesOneSmallerThanItsPatches) {
  for (const int extent : {64, 12}) {
    const std::string name = fmt::format("constant{}", extent);
    CreateFolder(Path(name));
    WriteFileAtomically(Path(name + "/000000.png"), EncodePng(Mask(extent, extent, 77)));
  }
  const auto respond = [&](const std::string& method, const std::string& input) {
    return RunProgram({"detect", "--quiet", "--force", "--method", method, "--input", Path(input), "--response",
                       Path(method + input)});
  };
  for (const std::string method : {"top_hat", "ipi", "pstnn", "wslcm", "wsnm_stipt", "asttv_ntla", "imnn_lwec"}) {
    ASSERT_EQ(respond(method, "constant64").exit_code, 0) << method;
    const NpyArray<float> map = ReadNpy<float>(Path(method + "constant64/constant64/000000.npy"));
    ASSERT_EQ(map.shape, (std::vector<std::int64_t>{64, 64})) << method;
    // "Next to nothing" in docs/detectors.md: ASTTV-NTLA's start is random.
    for (const float response : map.values) EXPECT_NEAR(response, 0, 1e-3) << method;
    const ProgramResult small = respond(method, "constant12");
    const bool has_patches = method == "ipi" || method == "pstnn" || method == "imnn_lwec";
    EXPECT_EQ(small.exit_code, has_patches ? 3 : 0) << method;
    EXPECT_THAT(small.err, HasSubstr(has_patches ? "000000.png: a frame of 12 x 12 px is too small for" : ""));
  }
}

TEST_F(DetectMethod, WritesAResponseAFrameAndTheIterations) {
  const ProgramResult result =
      Run({"--method", "wsnm_stipt", "--iterations", "3", "--response", Path("out"), "--threads", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string log = ReadFile(Path("out/responses.csv"));
  EXPECT_THAT(log, HasSubstr("sequence,frame,name,window_first_frame,iterations,largest_response\n"));
  EXPECT_THAT(log, HasSubstr("\"seq\",3,\"000003.png\",0,3,"));
  EXPECT_THAT(log, HasSubstr("\"seq\",4,\"000004.png\",1,3,"));  // in the last four frames
  for (int i = 0; i < 5; ++i) {
    const NpyArray<float> map = ReadNpy<float>(Path(fmt::format("out/seq/{:06}.npy", i)));
    EXPECT_EQ(map.shape, (std::vector<std::int64_t>{50, 60}));
    EXPECT_TRUE(std::all_of(map.values.begin(), map.values.end(), [](float value) { return value >= 0; }));
  }
  ExpectRefusal({"--method", "top_hat", "--response", Path("out")}, 3, "already holds responses; --force");
  ExpectRefusal({"--method", "top_hat", "--response", Path("seq")}, 3, "no responses of mirst");
}

TEST_F(DetectMethod, WritesMasksByTheSegmentationRule) {
  const ProgramResult result = Run({"--method", "top_hat", "--set", "segmentation.rule=fixed", "--set",
                                    "segmentation.threshold=40", "--out", Path("found"), "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Json::parse(result.out).at("detections"), 5);
  const Json boxes = Json::parse(ReadFile(Path("found/boxes/seq.json")));
  EXPECT_EQ(boxes.at("detector").at("rule"), "score > 40");
  for (const Json& frame : boxes.at("frames"))
    EXPECT_EQ(frame.at("boxes").at(0).at("box_xywh"), (std::vector<int>{30, 20, 3, 3}));
  EXPECT_EQ(CountPixels(ReadMask(Path("found/mask/seq/000002.png"))), 9);
}

TEST_F(DetectMethod, WhatARunThatStoppedMidwayLeftIsReplacedByForce) {
  const std::string last = Path("seq/000004.png"), whole = ReadFile(last);
  const std::vector<std::string> run = {"--method", "top_hat", "--force", "--response", Path("r"), "--out", Path("o")};
  WriteFileAtomically(last, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(Run(run).exit_code, 3);
  EXPECT_EQ(Run(run).exit_code, 3);
  WriteFileAtomically(last, whole);
  const ProgramResult result = Run(run);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(fs::exists(Path("r/seq/000004.npy")));
}

TEST_F(DetectMethod, NamesWhatIsWrong) {
  ExpectRefusal({"--method", "ipi", "--response", Path("out")}, 3, "too small for IPI");
  ExpectRefusal({"--method", "wslcm", "--iterations", "3", "--response", Path("out")}, 2, "does not iterate");
  ExpectRefusal({"--method", "pstnn"}, 2, "--response DIR and --out DIR");
  ExpectRefusal({"--out", Path("out")}, 2, "--weights FILE and --method NAME");
  ExpectRefusal({"--method", "pstnn", "--set", "pstnn.patch=3", "--print-config"}, 2, "pstnn.patch");
  EXPECT_THAT(Run({"--method", "pstnn", "--set", "pstnn.patch_px=30", "--print-config"}).out,
              HasSubstr("patch_px: 30"));
}

}  // namespace
}  // namespace mirst::test
