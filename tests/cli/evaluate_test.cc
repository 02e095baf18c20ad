// `mirst preview`, `mirst evaluate` and `mirst report` as a user meets them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/json.h"
#include "datasets/contact_sheet.h"
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

TEST_F(EvaluateCommand, TheReportHoldsEveryScoreAndNeedsNoOtherFile) {
  ASSERT_EQ(Run({"evaluate", "--data", Path("set"), "--method", "top_hat", "--out", Path("scores")}).exit_code, 0);
  CreateFolder(folder_.path() / "run");
  WriteFileAtomically(
      folder_.path() / "run" / "train_log.csv",
      "step,samples,epoch,loss,learning_rate,seconds\n10,160,0.5,0.9,0.0005,3\n20,320,1,0.7654,0.0005,6\n");
  WriteFileAtomically(folder_.path() / "run" / "val_log.csv",
                      "step,samples,iou_seq,niou,pd,fa_1e-6,best,seconds\n20,320,0.25,,0.5,12,1,6\n");
  WriteFileAtomically(folder_.path() / "run" / "best.json", R"({"samples_seen": 320, "steps": 20})");
  const ProgramResult result = Run({"report", "--data", Path("set"), "--train", Path("run"), "--scores", Path("scores"),
                                    "--out", Path("report.html")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, Path("report.html") + "\n");
  const std::string html = ReadFile(Path("report.html"));

  const Json scores = ParseJson(ReadFile(folder_.path() / "scores" / "scores.json"));
  EXPECT_THAT(html, HasSubstr(scores["data"]["dataset_id"].get<std::string>()));
  int rows = 0;
  for (const Json& point : scores["detectors"][0]["operating_points"]) {
    EXPECT_THAT(html, HasSubstr(point["origin"].get<std::string>()));
    for (const Json& subset : point["subsets"]) {
      const auto fraction = [&](const char* key) { return fmt::format("{:.4f}", subset[key]["value"].get<double>()); };
      const std::string fa = subset["fa_1e-6"].get<std::string>();
      EXPECT_THAT(
          html,
          HasSubstr(fmt::format(
              "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}/{}</td><td>{}</td>"
              "<td>{}</td><td>{:.2f}</td>",
              subset["id"].get<std::string>(), subset["sequences"].get<int>(), subset["frames"].get<int>(),
              fraction("iou_pooled"), fraction("iou_seq"), fraction("niou"), fraction("pd_seq"),
              subset["pd_pooled"]["count"].get<int>(), subset["pd_pooled"]["of"].get<int>(),
              fa.starts_with('<') ? "&lt;" + fa.substr(1) : fa, subset["fa_pooled"]["count"].get<int>(),
              1e6 * subset["fa_px_seq"]["value"].get<double>())));
      ++rows;
    }
  }
  EXPECT_EQ(rows, 9);  // three operating points, three subsets
  EXPECT_THAT(html, HasSubstr("Smoke run, not converged.</b> The network saw 320 windows of five frames in 20 steps"));
  EXPECT_THAT(html, HasSubstr("0.7654"));
  EXPECT_THAT(html, HasSubstr("passed</span>: none of the 3 background sources lies in two splits"));

  EXPECT_THAT(html, Not(HasSubstr("http")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  for (std::size_t at = html.find("src=\""); at != std::string::npos; at = html.find("src=\"", at + 1)) {
    EXPECT_EQ(html.compare(at + 5, 5, "data:"), 0);
  }
  ExpectRefusal({"report", "--data", Path("set"), "--out", Path("report.html")}, 3,
                "report.html exists; --force replaces it");
  ExpectRefusal({"report", "--data", Path("set"), "--scores", Path("none"), "--out", Path("r2.html")}, 3, "none");
}

TEST_F(EvaluateCommand, AReportRefusesScoresOfAnotherDataSet) {
  ASSERT_EQ(Run({"evaluate", "--data", Path("set"), "--method", "top_hat", "--out", Path("scores")}).exit_code, 0);
  const fs::path file = folder_.path() / "scores" / "scores.json";
  Json scores = ParseJson(ReadFile(file));
  scores["data"]["dataset_id"] = std::string(64, '0');
  WriteFileAtomically(file, Dump(scores));
  ExpectRefusal({"report", "--data", Path("set"), "--scores", Path("scores"), "--out", Path("report.html")}, 3,
                "scores of another data set");
  EXPECT_FALSE(fs::exists(Path("report.html")));
}

}  // namespace
}  // namespace mirst::test
