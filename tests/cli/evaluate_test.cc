// `mirst preview` and `mirst evaluate` as a user meets them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/json.h"
#include "datasets/contact_sheet.h"
#include "tests/support/data_folder.h"
#include "tests/support/evaluation_sets.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class EvaluateCommand : public testing::Test {
 protected:
  EvaluateCommand() { WriteEvaluationSet(folder_.path() / "set"); }

  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  static ProgramResult Run(std::vector<std::string> arguments) {
    arguments.emplace_back("--quiet");
    return RunProgram(arguments);
  }
  static void ExpectRefusal(const std::vector<std::string>& arguments, int code, const std::string& text) {
    const ProgramResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(result.out, "");
  }

  TemporaryFolder folder_{"mirst-evaluate"};
};

TEST_F(EvaluateCommand, PreviewWritesASheetOfTheDocumentedSize) {
  const ProgramResult result = Run({"preview", Path("set"), "--out", Path("new/sheet.png"), "--sequences", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const ImageFileInfo info = ReadImageInfo(Path("new/sheet.png"));
  EXPECT_EQ(info.width, SheetSizeOf(2).width);
  EXPECT_EQ(info.height, SheetSizeOf(2).height);
  EXPECT_THAT(result.out, HasSubstr(fmt::format("{} x {} px", info.width, info.height)));
  ExpectRefusal({"preview", Path("set"), "--out", Path("new/sheet.png")}, 3, "sheet.png exists; --force replaces it");
  ExpectRefusal({"preview", Path("set"), "--out", Path("sheet.jpg")}, 2, "the name must end in .png");
  ExpectRefusal({"preview", Path("none"), "--out", Path("sheet.png")}, 3, "none");
}

TEST_F(EvaluateCommand, PrintsATableAndWritesTheSameScores) {
  const ProgramResult result = Run(
      {"evaluate", "--data", Path("set"), "--method", "top_hat", "--method", "top_hat_dark", "--out", Path("scores")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("split test: 2 sequences, 4 frames"));
  EXPECT_THAT(result.out, HasSubstr("score > half of the frame's maximum (compatibility choice)"));
  EXPECT_THAT(result.out, HasSubstr("score > 20 (Fa (P2) = 1e-05 on val)"));
  EXPECT_THAT(result.out, HasSubstr("top_hat_5x5_dark"));
  for (const char* file : {"scores.json", "top_hat_5x5.png", "top_hat_5x5.roc.csv", "top_hat_5x5_dark.sequences.csv"}) {
    EXPECT_TRUE(fs::exists(folder_.path() / "scores" / file)) << file;
  }
  ExpectRefusal({"evaluate", "--data", Path("set"), "--method", "top_hat", "--out", Path("scores")}, 3,
                "already holds scores");
  const ProgramResult json =
      Run({"evaluate", "--data", Path("set"), "--method", "top_hat", "--method", "top_hat_dark", "--json"});
  EXPECT_EQ(json.out, ReadFile(folder_.path() / "scores" / "scores.json"));
}

TEST_F(EvaluateCommand, ScoresDoNotDependOnTheNumberOfThreads) {
  const std::vector<std::string> arguments = {"evaluate", "--data", Path("set"), "--method",
                                              "top_hat",  "--json", "--threads"};
  const auto with = [&](const std::string& threads) {
    std::vector<std::string> all = arguments;
    all.push_back(threads);
    return Run(all).out;
  };
  EXPECT_EQ(with("1"), with("4"));
}

TEST_F(EvaluateCommand, ScoresMapsAgainstAnyTruth) {
  WritePredictions(folder_.path() / "set", {"a", "b", "c"}, 1, 0, folder_.path() / "maps");
  CreateFolder(folder_.path() / "plain");
  fs::copy(folder_.path() / "set" / "mask", folder_.path() / "plain" / "mask", fs::copy_options::recursive);
  for (const char* truth : {"set", "plain"}) {
    const ProgramResult result = Run({"evaluate", "--pred", Path("maps"), "--truth", Path(truth), "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json all = ParseJson(result.out)["detectors"][0]["operating_points"][0]["subsets"][2];
    EXPECT_EQ(all["sequences"], 3);
    EXPECT_DOUBLE_EQ(all["iou_seq"]["value"].get<double>(), 1.0 / 3);
  }
  ExpectRefusal({"evaluate", "--pred", Path("maps"), "--data", Path("set")}, 3, "a predicts a sequence that the truth");
  ExpectRefusal({"evaluate", "--method", "top_hat", "--truth", Path("plain")}, 3, "has no image to look at");
  ExpectRefusal({"evaluate", "--pred", Path("maps"), "--truth", Path("plain"), "--split", "test"}, 3, "has no splits");
}

TEST_F(EvaluateCommand, ComparesTwoDetectorsOnTheSameFrames) {
  for (int shift : {0, 1}) {
    const std::string name = "maps" + std::to_string(shift);
    WritePredictions(folder_.path() / "set", {"b", "c"}, shift, 0, folder_.path() / name);
  }
  ASSERT_EQ(Run({"evaluate", "--truth", Path("set"), "--split", "test", "--pred", Path("maps0"), "--pred",
                 Path("maps1"), "--out", Path("scores")})
                .exit_code,
            0);
  const ProgramResult result = Run({"compare", Path("scores"), Path("scores") + ":maps1", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::set<std::string> protocols, subsets;
  const Json rows = ParseJson(result.out)["rows"];
  for (const Json& row : rows) {
    protocols.insert(row["protocol"]);
    subsets.insert(row["subset"]);
    if (row["protocol"] == "P4" && row["score"] == "pd_seq") {
      EXPECT_EQ(row["difference"], "-1");  // boxes: IoU 1/3
    }
    if (row["score"] != "iou_seq") continue;
    EXPECT_EQ(row["a"], "1");
    EXPECT_EQ(row["difference"], "-0.6667");   // 1/3 less 1
    EXPECT_EQ(row["verdict"], "no interval");  // two sources
  }
  EXPECT_EQ(protocols, (std::set<std::string>{"P1", "P1-legacy", "P2", "P3", "P4", "P5"}));
  EXPECT_EQ(subsets, (std::set<std::string>{"all", "mscr_low", "mscr_high", "area_px [1, 5)", "speed_px [1, 2)",
                                            "class quadrotor"}));
  const ProgramResult everything =
      Run({"compare", Path("scores"), Path("scores") + ":maps1", "--everything", "--json"});
  // 6 subsets; P1 has 7 scores, the other five protocols 4.
  EXPECT_EQ(ParseJson(everything.out)["rows"].size(), 6U * (7 + 5 * 4));
  const ProgramResult table = Run({"compare", Path("scores"), Path("scores") + ":maps1", "--format", "latex"});
  EXPECT_THAT(table.out, HasSubstr("\\begin{tabular}"));
  ExpectRefusal({"compare", Path("scores"), Path("scores") + ":maps2"}, 3,
                "no detector 'maps2', there are: maps0, maps1");
  ExpectRefusal({"compare", Path("scores"), Path("none")}, 3, "holds no scores.json");
  ASSERT_EQ(Run({"evaluate", "--data", Path("set"), "--split", "val", "--method", "top_hat", "--out", Path("other")})
                .exit_code,
            0);
  ExpectRefusal({"compare", Path("scores"), Path("other")}, 3, "nothing to compare");
}

TEST_F(EvaluateCommand, PrintsTablesToPaste) {
  const auto print = [&](const std::string& format) {
    return Run({"evaluate", "--data", Path("set"), "--method", "top_hat", "--format", format}).out;
  };
  EXPECT_THAT(print("markdown"), HasSubstr("| detector | operating point | masks | protocol |"));
  EXPECT_THAT(print("latex"), HasSubstr("top\\_hat\\_5x5"));
  EXPECT_THAT(print("csv"), HasSubstr("top_hat_5x5,compatibility choice,half_max,P1-legacy,"));
  EXPECT_TRUE(ParseJson(print("json")).contains("absent"));
  ExpectRefusal({"evaluate", "--data", Path("set"), "--method", "top_hat", "--masks", "half"}, 2,
                "the mask convention 'half'");
}

TEST_F(EvaluateCommand, SaysWhatIsMissing) {
  ExpectRefusal({"evaluate", "--method", "top_hat"}, 2, "one of --data DIR and --truth DIR is required");
  ExpectRefusal({"evaluate", "--data", Path("set")}, 2, "nothing to score");
  ExpectRefusal({"evaluate", "--data", Path("set"), "--method", "hat"}, 2, "hat");
  ExpectRefusal({"evaluate", "--data", Path("set"), "--split", "train", "--method", "top_hat"}, 3,
                "has no sequence in the split train");
  ExpectRefusal({"evaluate", "--data", Path("set"), "--weights", Path("none.safetensors")}, 3, "none.");
}

// The fakes hold the pixels and masks of the native set, so whatever does not come from annotations is equal.
TEST_F(EvaluateCommand, BenchmarksOfOthersSetsScoreAsTheNativeSet) {
  const auto overall = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "evaluate");
    arguments.insert(arguments.end(), {"--method", "top_hat", "--json"});
    const ProgramResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const Json all = ParseJson(result.out)["detectors"][0]["operating_points"][0]["subsets"][2];
    EXPECT_EQ(all["id"], "all");
    return all;
  };
  for (const std::string layout : {"nudt_mirsdt", "nudt_mirsdt_png", "irdst_real"}) {
    ASSERT_EQ(Run({"convert", Path("set"), Path(layout), "--to", layout}).exit_code, 0);
  }
  const std::string bench = (SourceFolder() / "configs/bench").string();
  const std::vector<std::string> nudt = {"--config", bench + "/nudt_mirsdt.yaml", "--data", Path("nudt_mirsdt")};
  const Json test = overall({"--data", Path("set")}), all = overall({"--truth", Path("set")});
  EXPECT_EQ(test["sequences"], 2);
  EXPECT_EQ(all["sequences"], 3);
  EXPECT_EQ(overall(nudt), test);
  EXPECT_EQ(overall({"--data", Path("nudt_mirsdt_png")}), test);  // found out, and test by itself
  EXPECT_EQ(overall({"--config", bench + "/irdst_real.yaml", "--data", Path("irdst_real")}), all);
  EXPECT_EQ(overall({"--truth", Path("nudt_mirsdt")}), all);
  std::vector<std::string> one = nudt;
  one.insert(one.end(), {"--sequence", "Sequence2"});
  EXPECT_EQ(overall(one), overall({"--data", Path("set"), "--sequence", "b"}));

  const ProgramResult printed = Run({"evaluate", "--config", bench + "/nudt_mirsdt.yaml", "--print-config"});
  EXPECT_THAT(printed.out, HasSubstr("layout: \"nudt_mirsdt\""));
  WriteFileAtomically(Path("again.yaml"), printed.out);
  EXPECT_EQ(Run({"evaluate", "--config", Path("again.yaml"), "--print-config"}).out, printed.out);
  WriteFileAtomically(Path("bad.yaml"), "layouts: nudt_mirsdt\n");
  ExpectRefusal({"evaluate", "--config", Path("bad.yaml"), "--data", Path("set")}, 2, "layouts");
  ExpectRefusal({"evaluate", "--config", bench + "/irdst_real.yaml", "--data", Path("nudt_mirsdt")}, 3,
                "is not in the layout irdst_real: no folder images/");
  ExpectRefusal({"evaluate", "--data", Path("set"), "--layout", "kitti", "--method", "top_hat"}, 2, "kitti");
  ExpectRefusal({"evaluate", "--data", Path("set"), "--sequence", "x", "--method", "top_hat"}, 3, "the sequence x");
}

}  // namespace
}  // namespace mirst::test
