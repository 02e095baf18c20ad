// `mirst report` as a user meets it: what the page holds is what the files hold, whatever they are called. How the page
// behaves in a browser is held by tests/report/page_test.py.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/json.h"
#include "tests/support/evaluation_sets.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class ReportCommand : public testing::Test {
 protected:
  ReportCommand() { WriteEvaluationSet(folder_.path() / "set"); }

  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  static ProgramResult Run(std::vector<std::string> arguments) {
    arguments.emplace_back("--quiet");
    return RunProgram(arguments);
  }
  ProgramResult Report(const std::vector<std::string>& more = {}, const std::string& data = "set") const {
    std::vector<std::string> arguments = {"report", Path(data), "--out", Path("report")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  /// The data that the page draws.
  Json Data() const {
    const std::string html = ReadFile(Path("report/index.html"));
    const std::string head = "<script type=\"application/json\" id=\"data\">";
    const std::size_t begin = html.find(head) + head.size();
    return ParseJson(html.substr(begin, html.find("</script>", begin) - begin));
  }
  /// What frames.js hands to the player.
  Json Labels(const std::string& key) const {
    const std::string script = ReadFile(Path("report/data/" + key + "/frames.js"));
    const std::string head = "mirst.receive(\"" + key + "\", ";
    EXPECT_TRUE(script.starts_with(head)) << script.substr(0, 60);
    return ParseJson(script.substr(head.size(), script.rfind(')') - head.size()));
  }
  void ExpectRefusal(const std::vector<std::string>& more, int code, const std::string& text) const {
    const ProgramResult result = Report(more);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_EQ(CountOf(result.err, "\n"), 1) << result.err;
    EXPECT_FALSE(fs::exists(Path("report.partial")));
  }

  TemporaryFolder folder_{"mirst-report"};
};

TEST_F(ReportCommand, EverySequenceIsListedAsMeasured) {
  const ProgramResult result = Report();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, Path("report/index.html") + "\n");
  const Json data = Data();
  ASSERT_EQ(data["sequences"].size(), 3U);
  const std::map<std::string, std::pair<std::string, double>> expected = {
      {"a", {"val", 10}}, {"b", {"test", 2}}, {"c", {"test", 10}}};
  for (const Json& sequence : data["sequences"]) {
    const auto& [split, scr] = expected.at(sequence["name"]);
    EXPECT_EQ(sequence["split"], split);
    EXPECT_NEAR(sequence["mscr"].get<double>(), scr, 1e-3);  // three decimals are kept; the epsilon costs 1e-5
    EXPECT_EQ(sequence["area"], 4.0);
    EXPECT_EQ(sequence["speed"], 1.0);  // of (0.6, -0.8)
    EXPECT_EQ(sequence["frames"], 2);
    EXPECT_EQ(sequence["targets"], 2);
  }
}

TEST_F(ReportCommand, DistributionsCountEveryTargetBySplit) {
  ASSERT_EQ(Report().exit_code, 0);
  const Json data = Data();
  std::map<std::string, Json> values;
  for (const Json& quantity : data["distributions"]["quantities"]) values[quantity["id"]] = quantity["values"];
  // Value, then train, val, test and none: six targets of 4 px, two of them in val.
  EXPECT_EQ(values["area"], Json::parse("[[4.0, 0, 2, 4, 0]]"));
  EXPECT_EQ(values["targets_in_frame"], Json::parse("[[1.0, 0, 2, 4, 0]]"));
  EXPECT_EQ(values["mscr"], Json::parse("[[2.0, 0, 0, 1, 0], [10.0, 0, 1, 1, 0]]"));
  EXPECT_EQ(values["scr:box20"], Json::parse("[[2.0, 0, 0, 2, 0], [10.0, 0, 2, 2, 0]]"));
  EXPECT_EQ(values["track"], Json::parse("[[2.0, 0, 1, 2, 0]]"));
}

TEST_F(ReportCommand, ThePlayerGetsBoxesMasksAndScrOfEachFrame) {
  ASSERT_EQ(Report().exit_code, 0);
  const Json labels = Labels("00001");
  ASSERT_EQ(labels["frames"].size(), 2U);
  const Json& target = labels["frames"][1]["targets"][0];
  EXPECT_EQ(target["box"], Json::parse("[44, 50, 2, 2]"));
  EXPECT_EQ(target["runs"], Json::parse("[44, 50, 2, 44, 51, 2]"));
  EXPECT_EQ(target["centre"], Json::parse("[44.5, 50.5]"));
  EXPECT_NEAR(target["scr"].get<double>(), 2, 1e-3);
}

