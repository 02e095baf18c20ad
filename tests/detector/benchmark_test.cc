// The parts of `mirst bench`: what converged means, folds, cells, ranks, processes that fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "datasets/truth_set.h"
#include "detector/benchmark/bench_set.h"
#include "detector/benchmark/cell.h"
#include "detector/benchmark/child.h"
#include "detector/benchmark/convergence.h"
#include "detector/benchmark/results.h"
#include "tests/support/evaluation_sets.h"

namespace mirst::test {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<ValidationPoint> Curve(std::size_t points, double (*iou)(std::size_t)) {
  std::vector<ValidationPoint> curve;
  for (std::size_t i = 0; i < points; ++i) curve.push_back({100.0 * static_cast<double>(i), iou(i)});
  return curve;
}

TEST(Convergence, SlopeAndIntervalFollowTheClosedForm) {
  // y = 0, 1, 1 at x = 0, 1, 2: slope 1/2, residuals -1/6, 1/3, -1/6, so s^2 = 1/6 with one degree of freedom, standard
  // error sqrt(1/6 / 2), t = 12.706.
  const auto slope = SlopeOfLastThird({{0, 9}, {0, 9}, {0, 9}, {0, 9}, {0, 9}, {0, 9}, {0, 0}, {1, 1}, {2, 1}});
  ASSERT_TRUE(slope);
  EXPECT_EQ(slope->points, 3U);
  EXPECT_NEAR(slope->per_1000_steps, 500, 1e-9);
  EXPECT_NEAR(slope->high - slope->per_1000_steps, 1000 * 12.706 * std::sqrt(1.0 / 12), 1e-6);
  EXPECT_NEAR(slope->per_1000_steps - slope->low, slope->high - slope->per_1000_steps, 1e-9);
}

TEST(Convergence, OnlyTheLastThirdCounts) {
  const auto late_plateau = Curve(12, [](std::size_t i) { return i < 8 ? 0.1 * static_cast<double>(i) : 0.8; });
  EXPECT_EQ(WhyNotConverged(late_plateau, 9), "");
  const auto late_rise = Curve(12, [](std::size_t i) { return i < 8 ? 0.1 : 0.1 * static_cast<double>(i); });
  EXPECT_THAT(WhyNotConverged(late_rise, 9), HasSubstr("still rises"));
}

TEST(Convergence, TooFewValidationsOrNothingFoundIsNoConvergence) {
  const auto flat = Curve(8, [](std::size_t) { return 0.5; });
  EXPECT_EQ(WhyNotConverged(flat, 9), "8 validations, fewer than 9");
  EXPECT_EQ(WhyNotConverged(flat, 8), "");
  EXPECT_EQ(WhyNotConverged(Curve(9, [](std::size_t) { return 0.0; }), 9), "validation IoU is still 0");
  EXPECT_THAT(WhyNotConverged({}, 0), HasSubstr("tell no slope"));
}

TEST(Convergence, ACurveThatScattersTellsNothing) {
  // Of the last four points the slope is 0, but the interval holds what would double the mean.
  const auto scattered = Curve(12, [](std::size_t i) { return i % 4 == 1 || i % 4 == 2 ? 0.3 : 0.1; });
  EXPECT_THAT(WhyNotConverged(scattered, 9), HasSubstr("validation IoU scatters: 20.0 %"));
  const auto steady = Curve(12, [](std::size_t i) { return i % 4 == 1 || i % 4 == 2 ? 0.21 : 0.19; });
  EXPECT_EQ(WhyNotConverged(steady, 9), "");
}

TEST(Convergence, AFallingCurveIsNotCalledRising) {
  const auto falling = Curve(12, [](std::size_t i) { return 1 - 0.05 * static_cast<double>(i); });
  EXPECT_EQ(WhyNotConverged(falling, 9), "");
}

TEST(Convergence, ReadsTheColumnsByNameAndNamesWhatIsWrong) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "val_log.csv";
  WriteFileAtomically(file, "step,samples,iou_seq\n10,20,0.25\n20,40,\n");
  const std::vector<ValidationPoint> curve = ReadValidationCurve(file);
  ASSERT_EQ(curve.size(), 2U);
  EXPECT_EQ(curve[0].step, 10);
  EXPECT_EQ(curve[0].iou, 0.25);
  EXPECT_EQ(curve[1].iou, 0);
  WriteFileAtomically(file, "step,iou\n1,2\n");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { ReadValidationCurve(file); }), HasSubstr("'iou_seq' is missing"));
  WriteFileAtomically(file, "step,iou_seq\n1,abc\n");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { ReadValidationCurve(file); }), HasSubstr("'abc' is no number"));
}

