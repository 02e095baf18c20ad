// `mirst generate --resume`, `--shard`, `mirst merge` and `mirst regenerate` as a user meets them: kills at any moment,
// two runs at once, inputs that vanish.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>

#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sample_store.h"
#include "datasets/sequence_source.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ResumeCommand : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments(const std::string& name, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"generate", "--out", At(name).string(), "--json"};
    for (const char* set : {"sequences=6", "frames=[12,14]", "target.area_px=[2,20]", "scr.range=[1,3]",
                            "backgrounds.procedural_sources=3", "backgrounds.procedural.width=640",
                            "backgrounds.procedural.height=512", "backgrounds.procedural.frame_count=16"})
      arguments.insert(arguments.end(), {"--set", set});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  fs::path At(const std::string& name) const { return folder.path() / name; }
  std::string IdOf(const std::string& name) const { return SampleStoreReader(At(name)).manifest().dataset_id; }
  std::string Whole() const {
    const ProgramResult result = RunProgram(Arguments("whole"));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return IdOf("whole");
  }
  // Ends a run by the signal when its first sequence is whole.
  ProgramResult EndEarly(const std::string& name, int signal_number) const {
    return EndEarly(Arguments(name, {"--resume", "--threads", "1"}), name, signal_number);
  }
  ProgramResult EndEarly(const std::vector<std::string>& arguments, const std::string& name, int signal_number) const {
    RunningProgram program(arguments);
    EXPECT_TRUE(program.WaitForFileIn(At(name) / ".journal/sequences"));
    program.Send(signal_number);
    return program.Wait();
  }

  TemporaryFolder folder;
};

TEST_F(ResumeCommand, AfterAKillTheSameDataSetComesOut) {
  const std::string id = Whole();
  EXPECT_EQ(EndEarly("out", SIGKILL).exit_code, 128 + SIGKILL);
  EXPECT_FALSE(fs::exists(At("out") / "manifest.json"));
  EXPECT_EQ(RunProgram(Arguments("out")).exit_code, 3);  // not without --resume
  const ProgramResult other = RunProgram(Arguments("out", {"--resume", "--seed", "9"}));
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err, HasSubstr("seed is 0 there and 9 here"));
  const ProgramResult resumed = RunProgram(Arguments("out", {"--resume"}));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(IdOf("out"), id);
  EXPECT_THAT(resumed.out, testing::Not(HasSubstr("\"found_sequences\":0")));
}

TEST_F(ResumeCommand, SigtermEndsWithItsCodeAndLeavesWholeSequences) {
  const ProgramResult ended = EndEarly("out", SIGTERM);
  EXPECT_EQ(ended.exit_code, 130) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("interrupted"));
  EXPECT_FALSE(fs::exists(At("out") / ".partial"));
  EXPECT_EQ(RunProgram(Arguments("out", {"--resume"})).exit_code, 0);
  EXPECT_EQ(IdOf("out"), Whole());
}

TEST_F(ResumeCommand, TwoRunsDoNotShareAFolderButShardsDo) {
  const fs::path out = At("out");
  CreateFolder(out);
  {
    RunningProgram first(Arguments("out", {"--shard", "0/2"}));
    for (int i = 0; i < 3000 && !fs::exists(out / ".journal/shard-0-of-2.lock"); ++i) ::usleep(10000);
    ::usleep(50000);  // from the file's birth to its lock
    first.Send(SIGSTOP);
    const ProgramResult twin = RunProgram(Arguments("out", {"--shard", "0/2"}));
    EXPECT_EQ(twin.exit_code, 3);
    EXPECT_THAT(twin.err, HasSubstr("another process is writing the shard 0/2"));
    const ProgramResult whole = RunProgram(Arguments("out", {"--resume"}));
    EXPECT_EQ(whole.exit_code, 3);
    EXPECT_THAT(whole.err, HasSubstr("another process is writing a data set into"));
    const ProgramResult second =
        RunProgram(Arguments("out", {"--shard", "auto/2"}), {.environment = {{"JOB_COMPLETION_INDEX", "1"}}});
    EXPECT_EQ(second.exit_code, 0) << second.err;
    first.Send(SIGCONT);
    EXPECT_EQ(first.Wait().exit_code, 0);
  }
  const ProgramResult merged = RunProgram({"merge", out.string()});
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(IdOf("out"), Whole());
}

TEST_F(ResumeCommand, ForceDoesNotGoWithWhatItWouldRemove) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--resume"}, {"--shard", "0/2"}}) {
    std::vector<std::string> arguments = Arguments("out", more);
    arguments.push_back("--force");
    EXPECT_EQ(RunProgram(arguments).exit_code, 2);
  }
  EXPECT_FALSE(fs::exists(At("out")));
}

TEST_F(ResumeCommand, ABackgroundThatVanishesIsNamedAndTheRunGoesOnWhenItIsBack) {
  const fs::path source = At("source"), away = At("away");
  CreateFolder(source);
  ProceduralOptions options;
  options.width = 640;
  options.height = 512;
  options.frame_count = 16;
  for (const Frame& frame : OpenProceduralSource(options, {})->Read(0, 16))
    WriteFileAtomically(source / frame.name, EncodePng(CountsOf(frame), 8));
  const auto arguments = [&](const std::string& name) {
    return Arguments(name, {"--resume", "--threads", "1", "--backgrounds", source.string()});
  };
  EXPECT_EQ(EndEarly(arguments("out"), "out", SIGTERM).exit_code, 130);
  fs::rename(source, away);
  const ProgramResult result = RunProgram(arguments("out"));
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr(source.string()));
  fs::rename(away, source);
  EXPECT_EQ(RunProgram(arguments("out")).exit_code, 0);
  EXPECT_EQ(RunProgram(arguments("whole")).exit_code, 0);
  EXPECT_EQ(IdOf("out"), IdOf("whole"));
}

TEST_F(ResumeCommand, RegenerateTellsEqualFramesFromChangedOnes) {
  Whole();
  const std::string set = At("whole").string();
  const ProgramResult equal = RunProgram({"regenerate", set, "--frame", "000001/000003"});
  EXPECT_EQ(equal.exit_code, 0) << equal.err;
  EXPECT_THAT(equal.out, HasSubstr("equal"));
  fs::copy_file(At("whole") / "image/000001/000004.png", At("whole") / "image/000001/000003.png",
                fs::copy_options::overwrite_existing);
  const ProgramResult changed =
      RunProgram({"regenerate", set, "--frame", "000001/000003", "--out", At("frame").string()});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.out, testing::AllOf(HasSubstr("image:"), HasSubstr("the first at x ")));
  EXPECT_TRUE(fs::exists(At("frame") / "image.png"));
  EXPECT_EQ(RunProgram({"regenerate", set, "--frame", "000001"}).exit_code, 2);
}

}  // namespace
}  // namespace mirst::test