TEST_F(ReportCommand, StripsHoldTheFramesOverTheStatedStretch) {
  ASSERT_EQ(Report().exit_code, 0);
  const Json sequence = Data()["sequences"][1];
  EXPECT_EQ(sequence["low"], 90.0);    // the checkerboard's dark squares, ...
  EXPECT_EQ(sequence["high"], 120.0);  // ... and the target, rarer than one pixel in a thousand
  const int tile = Labels("00001")["tile_height"];
  EXPECT_EQ(tile, 104);  // 100 rows, in whole JPEG blocks
  const Image<std::uint16_t> strip = ReadImage(Path("report/data/00001/strip_00.jpg"));
  ASSERT_EQ(strip.height(), 2 * tile);
  ASSERT_EQ(strip.width(), kCheckerWidth);
  // JPEG keeps a block's mean to half its step of 3 at quality 90, / 8; far from the target a block has mean 100
  // counts.
  for (const int row : {0, 16, tile, tile + 24}) {
    double mean = 0;
    for (int y = row; y < row + 8; ++y) {
      for (int x = 0; x < 8; ++x) mean += strip(y, x) / 64.0;
    }
    EXPECT_NEAR(mean, 255 * (100 - 90) / 30.0, 1.0) << row;
  }
  EXPECT_GT(strip(41, 41), 230);         // the target of frame 0, white but for the JPEG's ringing
  EXPECT_GT(strip(tile + 51, 45), 230);  // and of frame 1
}

TEST_F(ReportCommand, MasksOfADetectorBecomeHitsMissesAndFalseAlarms) {
  WritePredictions(folder_.path() / "set", {"b", "c"}, 0, 0, folder_.path() / "exact");
  WritePredictions(folder_.path() / "set", {"c"}, 20, 0, folder_.path() / "beside" / "mask");
  ASSERT_EQ(Report({"--results", Path("exact"), Path("beside")}).exit_code, 0);
  const Json data = Data();
  EXPECT_EQ(data["head"]["detectors"], Json::parse(R"(["exact", "beside"])"));
  // Found, targets, false alarms of either; null where it did not look.
  EXPECT_EQ(data["sequences"][0]["found"], Json::parse("[null, null]"));
  EXPECT_EQ(data["sequences"][1]["found"], Json::parse("[[2, 2, 0], null]"));
  EXPECT_EQ(data["sequences"][2]["found"], Json::parse("[[2, 2, 0], [0, 2, 2]]"));
  const Json found = Labels("00002")["frames"][0]["found"];
  EXPECT_EQ(found[0]["hits"], Json::parse("[[40, 40, 2, 2]]"));
  EXPECT_EQ(found[1]["misses"], Json::parse("[[40, 40, 2, 2]]"));
  EXPECT_EQ(found[1]["false_boxes"], Json::parse("[[60, 40, 2, 2]]"));
}

TEST_F(ReportCommand, ScoresAreThoseOfTheEvaluation) {
  ASSERT_EQ(Run({"evaluate", "--data", Path("set"), "--method", "top_hat", "--out", Path("scores")}).exit_code, 0);
  ASSERT_EQ(Report({"--results", Path("scores/scores.json")}).exit_code, 0);
  const Json scores = ParseJson(ReadFile(Path("scores/scores.json")))["detectors"][0];
  const Json data = Data();
  const Json& detector = data["evaluations"][0]["detectors"][0];
  EXPECT_EQ(detector["id"], "top_hat_5x5");
  EXPECT_EQ(detector["auc"], scores["roc"]["auc"]);
  ASSERT_EQ(detector["points"].size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& point = detector["points"][i];
    EXPECT_EQ(point["subsets"], scores["operating_points"][i]["subsets"]);
    // The surface over SCR and size, and the sequences, are the same targets counted otherwise.
    double found = 0, of = 0, by_sequence = 0;
    for (const Json& cell : point["surface"]) {
      found += cell["found"].get<double>();
      of += cell["of"].get<double>();
    }
    for (const auto& [name, counts] : point["sequences"].items()) by_sequence += counts[0].get<double>();
    const Json& pooled = point["subsets"].back()["pd_pooled"];
    EXPECT_EQ(found, pooled["count"].get<double>());
    EXPECT_EQ(of, pooled["of"].get<double>());
    EXPECT_EQ(by_sequence, pooled["count"].get<double>());
  }
  EXPECT_EQ(detector["roc"].front(), Json::parse("[0.0, 0.0]"));
  EXPECT_EQ(detector["roc"].back(), Json::parse("[1.0, 1.0]"));
}

