// What holds for the program as a whole and for every command: exit codes, messages, help, version.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <regex>

#include "core/file.h"
#include "core/version.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {

const std::vector<std::string> kCommands = {
#ifdef MIRST_WITH_TORCH
    "model",    "train",
#endif
    "audit",    "bench",    "capture", "compare", "convert", "detect",  "diff",    "embed",
    "evaluate", "generate", "inspect", "merge",   "pack",    "physics", "preview", "regenerate",
    "relabel",  "render",   "report",  "scr",     "stats",   "validate"};

/// Families of commands: each has its own, and those take the flags.
bool IsFamily(const std::string& command) { return command == "physics" || command == "model"; }

/// One line "mirst: error: ..." and nothing on standard output.
void ExpectUsageError(const ProgramResult& result, const std::string& message) {
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "mirst: error: " + message + "\n");
}

TEST(Program, HelpTellsThePromiseTheCommandsTheExitCodesAndAnExample) {
  const ProgramResult result = RunProgram({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(result.out.starts_with("mirst makes labelled multi-frame infrared small-target data sets")) << result.out;
  EXPECT_NE(result.out.find("\nUsage: mirst [OPTIONS] COMMAND\n"), std::string::npos);
  EXPECT_NE(result.out.find("\nExample:\n  mirst "), std::string::npos);
  for (const std::string& command : kCommands)
    EXPECT_NE(result.out.find("\n  " + command + " "), std::string::npos) << command;
  for (const char* code : {"0", "1", "2", "3", "4", "130"}) {
    EXPECT_TRUE(std::regex_search(result.out, std::regex("\n  " + std::string(code) + " +[a-z]"))) << code;
  }
  EXPECT_FALSE(result.out.ends_with("\n\n"));
}

TEST(Program, HelpNamesEveryCommandThatThisTestKnowsAndNoOther) {
  const std::string help = RunProgram({"--help"}).out;
  const std::size_t begin = help.find("Commands:\n"), end = help.find("\n\n", begin);
  ASSERT_NE(begin, std::string::npos);
  const std::string list = help.substr(begin, end - begin);
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), static_cast<std::ptrdiff_t>(kCommands.size())) << list;
}

TEST(Program, EveryCommandHasHelpWithAnExample) {
  for (const std::string& command : kCommands) {
    const ProgramResult result = RunProgram({command, "--help"});
    EXPECT_EQ(result.exit_code, 0) << command;
    EXPECT_EQ(result.err, "");
    EXPECT_NE(result.out.find("Usage: mirst " + command), std::string::npos) << result.out;
    EXPECT_TRUE(std::regex_search(result.out, std::regex("Examples?:\n  mirst " + command + " "))) << result.out;
    if (IsFamily(command)) continue;
    for (const char* flag : {"--threads", "--quiet", "--json", "--force", "--help"}) {
      EXPECT_NE(result.out.find(flag), std::string::npos) << command << " " << flag;
    }
    EXPECT_EQ(RunProgram({command, "-h"}).out, result.out);
  }
}

TEST(Program, VersionIsOneLineWithTheRevision) {
  const ProgramResult result = RunProgram({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(
      std::regex_match(result.out, std::regex(R"(mirst \d+\.\d+\.\d+ \(git ([0-9a-f]{7,40}(-dirty)?|unknown)\)\n)")))
      << result.out;
  EXPECT_EQ(result.out, "mirst " + std::string(ProgramVersion()) + " (git " + std::string(GitRevision()) + ")\n");
}

TEST(Program, AWrongCommandLineIsUsageWithAPointerToHelp) {
  ExpectUsageError(RunProgram({}), "no command given; see 'mirst --help'");
  ExpectUsageError(RunProgram({"frobnicate"}), "unknown command 'frobnicate'; see 'mirst --help'");
  ExpectUsageError(RunProgram({"--frobnicate"}), "unknown flag '--frobnicate'; see 'mirst --help'");
  for (const std::string& command : kCommands) {
    const std::string pointer = "; see 'mirst " + command + " --help'";
    ExpectUsageError(RunProgram({command, "--frobnicate"}), "unknown flag '--frobnicate'" + pointer);
    if (IsFamily(command)) continue;
    for (const char* threads : {"-1", "many"}) {
      const ProgramResult result = RunProgram({command, "--threads", threads});
      EXPECT_EQ(result.exit_code, 2);
      EXPECT_TRUE(result.err.starts_with("mirst: error: --threads: Value " + std::string(threads))) << result.err;
      EXPECT_TRUE(result.err.ends_with(pointer + "\n")) << result.err;
    }
  }
}

TEST(Program, ASeedThatIsNoWholeNumberIsUsage) {
  for (const char* seed : {"-1", "1.5", "x", "", "18446744073709551616"}) {
    const ProgramResult result = RunProgram({"generate", "--seed", seed});
    EXPECT_EQ(result.exit_code, 2) << seed;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST(Program, AFullDiskBehindStandardOutputIsBadInput) {
  const ProgramResult result = RunProgram({"--help"}, {.standard_output = "/dev/full"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err, "mirst: error: cannot write to standard output: No space left on device\n");
}

TEST(Program, AFullDiskBehindStandardErrorKeepsTheExitCode) {
  EXPECT_EQ(RunProgram({"frobnicate"}, {.standard_error = "/dev/full"}).exit_code, 2);
}

}  // namespace

// The runner itself, on programs whose behaviour is known.
namespace {

ProgramSetup Shell() { return {.program = "/bin/sh"}; }

TEST(RunProgram, GivesBothStreamsAndTheExitCode) {
  ProgramSetup setup = Shell();
  setup.environment = {{"MIRST_WORD", "été"}};
  setup.working_folder = "/";
  const ProgramResult result = RunProgram({"-c", "echo $MIRST_WORD; pwd >&2; exit 7"}, setup);
  EXPECT_EQ(result.out, "été\n");
  EXPECT_EQ(result.err, "/\n");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_FALSE(result.timed_out);
}

TEST(RunProgram, KillsAtTheTimeLimit) {
  ProgramSetup setup = Shell();
  setup.time_limit = std::chrono::milliseconds(200);
  const ProgramResult result = RunProgram({"-c", "exec sleep 60"}, setup);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
}

TEST(RunningProgram, SendsSignalsOnceATextHasAppeared) {
  RunningProgram program({"-c", "trap 'exit 9' TERM; echo ready >&2; while :; do sleep 0.01; done"}, Shell());
  ASSERT_TRUE(program.WaitForError("ready"));
  program.Send(SIGTERM);
  EXPECT_EQ(program.Wait().exit_code, 9);
}

}  // namespace
}  // namespace mirst::test
