// A training that is killed and goes on ends with the bytes of one that was left alone; several processes as well.
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "core/file.h"
#include "tests/support/free_port.h"
#include "tests/support/program.h"
#include "tests/support/quick_training.h"

namespace mirst::test {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 30;

std::vector<std::string> Arguments(const fs::path& set, const fs::path& out, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"train",      "--data",    set.string(), "--out",
                                        out.string(), "--threads", "1",          "--resume"};
  for (const std::string& option :
       {fmt::format("steps={}", kSteps), std::string("network.first_ptam_level=5"), std::string("network.msfm=false"),
        std::string("log_every_steps=1"), std::string("data.crop_px=48"), std::string("data.batch=2"),
        std::string("augmentation.centre_crop_px=8"), std::string("validation.every_steps=8"),
        std::string("state_every_steps=3"), std::string("ema_decay=0.9"), std::string("distributed.timeout_s=40")}) {
    arguments.insert(arguments.end(), {"--set", option});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// Rows of train_log.csv, without those of times.
std::vector<std::string> LogRows(const fs::path& out) {
  std::vector<std::string> rows;
  if (!fs::exists(out / "train_log.csv")) return rows;
  std::istringstream text(ReadFile(out / "train_log.csv"));
  for (std::string line; std::getline(text, line);) {
    std::size_t end = 0;
    for (int column = 0; column < 5 && end != std::string::npos; ++column) end = line.find(',', end + 1);
    rows.push_back(line.substr(0, end));
  }
  return rows;
}

bool WaitUntil(const std::function<bool()>& condition) {
  for (int i = 0; i < 60000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

void ExpectSameTraining(const fs::path& a, const fs::path& b) {
  for (const char* file : {"last.safetensors", "last.json", "best.safetensors", "best.json", "config.yaml"}) {
    EXPECT_EQ(ReadFile(a / file) == ReadFile(b / file), true) << file;
  }
  EXPECT_EQ(LogRows(a), LogRows(b));
}

/// Two processes of one training.
struct Pair {
  Pair(const fs::path& set, const fs::path& out, const std::vector<std::string>& more = {}) {
    const std::string port = std::to_string(FreePort());
    for (std::size_t rank = 0; rank < 2; ++rank) {
      ProgramSetup setup;
      setup.environment = {
          {"RANK", std::to_string(rank)}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}};
      setup.time_limit = std::chrono::minutes(4);
      programs.at(rank) = std::make_unique<RunningProgram>(Arguments(set, out, more), setup);
    }
  }
  std::array<std::unique_ptr<RunningProgram>, 2> programs;
};

class TrainResume : public ::testing::Test {
 protected:
  void SetUp() override { WriteTrainingSet(Path("set"), QuickSet()); }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  TemporaryFolder folder_;
};

TEST_F(TrainResume, AfterEachOfManyKillsTheEndIsThatOfAnUninterruptedRun) {
  const ProgramResult whole = RunProgram(Arguments(Path("set"), Path("whole")));
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  ASSERT_EQ(LogRows(Path("whole")).size(), kSteps + 1U);
  const fs::path out = Path("killed");
  const std::function<bool()> moments[] = {
      [&] { return fs::exists(out / "config.yaml"); },
      [&] { return LogRows(out).size() > 2; },  // before any state: begins again
      [&] { return fs::exists(out / "state.safetensors"); },
      [&] { return fs::exists(out / "best.safetensors"); },
      [&] { return LogRows(out).size() > 14; },
      [&] { return LogRows(out).size() > 25; },
  };
  for (const auto& moment : moments) {
    RunningProgram program(Arguments(Path("set"), out));
    ASSERT_TRUE(WaitUntil(moment));
    program.Send(SIGKILL);
    EXPECT_EQ(program.Wait().exit_code, 128 + SIGKILL);
  }
  const ProgramResult last = RunProgram(Arguments(Path("set"), out));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_NE(last.err.find("going on after step"), std::string::npos) << last.err;
  ExpectSameTraining(Path("whole"), out);
  const ProgramResult again = RunProgram({"train", "--resume", "--data", Path("set").string(), "--out", out.string(),
                                          "--threads", "1"});  // takes its own config.yaml
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("nothing is left to do"), std::string::npos) << again.err;
  ExpectSameTraining(Path("whole"), out);
}

TEST_F(TrainResume, AStreamGivesTheWeightsOfItsFiles) {
  const fs::path options = Path("generate.yaml");
  WriteFileAtomically(
      options,
      "sequences: 4\nframes: [6, 6]\ntarget: {area_px: [4, 16]}\nsplit: {val_share: 0.25, test_share: "
      "0.25}\nbackgrounds: {procedural_sources: 4, procedural: {width: 128, height: 96, frame_count: 8}}\n");
  ASSERT_EQ(RunProgram({"generate", "--config", options.string(), "--out", Path("files").string()}).exit_code, 0);
  const std::vector<std::string> few = {"--set", "steps=3"};
  ASSERT_EQ(RunProgram(Arguments(Path("files"), Path("from_files"), few)).exit_code, 0);
  std::vector<std::string> arguments = Arguments(options, Path("from_stream"), few);
  arguments[1] = "--stream";
  const ProgramResult result = RunProgram(arguments);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(ReadFile(Path("from_files/last.safetensors")) == ReadFile(Path("from_stream/last.safetensors")));
  arguments.insert(arguments.end(), {"--set", "data.cache_mib=0"});
  const ProgramResult refused = RunProgram(arguments);
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("the train split of the stream takes 1 MiB of memory, data.cache_mib allows 0"),
            std::string::npos)
      << refused.err;
}

TEST_F(TrainResume, OtherOptionsAreRefusedByName) {
  ASSERT_EQ(RunProgram(Arguments(Path("set"), Path("out"), {"--set", "steps=3"})).exit_code, 0);
  const std::string before = ReadFile(Path("out/state.safetensors"));
  const ProgramResult result =
      RunProgram(Arguments(Path("set"), Path("out"),
                           {"--set", "steps=3", "--set", "optimiser.learning_rate=0.001", "--set", "limit_minutes=9"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("cannot change optimiser/learning_rate: it was 0.0005, now it is 0.001"), std::string::npos)
      << result.err;
  EXPECT_EQ(ReadFile(Path("out/state.safetensors")), before);
}

TEST_F(TrainResume, TwoProcessesTrainAsOneAndOneOfThemSpeaks) {
  Pair pair(Path("set"), Path("two"));
  const ProgramResult first = pair.programs[0]->Wait(), second = pair.programs[1]->Wait();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.out + second.err, "");
  EXPECT_NE(first.out.find("in 2 processes"), std::string::npos) << first.out;
  // The first losses are those of one process with the whole batch, up to float32 and the order of sums; later ones
  // drift apart, as Adam turns gradients that are rounding errors into whole steps.
  ASSERT_EQ(RunProgram(Arguments(Path("set"), Path("one"))).exit_code, 0);
  const std::vector<std::string> two = LogRows(Path("two")), one = LogRows(Path("one"));
  ASSERT_EQ(two.size(), kSteps + 1U);
  const auto loss_of = [](const std::string& row) {
    std::size_t begin = 0;
    for (int i = 0; i < 3; ++i) begin = row.find(',', begin) + 1;
    return std::stod(row.substr(begin));
  };
  EXPECT_NEAR(loss_of(two[1]), loss_of(one[1]), 2e-6);
}

TEST_F(TrainResume, ADeadProcessEndsTheOthersAndTheTrainingGoesOnBitForBit) {
  {
    Pair whole(Path("set"), Path("whole"));
    ASSERT_EQ(whole.programs[0]->Wait().exit_code, 0);
    ASSERT_EQ(whole.programs[1]->Wait().exit_code, 0);
  }
  for (const std::size_t dead : {std::size_t{1}, std::size_t{0}}) {
    Pair pair(Path("set"), Path("killed"));
    const std::size_t rows = dead == 1 ? 6 : 18;
    ASSERT_TRUE(WaitUntil([&] { return LogRows(Path("killed")).size() > rows; }));
    pair.programs.at(dead)->Send(SIGKILL);
    const ProgramResult left = pair.programs.at(1 - dead)->Wait();
    EXPECT_EQ(left.exit_code, 3) << left.err;
    EXPECT_FALSE(left.timed_out);
    EXPECT_NE(left.err.find("another process of this training has ended or gives no answer"), std::string::npos)
        << left.err;
  }
  Pair resumed(Path("set"), Path("killed"));
  const ProgramResult first = resumed.programs[0]->Wait(), second = resumed.programs[1]->Wait();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(second.exit_code, 0) << second.err;
  ExpectSameTraining(Path("whole"), Path("killed"));
}

TEST_F(TrainResume, ProcessesThatDoNotFitAreRefused) {
  const auto train = [&](const std::map<std::string, std::string>& environment, std::vector<std::string> more = {}) {
    ProgramSetup setup;
    setup.environment = environment;
    return RunProgram(Arguments(Path("set"), Path("out"), std::move(more)), setup);
  };
  const ProgramResult no_place = train({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}});
  EXPECT_EQ(no_place.exit_code, 2);
  EXPECT_NE(no_place.err.find("set MASTER_ADDR"), std::string::npos) << no_place.err;
  const ProgramResult three = train({{"RANK", "0"}, {"WORLD_SIZE", "3"}, {"MASTER_ADDR", "127.0.0.1"}});
  EXPECT_EQ(three.exit_code, 2);
  EXPECT_NE(three.err.find("data.batch is 2, which 3 processes cannot share equally"), std::string::npos) << three.err;
  const ProgramResult alone = train(
      {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", std::to_string(FreePort())}},
      {"--set", "distributed.timeout_s=1"});
  EXPECT_EQ(alone.exit_code, 3);
  EXPECT_NE(alone.err.find("did not meet the others at 127.0.0.1"), std::string::npos) << alone.err;
}

}  // namespace
}  // namespace mirst::test