TEST_F(ReportCommand, AShortTrainingIsShownAsWhatItIs) {
  CreateFolder(folder_.path() / "run");
  WriteFileAtomically(
      folder_.path() / "run" / "train_log.csv",
      "step,samples,epoch,loss,learning_rate,seconds\n10,160,0.5,0.9,0.0005,3\n20,320,1,0.7654,0.0005,6\n");
  WriteFileAtomically(folder_.path() / "run" / "val_log.csv",
                      "step,samples,iou_seq,niou,pd,fa_1e-6,best,seconds\n20,320,0.25,,0.5,12,1,6\n");
  WriteFileAtomically(folder_.path() / "run" / "best.json", R"({"samples_seen": 320, "steps": 20})");
  ASSERT_EQ(Report({"--train", Path("run")}).exit_code, 0);
  const Json training = Data()["training"];
  EXPECT_EQ(training["loss"], Json::parse("[[10.0, 0.9], [20.0, 0.7654]]"));
  EXPECT_EQ(training["samples_seen"], 320);
  EXPECT_LT(training["samples_seen"], Data()["head"]["smoke_run_windows"]);
  for (const Json& curve : training["validation"])  // an empty cell is no value
    EXPECT_EQ(curve["points"].size(), curve["name"] == "nIoU" ? 0U : 1U) << curve["name"];
  WriteFileAtomically(folder_.path() / "run" / "train_log.csv", "step,loss\n10\n");
  ExpectRefusal({"--train", Path("run"), "--force"}, 3, "train_log.csv, line 2: found 1 cells, expected 2");
}

TEST_F(ReportCommand, TextOfADataSetNeverBecomesMarkup) {
  const std::string hostile = "</script><script>alert(1)</script>{{script}}<img src=x onerror=alert(2)>";
  SampleStoreWriter writer(folder_.path() / "<i>&hostile", Existing::kRefuse, 0);
  Sample sample = CheckerSample("a", {{{{40, 40, 2, 2}, 200}}});
  sample.frames[0].annotation.targets[0].class_name = hostile;
  sample.frames[0].annotation.targets[0].flags = {{hostile, 1}};
  writer.WriteSequence(sample);
  Manifest manifest;
  manifest.sequences = {EntryOf(sample, "test")};
  manifest.sequences[0].background.source = hostile;
  writer.Finish(manifest);
  ASSERT_EQ(Report().exit_code, 0);
  const std::string usual = ReadFile(Path("report/index.html"));
  ASSERT_EQ(Report({"--force"}, "<i>&hostile").exit_code, 0);
  const std::string html = ReadFile(Path("report/index.html"));
  for (const char* tag : {"<script", "</script>", "<img", "<i>"})
    EXPECT_EQ(CountOf(html, tag), CountOf(usual, tag)) << tag;
  EXPECT_THAT(html, HasSubstr("<title>&lt;i&gt;&amp;hostile"));
  EXPECT_EQ(Data()["sequences"][0]["source"], hostile);
  EXPECT_EQ(Data()["sequences"][0]["classes"][0], hostile);
}