class BenchmarkSets : public testing::Test {
 protected:
  BenchmarkSets() {
    WriteEvaluationSet(Path("set"));
    options_.name = "set";
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  BenchmarkSet options_;
  TemporaryFolder folder_{"mirst-benchmark"};
};

TEST_F(BenchmarkSets, EachFoldTestsOneSourceAndTrainsOnNoneOfIt) {
  const PreparedSet set = OpenBenchmarkSet(options_, Path("set"));
  ASSERT_THAT(set.sources, ElementsAre("a", "b", "c"));  // each sequence is its own source
  std::set<std::string> tested;
  for (const std::string& source : set.sources) {
    WriteWithSplits(Path("set"), FoldSplits(Path("set"), source), Path("fold"));
    const PreparedSet fold = OpenBenchmarkSet(options_, Path("fold"));
    EXPECT_EQ(fold.identity.dataset_id, set.identity.dataset_id);  // the frames are the same
    EXPECT_NE(fold.identity.splits_sha256, set.identity.splits_sha256);
    for (const char* split : {"test", "val", "train"}) {
      const TruthSet truth = OpenTruth(Path("fold"), split);
      ASSERT_EQ(truth.sequences.size(), 1U);
      EXPECT_EQ(truth.sequences.front().source == source, std::string(split) == "test");
      EXPECT_FALSE(ReadTruth(truth.sequences.front().frames.front(), WithImage::kYes).counts.empty());
    }
    tested.insert(source);
  }
  EXPECT_EQ(tested.size(), 3U);
}

TEST_F(BenchmarkSets, TwoSourcesAreTooFewToLeaveOneOut) {
  SampleStoreWriter writer(Path("two"), Existing::kRefuse, 0);
  Manifest manifest;
  for (const char* name : {"a", "b"}) {
    const Sample sample = CheckerSample(name, {{{{40, 40, 2, 2}, 200}}});
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, "train"));
  }
  writer.Finish(manifest);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { FoldSplits(Path("two"), "a"); }),
              HasSubstr("2 background sources"));
}

TEST_F(BenchmarkSets, AChangedFrameIsNoticed) {
  const fs::path image = ListFiles(Path("set") / "image" / "b").front();
  WriteFileAtomically(image, EncodePng(Mask(96, 96)));
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { OpenBenchmarkSet(options_, Path("set")); }),
              HasSubstr(image.string()));
}

TEST_F(BenchmarkSets, UnknownSequencesInASplitAreRefused) {
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput,
                        [&] {
                          WriteWithSplits(Path("set"), {{"x", "test"}}, Path("out"));
                        }),
              HasSubstr("no sequence x"));
  CreateFolder(Path("mine"));
  WriteFileAtomically(Path("mine") / "thesis.txt", "");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { WriteWithSplits(Path("set"), {}, Path("mine")); }),
              HasSubstr("holds other files"));
  EXPECT_TRUE(fs::exists(Path("mine") / "thesis.txt"));
}

BenchmarkMatrix MatrixOf(const std::string& yaml) { return ReadOptions<BenchmarkMatrix>(ConfigTree::FromText(yaml)); }

