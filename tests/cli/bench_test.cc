// `mirst bench` with classical methods, as a user meets it: tables, going on, changed data, failing rows, the check.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "core/file.h"
#include "core/json.h"
#include "tests/support/evaluation_sets.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

class BenchCommand : public testing::Test {
 protected:
  BenchCommand() {
    WriteEvaluationSet(Path("set"));
    WriteConfig("methods: [top_hat, top_hat_dark]\n");
  }
  void WriteConfig(const std::string& detectors) {
    WriteFileAtomically(Path("bench.yaml"),
                        "title: Two filters\nspeed_frames: 2\nsets: [{name: board, folder: set}]\n" + detectors);
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  ProgramResult Bench(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "bench", "--config", Path("bench.yaml").string(), "--out", Path("run").string(), "--threads", "1", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }
  Json Report(const std::vector<std::string>& more = {}) const {
    const ProgramResult result = Bench(more);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.exit_code == 0 ? ParseJson(result.out) : Json::object();
  }
  ProgramResult Check() const { return RunProgram({"bench", "--check", Path("run").string(), "--quiet"}); }
  /// Row `name` of the table whose title begins so, by column.
  std::map<std::string, std::string> Row(const std::string& title, const std::string& name) const {
    const Json results = ParseJson(ReadFile(Path("run/results.json")));
    for (const Json& table : results["tables"]) {
      if (!table["title"].get<std::string>().starts_with(title)) continue;
      for (const Json& row : table["rows"]) {
        if (row[0] != name) continue;
        std::map<std::string, std::string> cells;
        for (std::size_t i = 0; i < row.size(); ++i) cells[table["columns"][i]] = row[i];
        return cells;
      }
    }
    return {};
  }

  TemporaryFolder folder_{"mirst-bench"};
};

TEST_F(BenchCommand, TableOneHoldsTheKnownScoresByMeanScr) {
  const Json report = Report();
  EXPECT_EQ(report["done"], 2);
  const auto row = Row("Table 1: board", "Top-Hat");
  // Sequence c, of SCR 10: the response is 110 on the target and 20 on the board, so half the maximum is exactly the
  // target. Sequence b, of SCR 2: 30 and 20, so the board's bright squares join in.
  EXPECT_EQ(row.at("IoU >= 3"), "100.00");
  EXPECT_EQ(row.at("Pd >= 3"), "100.00");
  EXPECT_THAT(row.at("Fa >= 3"), HasSubstr("<"));  // a bound: no false pixel at all
  EXPECT_LT(std::stod(row.at("IoU < 3")), 5);
  EXPECT_GT(std::stod(row.at("Fa < 3")), 1000);
  EXPECT_EQ(row.at("state"), "done");
  EXPECT_EQ(row.at("rank"), "1");
  // At the threshold of the validation split, which has the bright target: no more than the board's 20.
  EXPECT_EQ(Row("Table 1 at a threshold", "Top-Hat").at("IoU < 3"), "100.00");
  EXPECT_GT(std::stod(Row("Cost", "Top-Hat").at("ms/frame p50")), 0);
}

TEST_F(BenchCommand, WritesOnePageThatNeedsNothingElse) {
  Report();
  const std::string page = ReadFile(Path("run/index.html"));
  for (const char* part :
       {"Two filters", "<svg", "data:image/png;base64,", "Table 1: board", "cells/top_hat/status.json"})
    EXPECT_THAT(page, HasSubstr(part));
  for (const char* part : {"http:", "https:", "<script", "smoke run"}) EXPECT_THAT(page, Not(HasSubstr(part)));
  EXPECT_THAT(ReadFile(Path("run/results.md")), HasSubstr("| Top-Hat |"));
  EXPECT_THAT(ReadFile(Path("run/results.tex")), HasSubstr("\\begin{tabular}"));
  Report({"--set", "smoke=true"});
  EXPECT_THAT(ReadFile(Path("run/index.html")), HasSubstr("<h1>Two filters (smoke run)"));
}

TEST_F(BenchCommand, GoesOnWithWhatIsMissingAndKeepsTheRest) {
  Report();
  const std::string results = ReadFile(Path("run/results.json"));
  const Json again = Report();
  EXPECT_EQ(again["found"], 2);
  EXPECT_EQ(ReadFile(Path("run/results.json")), results);
  fs::remove(Path("run/cells/top_hat/status.json"));  // as a kill in the middle of a cell leaves it
  EXPECT_EQ(Report()["found"], 1);
  WriteFileAtomically(Path("run/cells/top_hat/scores/board/top_hat.sequences.csv"), "broken");
  EXPECT_EQ(Report()["found"], 1);  // a cell whose files are not its own any more is made again
  EXPECT_EQ(Check().exit_code, 0);
}

TEST_F(BenchCommand, ARowThatFailsIsMarkedAndTheRestGoesOn) {
  // The frames are 120 x 100 px: fewer than four patches of 100 px every 10 px, which IPI refuses.
  WriteConfig("methods: [ipi, top_hat]\nmethod_options: [ipi.patch_px=100, ipi.step_px=10]\n");
  const ProgramResult result = Bench();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = ParseJson(result.out);
  EXPECT_EQ(report["failed"], 1);
  EXPECT_EQ(report["done"], 1);
  EXPECT_THAT(Row("Table 1: board", "IPI").at("state"), HasSubstr("failed: "));
  EXPECT_EQ(Row("Table 1: board", "IPI").at("rank"), "-");
  EXPECT_EQ(Row("Table 1: board", "IPI").at("IoU all"), "-");
  EXPECT_EQ(Row("Table 1: board", "Top-Hat").at("rank"), "1");
}

TEST_F(BenchCommand, ASetCanBeWithoutADetector) {
  WriteFileAtomically(Path("bench.yaml"),
                      "speed_frames: 2\nmethods: [top_hat, wslcm]\n"
                      "sets: [{name: board, folder: set}, {name: again, folder: set, without: [wslcm]}]\n");
  Report();
  EXPECT_EQ(Row("Table 2: again", "WSLCM").at("state"), "left out by the config");
  EXPECT_EQ(Row("Table 2: again", "WSLCM").at("Pd"), "-");
  EXPECT_EQ(Row("Table 2: again", "Top-Hat").at("state"), "done");
  EXPECT_EQ(Check().exit_code, 0);
}

TEST_F(BenchCommand, ARowOutOfMemoryIsMarked) {
  Report({"--set", "limit_memory_mib=24"});  // too little for the program itself to be loaded
  EXPECT_THAT(Row("Table 1: board", "Top-Hat").at("state"), HasSubstr("failed: "));
  EXPECT_EQ(Report()["done"], 2);  // with enough it is tried again
}

TEST_F(BenchCommand, AChangedDataSetIsNoticedByItsId) {
  Report();
  fs::remove_all(Path("set"));
  SampleStoreWriter writer(Path("set"), Existing::kRefuse, 0);
  Manifest manifest;
  for (const char* name : {"a", "b"}) {
    const Sample sample = CheckerSample(name, {{{{50, 40, 2, 2}, 200}}});
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, std::string(name) == "a" ? "val" : "test"));
  }
  writer.Finish(manifest);
  const ProgramResult refused = Bench();
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("the data set board has changed"));
  EXPECT_EQ(Check().exit_code, 1);
  EXPECT_EQ(Report({"--force"})["found"], 0);
  EXPECT_EQ(Check().exit_code, 0);
}

