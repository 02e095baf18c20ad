// `mirst train` and `mirst detect`: files, exit codes and messages. What they compute is tested in tests/detector.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sequence_source.h"
#include "tests/support/program.h"
#include "tests/support/training_set.h"

namespace mirst::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A few steps of the backbone alone.
std::vector<std::string> TrainArguments(const fs::path& data, const fs::path& out, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"train", "--data", data.string(), "--out", out.string(), "--threads", "1"};
  for (const char* option : {"steps=3", "data.crop_px=48", "data.batch=2", "augmentation.centre_crop_px=8",
                             "network.first_ptam_level=5", "network.msfm=false", "validation.every_steps=2"}) {
    arguments.insert(arguments.end(), {"--set", option});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

class DetectorCli : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    WriteTrainingSet(Path("set"),
                     {{.name = "a"}, {.name = "v", .split = "val", .frames = 6, .width = 70, .height = 50}});
    const ProgramResult result = RunProgram(TrainArguments(Path("set"), Path("trained"), {"--json"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    report_ = Json::parse(result.out);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static fs::path Path(const std::string& name) { return folder_->path() / name; }
  static ProgramResult Detect(const fs::path& input, const std::string& out, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"detect",           "--weights",    Path("trained/last.safetensors").string(),
                                          "--input",          input.string(), "--out",
                                          Path(out).string(), "--threads",    "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }
  static void ExpectBadInput(const ProgramResult& result, const std::string& part) {
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_TRUE(result.err.starts_with("mirst: error: ")) << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  }

  static TemporaryFolder* folder_;
  static Json report_;
};
TemporaryFolder* DetectorCli::folder_ = nullptr;
Json DetectorCli::report_;

TEST_F(DetectorCli, TrainReportsStepsAndScoresAndLeavesItsFiles) {
  EXPECT_EQ(report_.at("steps"), 3);
  EXPECT_EQ(report_.at("samples_seen"), 6);
  EXPECT_EQ(report_.at("stopped_early"), false);
  EXPECT_EQ(report_.at("last").at("step"), 3);
  for (const char* file : {"best.safetensors", "best.json", "last.safetensors", "last.json", "train_log.csv",
                           "val_log.csv", "config.yaml"}) {
    EXPECT_TRUE(fs::is_regular_file(Path("trained") / file)) << file;
  }
}

TEST_F(DetectorCli, TrainRefusesAnOlderTrainingUnlessForced) {
  ASSERT_EQ(RunProgram(TrainArguments(Path("set"), Path("again"), {"--quiet"})).exit_code, 0);
  ExpectBadInput(RunProgram(TrainArguments(Path("set"), Path("again"), {"--quiet"})), "already holds a training");
  EXPECT_EQ(RunProgram(TrainArguments(Path("set"), Path("again"), {"--quiet", "--force"})).exit_code, 0);
}

TEST_F(DetectorCli, CtrlCLeavesTheLastCheckpoint) {
  RunningProgram program(
      TrainArguments(Path("set"), Path("stopped"), {"--set", "steps=1000000", "--set", "validation.every_steps=0"}));
  ASSERT_TRUE(program.WaitForError("1000000 steps of 2 samples"));
  program.Send(SIGINT);
  const ProgramResult result = program.Wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  const Json info = Json::parse(ReadFile(Path("stopped/last.json")));
  EXPECT_LT(info.at("steps"), 1000000);
}

TEST_F(DetectorCli, WrongOptionsAreUsage) {
  EXPECT_EQ(RunProgram({"train", "--data", "x"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"train", "--set", "data.crop=3", "--print-config"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"detect", "--weights", "w", "--input", "i", "--out", "o", "--threshold", "1.5"}).exit_code, 2);
  EXPECT_NE(RunProgram({"train", "--print-config", "--device", "cpu"}).out.find("device: \"cpu\""), std::string::npos);
}

TEST_F(DetectorCli, DetectWritesMasksBoxesOverlayAndLogThatAgree) {
  const ProgramResult result = Detect(Path("set/image/v"), "found", {"--scores", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = Json::parse(result.out);
  EXPECT_EQ(report.at("frames"), 6);
  const Json boxes = Json::parse(ReadFile(Path("found/boxes/v.json")));
  ASSERT_EQ(boxes.at("frames").size(), 6U);
  std::size_t detections = 0;
  for (const Json& frame : boxes.at("frames")) {
    const std::string stem = fs::path(frame.at("frame").get<std::string>()).stem();
    const Mask mask = ReadMask(Path("found/mask/v") / (stem + ".png"));
    EXPECT_EQ(mask.width(), 70);
    EXPECT_EQ(mask.height(), 50);
    std::int64_t area = 0;
    for (const Json& box : frame.at("boxes")) {
      area += box.at("area_px").get<std::int64_t>();
      EXPECT_GE(box.at("score"), 0.5);  // the checkpoint's threshold
    }
    EXPECT_EQ(area, CountPixels(mask));
    EXPECT_TRUE(fs::exists(Path("found/scores/v") / (stem + ".npy")));
    detections += frame.at("boxes").size();
  }
  EXPECT_EQ(report.at("detections"), detections);
  const std::string log = ReadFile(Path("found/detections.csv"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 7);
  const auto overlay = OpenVideoSource(Path("found/overlay/v.avi"));
  EXPECT_EQ(overlay->info().frame_count, 6);
  EXPECT_EQ(overlay->info().width, 70);
  ExpectBadInput(Detect(Path("set/image/v"), "found", {"--quiet"}), "already holds detections");
}

TEST_F(DetectorCli, DetectTakesVideosAndFoldersOfSequences) {
  ASSERT_EQ(Detect(Path("set/image/a"), "first").exit_code, 0);
  EXPECT_EQ(Detect(Path("first/overlay/a.avi"), "from_video").exit_code, 0);
  EXPECT_EQ(Detect(Path("set/image"), "both").exit_code, 0);
  for (const char* name : {"a", "v"}) EXPECT_TRUE(fs::exists(Path("both/boxes") / (std::string(name) + ".json")));
}

TEST_F(DetectorCli, BadInputIsOneSentence) {
  WriteTrainingSet(Path("one"), {{.name = "a", .frames = 1}});
  ExpectBadInput(Detect(Path("one/image/a"), "x1", {"--quiet"}), "has one frame");
  WriteTrainingSet(Path("small"), {{.name = "a", .height = 40}});
  ExpectBadInput(Detect(Path("small/image/a"), "x2", {"--quiet"}), "the least that the detector takes is 48 x 48");
  ExpectBadInput(RunProgram(TrainArguments(Path("small"), Path("x3"))), "the least that the network takes is 48 x 48");
  ExpectBadInput(RunProgram(TrainArguments(Path("one"), Path("x4"))), "a sample takes 5");
  ExpectBadInput(RunProgram({"detect", "--weights", Path("none.safetensors"), "--input", Path("set/image/a"), "--out",
                             Path("x5")}),
                 "none.json");
  fs::create_directory(Path("cut"));
  for (const char* file : {"last.safetensors", "last.json"}) fs::copy_file(Path("trained") / file, Path("cut") / file);
  fs::resize_file(Path("cut/last.safetensors"), 5000);
  ExpectBadInput(RunProgram({"detect", "--weights", Path("cut/last.safetensors"), "--input", Path("set/image/a"),
                             "--out", Path("x6")}),
                 "cut/last.safetensors");
  for (const char* out : {"x1", "x2", "x3", "x4", "x5", "x6"}) EXPECT_FALSE(fs::exists(Path(out))) << out;
}

TEST_F(DetectorCli, CudaWithoutAGpuIsBadInput) {
  const ProgramResult result = Detect(Path("set/image/v"), "gpu", {"--device", "cuda", "--quiet"});
  if (result.exit_code == 0) GTEST_SKIP() << "this machine has a CUDA device";
  ExpectBadInput(result, "device cuda was asked for");
  ExpectBadInput(RunProgram(TrainArguments(Path("set"), Path("gpu2"), {"--device", "cuda"})),
                 "device cuda was asked for");
}

}  // namespace
}  // namespace mirst::test