TEST(Matrix, ReadsWhatItPrints) {
  const BenchmarkMatrix matrix = MatrixOf(
      "sets: [{name: s, generate: g.yaml, set: [a=1]}, {name: r, folder: f, boxes: true}]\n"
      "methods: [top_hat]\nnetworks: [{id: net, arch: rdian, train: t.yaml, single_frame: true}]\n"
      "ablations: [{title: T, rows: [net, top_hat]}]\nseeds: 2\n");
  const std::string printed = PrintOptions(matrix, OptionsFormat::kYaml);
  EXPECT_EQ(PrintOptions(MatrixOf(printed), OptionsFormat::kJson), PrintOptions(matrix, OptionsFormat::kJson));
  EXPECT_EQ(matrix.networks.at(0).arch, "rdian");
}

TEST(Matrix, ListsAllFaultsAtOnce) {
  const std::string text = ErrorText(ErrorCode::kUsage, [] {
    MatrixOf(
        "sets: [{name: s, generate: g, folder: f, colour: red, without: [z]}]\nmethods: [tophat]\n"
        "networks: [{id: a/b, on: nowhere}, {id: c, checkpoint: w, train: t}]\nablations: [{title: T, rows: [x]}]\n");
  });
  for (const char* fault :
       {"unknown key 'colour'", "one of generate and folder", "'tophat'", "'a/b' is no plain id", "nowhere",
        "a checkpoint takes no train", "names no detector: x", "without names no detector: z"})
    EXPECT_THAT(text, HasSubstr(fault));
}

TEST(Cells, ComeBySeedAndFold) {
  const BenchmarkMatrix matrix = MatrixOf(
      "sets: [{name: s, folder: f}]\nmethods: [ipi]\nseed: 5\nseeds: 2\n"
      "networks: [{id: net, train: t}, {id: w, checkpoint: c}]\n");
  const auto ids = [](const std::vector<BenchmarkCell>& cells) {
    std::vector<std::string> names;
    for (const BenchmarkCell& cell : cells) names.push_back(cell.id);
    return names;
  };
  EXPECT_THAT(ids(CellsOf(matrix, 0)), ElementsAre("net-s5", "net-s6", "w", "ipi"));
  EXPECT_EQ(CellsOf(matrix, 3).size(), 12U);
  EXPECT_EQ(CellsOf(matrix, 3).at(4).id, "net-s6-fold01");
}

TEST(Cells, OptionsDataAndSeedReachTheHash) {
  const std::string yaml = "sets: [{name: s, folder: f}]\nnetworks: [{id: net, set: [steps=1]}]\n";
  const BenchmarkMatrix matrix = MatrixOf(yaml);
  BenchmarkCell cell = CellsOf(matrix, 0).at(0);
  const std::map<std::string, SetIdentity> sets = {{"s", {"id", "splits"}}};
  std::set<std::string> hashes = {CellConfigHash(matrix, cell, sets)};
  EXPECT_EQ(CellConfigHash(matrix, cell, sets), *hashes.begin());
  hashes.insert(CellConfigHash(matrix, cell, {{"s", {"other", "splits"}}}));
  hashes.insert(CellConfigHash(matrix, cell, {{"s", {"id", "other"}}}));
  hashes.insert(CellConfigHash(MatrixOf(yaml + "limit_minutes: 1\n"), cell, sets));
  cell.network->assignments = {"steps=2"};
  hashes.insert(CellConfigHash(matrix, cell, sets));
  cell.seed = 9;
  hashes.insert(CellConfigHash(matrix, cell, sets));
  EXPECT_EQ(hashes.size(), 6U);
}

TEST(Cells, StatusIsReadAsItWasWritten) {
  CellStatus status;
  status.cell = "n-s1";
  status.detector = "n";
  status.seed = 1;
  status.state = CellState::kNotConverged;
  status.reason = "rises";
  status.not_scored = {{"real", "too small"}};
  status.sets = {{"s", {"id", "splits"}}};
  status.slope = Slope{1.5, -1, 4, 3};
  status.files = {{"log.txt", "00"}};
  status.train_s = 2.25;
  const CellStatus read = ParseCellStatus(ToJson(status));
  EXPECT_EQ(ToJson(read), ToJson(status));
  EXPECT_EQ(read.slope, status.slope);
  EXPECT_EQ(read.sets, status.sets);
}