TEST_F(ReportCommand, ThePageNamesNoAddress) {
  ASSERT_EQ(Report().exit_code, 0);
  const std::string html = ReadFile(Path("report/index.html"));
  EXPECT_EQ(CountOf(html, "http"), 2);  // neither is fetched: the name of SVG, and the place of a licence in a comment
  EXPECT_THAT(html, HasSubstr("createElementNS(\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(html, HasSubstr("/*! @license https://github.com/danvk/dygraphs/"));
  EXPECT_THAT(html, HasSubstr("Permission is hereby granted, free of charge"));  // MIT wants it in every copy
  EXPECT_THAT(html, Not(HasSubstr("sourceMappingURL")));
  EXPECT_THAT(html, Not(HasSubstr("src=\"/")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
}

TEST_F(ReportCommand, IsTheSameForAnyNumberOfThreads) {
  const auto files = [&](const std::string& threads) {
    EXPECT_EQ(Report({"--threads", threads, "--force"}).exit_code, 0);
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(Path("report"))) {
      if (entry.is_regular_file()) contents[entry.path().string()] = ReadFile(entry.path());
    }
    return contents;
  };
  const auto one = files("1");
  EXPECT_EQ(one.size(), 1U + 3 * 4);  // the page; labels, strip, card and target of each sequence
  EXPECT_TRUE(one == files("4"));
}

TEST_F(ReportCommand, TakesAPlainFolderOfImagesAndMasks) {
  for (const char* kind : {"image", "mask"}) {
    CreateFolder(folder_.path() / "plain" / kind);
    fs::copy(folder_.path() / "set" / kind / "c", folder_.path() / "plain" / kind / "c");
  }
  ASSERT_EQ(Report({}, "plain").exit_code, 0);
  const Json data = Data();
  EXPECT_EQ(data["head"]["dataset_id"], "");
  EXPECT_NEAR(data["sequences"][0]["mscr"].get<double>(), 10, 1e-3);
  EXPECT_EQ(Labels("00000")["frames"][0]["targets"][0]["box"], Json::parse("[40, 40, 2, 2]"));
}

TEST_F(ReportCommand, SinglePicturesHaveTheirOwnSizeAndStretch) {
  for (const char* kind : {"images", "masks"}) CreateFolder(folder_.path() / "pictures" / kind);
  for (const int side : {16, 40}) {
    Image<std::uint8_t> picture(side, side + 5, static_cast<std::uint8_t>(side));
    Mask mask(side, side + 5);
    picture(7, 8) = 200;
    mask(7, 8) = 255;
    const std::string name = fmt::format("{}.png", side);
    WriteFileAtomically(folder_.path() / "pictures" / "images" / name, EncodePng(picture));
    WriteFileAtomically(folder_.path() / "pictures" / "masks" / name, EncodePng(mask));
  }
  ASSERT_EQ(Report({}, "pictures").exit_code, 0);
  const Json labels = Labels("00000");
  EXPECT_EQ(labels["frames"][0]["size"], Json::parse("[21, 16]"));
  EXPECT_EQ(labels["frames"][0]["stretch"], Json::parse("[16.0, 200.0]"));
  EXPECT_EQ(labels["frames"][1]["size"], Json::parse("[45, 40]"));
  EXPECT_EQ(labels["frames"][1]["stretch"], Json::parse("[40.0, 200.0]"));
  EXPECT_EQ(ReadImageInfo(Path("report/data/00000/strip_01.jpg")).width, 45);
}

TEST_F(ReportCommand, RefusesWhatItCannotUseAndLeavesNothing) {
  ExpectRefusal({"--results", Path("none")}, 3, "none: no such file or folder");
  CreateFolder(folder_.path() / "empty");
  ExpectRefusal({"--results", Path("empty")}, 3, "holds neither scores.json");
  WritePredictions(folder_.path() / "set", {"c"}, 0, 0, folder_.path() / "short");
  fs::remove(folder_.path() / "short" / "c" / "000001.png");
  ExpectRefusal({"--results", Path("short")}, 3, "sequence c: frame 000001.png: masks of short: ");
  EXPECT_FALSE(fs::exists(Path("report")));

  ASSERT_EQ(Report().exit_code, 0);
  ExpectRefusal({}, 3, "report already holds a report; --force replaces it");
  ASSERT_EQ(Report({"--force"}).exit_code, 0);
  fs::remove_all(Path("report"));
  CreateFolder(Path("report"));
  WriteFileAtomically(folder_.path() / "report" / "thesis.txt", "mine");
  ExpectRefusal({"--force"}, 3, "holds files that are no report");
  EXPECT_EQ(ReadFile(Path("report/thesis.txt")), "mine");
  fs::rename(Path("report"), Path("report.partial"));
  EXPECT_EQ(Report().exit_code, 3);
  EXPECT_EQ(ReadFile(Path("report.partial/thesis.txt")), "mine");
}

TEST_F(ReportCommand, RefusesScoresOfAnotherDataSet) {
  ASSERT_EQ(Run({"evaluate", "--data", Path("set"), "--method", "top_hat", "--out", Path("scores")}).exit_code, 0);
  Json scores = ParseJson(ReadFile(Path("scores/scores.json")));
  scores["data"]["dataset_id"] = std::string(64, '0');
  WriteFileAtomically(folder_.path() / "scores" / "scores.json", Dump(scores));
  ExpectRefusal({"--results", Path("scores")}, 3, "scores of another data set");
  EXPECT_FALSE(fs::exists(Path("report")));
}

}  // namespace
}  // namespace mirst::test