TEST_F(BenchCommand, OtherOptionsAreRefusedWithoutForce) {
  Report();
  const ProgramResult refused = Bench({"--set", "masks=energy:0.8"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("was made by other options; --force"));
}

TEST_F(BenchCommand, TheCheckFindsEveryManipulatedFile) {
  Report();
  EXPECT_EQ(Check().exit_code, 0);
  for (const char* file :
       {"run/cells/top_hat/scores/board/top_hat.sequences.csv", "run/cells/top_hat/log.txt", "run/results.json",
        "run/results.tex", "run/index.html", "run/cells/top_hat/status.json", "set/annotations/b.jsonl"}) {
    const std::string bytes = ReadFile(Path(file));
    std::string changed = bytes;
    const std::size_t digit = changed.find_last_of("0123456789");
    changed[digit] = changed[digit] == '7' ? '8' : '7';
    WriteFileAtomically(Path(file), changed);
    const ProgramResult check = Check();
    EXPECT_EQ(check.exit_code, 1) << file;
    WriteFileAtomically(Path(file), bytes);
  }
  EXPECT_EQ(Check().exit_code, 0);
}

TEST_F(BenchCommand, EachSourceIsLeftOutOnce) {
  const Json report = Report({"--leave-one-source-out"});
  EXPECT_EQ(report["cells"], 6);  // two methods, sources a, b, c
  const auto row = Row("Table 1: board", "Top-Hat");
  // All three sequences are tested: b of low SCR, a and c of high.
  EXPECT_THAT(ReadFile(Path("run/results.md")), HasSubstr("sequences: 1 of mSCR \\< 3, 2 of mSCR"));
  EXPECT_EQ(row.at("IoU >= 3"), "100.00");
}

TEST_F(BenchCommand, ANetworkThatCannotBeTrainedIsMarkedWithTheReason) {
  WriteConfig("methods: [top_hat]\nnetworks: [{id: new, arch: no_such_network}]\n");
  const Json report = Report();
  EXPECT_EQ(report["done"], 1);
#ifdef MIRST_WITH_TORCH
  const char* const state = "failed: training: arch (--set): found 'no_such_network'";
#else
  const char* const state = "absent: this build has no LibTorch";
#endif
  EXPECT_THAT(Row("Table 1: board", "new").at("state"), HasSubstr(state));
}

TEST_F(BenchCommand, AFolderOfOthersIsLeftAlone) {
  CreateFolder(Path("run"));
  WriteFileAtomically(Path("run/thesis.txt"), "");
  const ProgramResult result = Bench();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("holds other files"));
  EXPECT_EQ(RunProgram({"bench", "--check", Path("run").string()}).exit_code, 3);
}

TEST_F(BenchCommand, AnInterruptEndsItAndItGoesOn) {
  WriteConfig("methods: [ipi, top_hat]\nmethod_options: [ipi.iterations=100000]\n");
  RunningProgram running({"bench", "--config", Path("bench.yaml").string(), "--out", Path("run").string()});
  ASSERT_TRUE(running.WaitForError("probing ipi"));
  running.Send(SIGTERM);
  EXPECT_EQ(running.Wait().exit_code, 130);
  WriteConfig("methods: [top_hat]\n");
  EXPECT_EQ(Report()["done"], 1);
}

}  // namespace
}  // namespace mirst::test