TEST(Cells, MissingChangedAndFurtherFilesAreDifferences) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "c", "status.json"}) WriteFileAtomically(folder.path() / name, name);
  CellStatus status;
  status.files = HashFiles(folder.path());
  EXPECT_THAT(Differences(status, folder.path()), IsEmpty());
  WriteFileAtomically(folder.path() / "a", "x");
  fs::remove(folder.path() / "b");
  WriteFileAtomically(folder.path() / "d", "");
  EXPECT_THAT(Differences(status, folder.path()),
              ElementsAre(HasSubstr("a: is not the file"), HasSubstr("b: is missing"), HasSubstr("d: was not there")));
}

/// A row with so many trainings of one sequence each, all of this IoU.
BenchmarkRow RowOf(const std::string& name, std::size_t seeds, int common_px, CellState state = CellState::kDone) {
  BenchmarkRow row;
  row.id = row.name = name;
  for (std::size_t i = 0; i < seeds; ++i) {
    SequenceScore sequence;
    sequence.Add({.pixels = 1000, .truth_px = 10, .predicted_px = common_px, .common_px = common_px, .targets = 1});
    TrainingScores scores;
    scores.paper_origin = "checkpoint";
    scores.points["checkpoint"] = {sequence};
    row.scores["s"].push_back(scores);
    row.cells.emplace_back().state = state;
  }
  return row;
}

TEST(Ranks, NeedThreeSeedsAndConvergence) {
  EXPECT_TRUE(RowOf("n", 3, 5).MayBeRanked());
  EXPECT_FALSE(RowOf("n", 2, 5).MayBeRanked());
  EXPECT_FALSE(RowOf("n", 3, 5, CellState::kNotConverged).MayBeRanked());
  BenchmarkRow boxes = RowOf("b", 3, 5);
  boxes.boxes = true;
  EXPECT_FALSE(boxes.MayBeRanked());
  BenchmarkRow method = RowOf("m", 1, 5);
  method.is_method = true;
  EXPECT_TRUE(method.MayBeRanked());
}

TEST(Ranks, OrderOfTheGroupsIsClaimedOnlyWhereEachHasARankedRow) {
  BenchmarkRecord record;
  record.sets.emplace_back().name = "s";
  BenchmarkRow several = RowOf("several", 3, 9), single = RowOf("single", 3, 5), method = RowOf("method", 1, 1);
  single.single_frame = true;
  method.is_method = true;
  several.rank = 1, single.rank = 2, method.rank = 3;
  EXPECT_THAT(Statements(record, {several, single, method}), ElementsAre(HasSubstr("the published order is seen")));
  single.rank.reset();
  EXPECT_THAT(Statements(record, {several, single, method}),
              ElementsAre(HasSubstr("1 of 3 rows have no rank"), HasSubstr("No claim")));
}

TEST(Child, FailuresAreTold) {
  const TemporaryFolder folder;
  const fs::path log = folder.path() / "log.txt";
  const auto run = [&](const std::string& script) { return RunChild("/bin/sh", {"-c", script}, log, 0); };
  const ChildResult good = run("echo out; echo err >&2");
  EXPECT_EQ(good.output, "out\n");
  EXPECT_EQ(good.failure, "");
  EXPECT_EQ(run("echo 'mirst: error: no such set' >&2; exit 3").failure, "no such set");
  EXPECT_THAT(run("kill -9 $$").failure, HasSubstr("ended by signal 9 (Killed), perhaps for lack of memory"));
  EXPECT_EQ(run("exit 4").exit_code, 4);
  EXPECT_THAT(ReadFile(log), HasSubstr("err\n"));
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { RunChild(folder.path() / "none", {}, log, 0); }),
              HasSubstr("cannot run"));
}

TEST(Child, MemoryIsLimitedForTheChildAlone) {
  const TemporaryFolder folder;
  const auto limit = [&](int mib) {
    return RunChild("/bin/sh", {"-c", "ulimit -v"}, folder.path() / "log.txt", mib).output;
  };
  const std::string before = limit(0);
  EXPECT_EQ(limit(512), "524288\n");
  EXPECT_EQ(limit(0), before);
}

}  // namespace
}  // namespace mirst::test
