// Evaluations whose numbers follow from the pictures by hand.
#include "detector/evaluation_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "detector/model_driven/top_hat.h"
#include "tests/support/evaluation_sets.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using test::WriteEvaluationSet;
using test::WritePredictions;
using testing::HasSubstr;

constexpr double kFramePx = test::kCheckerWidth * test::kCheckerHeight;

class EvaluateSet : public testing::Test {
 protected:
  EvaluateSet() {
    SetProgressStyle(ProgressStyle::kQuiet);
    WriteEvaluationSet(set_);
  }

  static Contender Maps(const fs::path& folder) { return {"maps", {}, MapsIn(folder), {{0.5F, "test"}}}; }
  static Contender TopHat() { return {"top_hat", {}, MapsOf(std::make_unique<TopHatDetector>()), {{{}, "test"}}}; }
  static EvaluationResult Run(const TruthSet& truth, const TruthSet* validation, Contender contender) {
    std::vector<Contender> contenders;
    contenders.push_back(std::move(contender));
    return Evaluate(truth, validation, std::move(contenders), {});
  }
  EvaluationResult RunMaps(int x, int y) {
    WritePredictions(set_, {"b", "c"}, x, y, predictions_);
    return Run(OpenTruth(set_, "test"), nullptr, Maps(predictions_));
  }
  std::string MapsError() {
    return ErrorText(ErrorCode::kBadInput, [&] { Run(OpenTruth(set_, "test"), nullptr, Maps(predictions_)); });
  }

  TemporaryFolder folder_{"mirst-evaluation"};
  fs::path set_ = folder_.path() / "set", predictions_ = folder_.path() / "maps";
};

const SubsetScore& All(const EvaluationResult& result, std::size_t point = 0) {
  return result.scores.detectors.front().points[point].report.subsets.back();
}

TEST_F(EvaluateSet, TheTruthItselfScoresOne) {
  const EvaluationResult result = RunMaps(0, 0);
  const SubsetScore& all = All(result);
  EXPECT_EQ(all.sequences, 2);
  EXPECT_EQ(all.frames, 4);
  EXPECT_EQ(all.pooled.iou(), (Ratio{16, 16}));
  EXPECT_EQ(all.iou_seq.value(), 1);
  EXPECT_EQ(all.niou.value(), 1);
  EXPECT_EQ(all.pooled.pd(), (Ratio{4, 4}));
  EXPECT_EQ(all.pooled.fa(), (Ratio{0, static_cast<std::int64_t>(4 * kFramePx)}));
  EXPECT_EQ(result.scores.detectors.front().auc, 1);
  EXPECT_THAT(result.scores.detectors.front().notes, testing::IsEmpty());  // masks are no coarse score maps
}

// Moved by 1 px, two of four pixels stay common: IoU 2/6; the centroids are 1 px apart.
TEST_F(EvaluateSet, ATargetMovedByOnePixelIsFoundWithAThirdOfItsArea) {
  const EvaluationResult result = RunMaps(1, 0);
  const SubsetScore& all = All(result);
  EXPECT_DOUBLE_EQ(*all.iou_seq.value(), 1.0 / 3);
  EXPECT_EQ(all.pd_seq.value(), 1);
  EXPECT_EQ(all.fa_seq.value(), 0);
  EXPECT_DOUBLE_EQ(*all.fa_px_seq.value(), 2 / kFramePx);
}

TEST_F(EvaluateSet, ATargetMovedByThreePixelsIsMissedAndAFalseAlarm) {
  const EvaluationResult result = RunMaps(3, 0);
  const SubsetScore& all = All(result);
  EXPECT_EQ(all.iou_seq.value(), 0);
  EXPECT_EQ(all.pd_seq.value(), 0);
  EXPECT_DOUBLE_EQ(*all.fa_seq.value(), 4 / kFramePx);
}

TEST_F(EvaluateSet, SequencesArePartedByTheirAnnotatedMeanScr) {
  const std::vector<SubsetScore> subsets = RunMaps(0, 0).scores.detectors.front().points.front().report.subsets;
  EXPECT_EQ(subsets[0].sequences, 1);
  EXPECT_EQ(subsets[1].sequences, 1);
}

TEST_F(EvaluateSet, EmptyMapsMissEverythingAndRaiseNoAlarm) {
  for (const char* name : {"b", "c"}) {
    CreateFolder(predictions_ / name);
    for (const fs::path& path : ListFiles(set_ / "mask" / name)) {
      WriteFileAtomically(predictions_ / name / path.filename(),
                          EncodePng(Mask(test::kCheckerHeight, test::kCheckerWidth)));
    }
  }
  const EvaluationResult result = Run(OpenTruth(set_, "test"), nullptr, Maps(predictions_));
  EXPECT_EQ(All(result).pd_seq.value(), 0);
  EXPECT_EQ(All(result).pooled.predictions, 0);
  EXPECT_EQ(result.scores.detectors.front().auc, 0.5);  // all scores tie
}

TEST_F(EvaluateSet, IgnoredPixelsCountNowhere) {
  // The prediction is the truth moved by 3 px; an ignore mask over it removes the false alarm, not the miss.
  WritePredictions(set_, {"b", "c"}, 3, 0, predictions_);
  for (const char* name : {"b", "c"}) {
    CreateFolder(set_ / "ignore" / name);
    for (const fs::path& path : ListFiles(predictions_ / name)) {
      fs::copy_file(path, set_ / "ignore" / name / path.filename());
    }
  }
  const EvaluationResult result = Run(OpenTruth(set_, "test"), nullptr, Maps(predictions_));
  EXPECT_EQ(All(result).pooled.unmatched_px, 0);
  EXPECT_EQ(All(result).pooled.pixels, static_cast<std::int64_t>(4 * (kFramePx - 4)));
  EXPECT_EQ(All(result).pd_seq.value(), 0);
}

// On the checkerboard Top-Hat gives 20 on half of the pixels, 30 on the target of level 120, 110 on that of level 200.
TEST_F(EvaluateSet, TopHatFindsTheStrongTargetByHalfMaximumAndTheWeakOneDrowns) {
  const EvaluationResult result = Run(OpenTruth(set_, "test"), nullptr, TopHat());
  const std::vector<SubsetScore>& subsets = result.scores.detectors.front().points.front().report.subsets;
  EXPECT_EQ(subsets[1].pooled.iou(), (Ratio{8, 8}));
  EXPECT_EQ(subsets[1].pooled.pd(), (Ratio{2, 2}));
  EXPECT_EQ(subsets[1].pooled.fa().numerator, 0);
  EXPECT_EQ(subsets[0].pooled.pd(), (Ratio{0, 2}));  // 20 > 30 / 2: the board is one large component
  EXPECT_EQ(result.scores.detectors.front().auc, 1);
}

// Rate 1e-5 of 24000 pixels allows no false one: the threshold is the board's 20, and both targets stand out of it.
TEST_F(EvaluateSet, TheThresholdOfTheValidationSplitIsUsedOnTheTestSplit) {
  const TruthSet validation = OpenTruth(set_, "val");
  const EvaluationResult result = Run(OpenTruth(set_, "test"), &validation, TopHat());
  ASSERT_EQ(result.scores.detectors.front().points.size(), 3U);  // the paper's, and two false-alarm rates
  EXPECT_EQ(result.scores.detectors.front().points[1].threshold, 20);
  EXPECT_EQ(All(result, 1).pooled.iou(), (Ratio{16, 16}));
  EXPECT_EQ(All(result, 1).pd_seq.value(), 1);
  EXPECT_EQ(result.scores.validation_frames, 2);
}

TEST_F(EvaluateSet, PairsTellWhatIsFoundBecauseTheTargetIsThere) {
  // With targets Top-Hat finds that of level 200 by half of the maximum; without, the board alone is one component.
  for (const char* name : {"b", "c"}) {
    CreateFolder(set_ / "background" / name);
    for (const fs::path& path : ListFiles(set_ / "image" / name)) {
      Image<std::uint16_t> board(test::kCheckerHeight, test::kCheckerWidth);
      for (int y = 0; y < board.height(); ++y) {
        for (int x = 0; x < board.width(); ++x) board(y, x) = (x + y) % 2 == 0 ? 90 : 110;
      }
      WriteFileAtomically(set_ / "background" / name / path.filename(), EncodePng(board, 8));
    }
  }
  const EvaluationResult result = Run(OpenTruth(set_, "test"), nullptr, TopHat());
  const OperatingPoint& point = result.scores.detectors.front().points.front();
  ASSERT_TRUE(point.causal);
  EXPECT_EQ(point.causal->with_targets, (Ratio{2, 4}));
  EXPECT_EQ(point.causal->without, (Ratio{0, 4}));
  EXPECT_EQ(point.causal->net(), 0.5);
  EXPECT_THAT(result.scores.absent, testing::Not(testing::Contains(HasSubstr("pairs"))));
}

TEST_F(EvaluateSet, SaysWhatTheTruthDoesNotTell) {
  const std::vector<std::string> absent = RunMaps(0, 0).scores.absent;
  EXPECT_THAT(absent, testing::Contains(HasSubstr("no pairs")));
  EXPECT_THAT(absent, testing::Contains(HasSubstr("no coverage")));
  EXPECT_THAT(absent, testing::Contains(HasSubstr("no dprime")));
}

TEST_F(EvaluateSet, CoverageGivesASecondMaskConvention) {
  // All coverage on one of the four pixels: the truth moved by nothing has IoU 1 against the written masks, 1/4 against
  // these.
  for (const char* name : {"b", "c"}) {
    CreateFolder(set_ / "coverage" / name);
    for (const fs::path& path : ListFiles(set_ / "mask" / name)) {
      const PixelBox box = BoundingBox(ReadMask(path));
      Image<std::uint16_t> coverage(test::kCheckerHeight, test::kCheckerWidth);
      coverage(box.y, box.x) = 65535;
      WriteFileAtomically(set_ / "coverage" / name / path.filename(), EncodePng(coverage, 16));
    }
  }
  const std::vector<ConventionScore> conventions = RunMaps(0, 0).scores.detectors.front().points.front().conventions;
  ASSERT_EQ(conventions.size(), 2U);
  EXPECT_EQ(conventions[0].mask_convention, "half_max");
  EXPECT_EQ(conventions[0].all.pooled.iou(), (Ratio{16, 16}));
  EXPECT_EQ(conventions[1].mask_convention, "energy:0.9");
  EXPECT_EQ(conventions[1].all.pooled.iou(), (Ratio{4, 16}));
  for (const ConventionScore& convention : conventions) {
    ASSERT_EQ(convention.protocols.size(), 6U);
    for (const ProtocolScore& score : convention.protocols) EXPECT_EQ(score.pooled.targets, 4) << score.protocol;
  }
  EXPECT_EQ(conventions[0].protocols[4].average_precision, 1);
  EXPECT_EQ(conventions[1].protocols[4].average_precision, 0);  // boxes of 1 and 4 px: IoU 1/4
}

TEST_F(EvaluateSet, ABoxDetectorCountsByItsBoxesCentres) {
  // On each target a box of twice its size around its centre, and in sequence c a false one of 3 x 4 px; boxes at or
  // below the threshold count nowhere.
  for (const char* name : {"b", "c"}) {
    std::string csv = "frame,x,y,width,height,score\n";
    for (const fs::path& path : ListFiles(set_ / "mask" / name)) {
      const PixelBox box = BoundingBox(ReadMask(path));
      csv += path.stem().string() + "," + std::to_string(box.x - 1) + "," + std::to_string(box.y - 1) + ",4,4,0.9\n";
      csv += path.stem().string() + ",1,1,50,50,0.5\n";
      if (*name == 'c') csv += path.stem().string() + ",90,10,3,4,0.6\n";
    }
    CreateFolder(predictions_);
    WriteFileAtomically(predictions_ / (std::string(name) + ".csv"), csv);
  }
  ASSERT_TRUE(HoldsBoxes(predictions_));
  Contender contender{"boxes", {}, nullptr, {{0.5F, "test"}}};
  contender.boxes = predictions_;
  const EvaluationResult result = Run(OpenTruth(set_, "test"), nullptr, std::move(contender));
  EXPECT_EQ(All(result).pooled.pd(), (Ratio{4, 4}));
  EXPECT_EQ(All(result).pooled.fa().numerator, 2 * 12);
  EXPECT_FALSE(All(result).pooled.iou().value());
  const std::vector<ProtocolScore>& protocols =
      result.scores.detectors.front().points.front().conventions.front().protocols;
  EXPECT_EQ(protocols[4].pooled.pd(), (Ratio{0, 4}));  // IoU 4/16
  EXPECT_EQ(protocols[5].pooled.pd(), (Ratio{4, 4}));
  EXPECT_EQ(protocols[5].pooled.false_per_frame(), (Ratio{2, 4}));
  EXPECT_FALSE(result.scores.detectors.front().auc);
}

TEST_F(EvaluateSet, TargetsAreKnownByWhatTheirAnnotationsSay) {
  const OperatingPoint point = RunMaps(0, 0).scores.detectors.front().points.front();
  ASSERT_EQ(point.targets.size(), 4U);
  EXPECT_EQ(point.targets[0].class_name, "quadrotor");
  EXPECT_DOUBLE_EQ(*point.targets[0].scr, test::CheckerScr(120));
  EXPECT_DOUBLE_EQ(*point.targets[0].speed_px, 1);  // (0.6, -0.8)
  EXPECT_TRUE(point.targets[3].hit);
  EXPECT_DOUBLE_EQ(*point.least_scr(), test::CheckerScr(120));  // all are found, without a false alarm
  EXPECT_THAT(point.report.groups, testing::Contains(testing::Field(&SubsetScore::id, "class quadrotor")));
  EXPECT_TRUE(point.intervals.empty());  // two sources
}

// d' as constructed: 4 for the targets of b, 9 for those of c. The maps of b are the truth, those of c are moved by 3
// px in their first frame: Pd 2/2 in [4, 6), 1/2 in [8, 12). False alarms: 4 of all pixels.
TEST_F(EvaluateSet, PdByDetectabilityAndItsEfficiency) {
  WritePredictions(set_, {"b"}, 0, 0, predictions_);
  WritePredictions(set_, {"c"}, 3, 0, predictions_);
  const std::string found = ListFiles(set_ / "mask" / "c")[1].filename().string();
  fs::copy_file(set_ / "mask" / "c" / found, predictions_ / "c" / found, fs::copy_options::overwrite_existing);
  TruthSet truth = OpenTruth(set_, "test");
  for (TruthSequence& sequence : truth.sequences) {
    for (FrameAnnotation& frame : sequence.annotations)
      for (Annotation& target : frame.targets) target.dprime = sequence.name == "b" ? 4.0 : 9.0;
  }
  const EvaluationResult result = Run(truth, nullptr, Maps(predictions_));
  EXPECT_THAT(result.scores.absent, testing::Not(testing::Contains(HasSubstr("dprime"))));
  std::vector<PdBin> bins;
  for (const PdBin& bin : PdByQuantity(result.scores.detectors[0].points[0].targets)) {
    if (bin.quantity == "dprime") bins.push_back(bin);
  }
  ASSERT_EQ(bins.size(), 2U);
  EXPECT_EQ(bins[0].label, "[4, 6)");
  EXPECT_EQ(bins[0].pd, (Ratio{2, 2}));
  EXPECT_EQ(bins[1].label, "[8, 12)");
  EXPECT_EQ(bins[1].pd, (Ratio{1, 2}));
  EXPECT_EQ(bins[1].mean, 9);
  // z(1/2) = 0: the ideal observer reaches this Pd at d' = -z(Fa).
  const double reached = -NormalQuantile(4 / (4 * kFramePx));
  const Json json = ParseJson(ScoresJson(result.scores));
  int seen = 0;
  for (const Json& bin : json["detectors"][0]["operating_points"][0]["pd_by"]) {
    if (bin["quantity"] != "dprime") continue;
    ++seen;
    if (bin["bin"] == "[4, 6)")
      EXPECT_TRUE(bin["efficiency"].is_null());  // all found: the ideal observer's d' is unbounded
    else
      EXPECT_NEAR(bin["efficiency"].get<double>(), reached * reached / 81, 1e-12);
  }
  EXPECT_EQ(seen, 2);
  EXPECT_THAT(PdCsv(result.scores.detectors[0]), HasSubstr("P1,test,,,,\"[8, 12)\",,1,2,0.5,"));
}

TEST_F(EvaluateSet, TheNumberOfThreadsChangesNothing) {
  const auto scores = [&](int threads) {
    const ThreadLimit limit(threads);
    const TruthSet validation = OpenTruth(set_, "val");
    return ScoresJson(Run(OpenTruth(set_, "test"), &validation, TopHat()).scores);
  };
  EXPECT_EQ(scores(1), scores(3));
}

TEST_F(EvaluateSet, TheOrderOfFramesChangesNothing) {
  WritePredictions(set_, {"b", "c"}, 1, 0, predictions_);
  TruthSet truth = OpenTruth(set_, "test");
  const Json before = ParseJson(ScoresJson(Run(truth, nullptr, Maps(predictions_)).scores));
  std::reverse(truth.sequences.begin(), truth.sequences.end());
  for (TruthSequence& sequence : truth.sequences) {
    std::reverse(sequence.frames.begin(), sequence.frames.end());
    std::reverse(sequence.annotations.begin(), sequence.annotations.end());
  }
  Json after = ParseJson(ScoresJson(Run(truth, nullptr, Maps(predictions_)).scores));
  // Where the targets of chance lie follows the frame's number.
  after["detectors"][0]["operating_points"][0]["chance_pd"] =
      before["detectors"][0]["operating_points"][0]["chance_pd"];
  EXPECT_EQ(before, after);
}

TEST_F(EvaluateSet, MapsAndTruthMustMatchOneToOne) {
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { MapsIn(predictions_); }), HasSubstr("is no folder of predictions"));
  WritePredictions(set_, {"b"}, 0, 0, predictions_);
  EXPECT_THAT(MapsError(), HasSubstr("no prediction of the sequence c"));
  WritePredictions(set_, {"a", "b", "c"}, 0, 0, predictions_);
  EXPECT_THAT(MapsError(), HasSubstr("a predicts a sequence that the truth in"));
  fs::remove_all(predictions_ / "a");
  fs::copy_file(predictions_ / "b" / "000001.png", predictions_ / "b" / "000007.png");
  EXPECT_THAT(MapsError(), HasSubstr("000007.png predicts a frame that the truth of the sequence b does not have"));
  fs::remove(predictions_ / "b" / "000007.png");
  fs::remove(predictions_ / "b" / "000001.png");
  EXPECT_THAT(MapsError(), HasSubstr("no prediction of the frame 000001"));
  WriteFileAtomically(predictions_ / "b" / "000001.png", EncodePng(Mask(10, 20)));
  EXPECT_THAT(MapsError(), HasSubstr("sequence b, frame 000001: the prediction is 20 x 10 px, the truth 120 x 100"));
}

TEST_F(EvaluateSet, ScoreMapsOfEightBitsGetANote) {
  WritePredictions(set_, {"b", "c"}, 0, 0, predictions_);
  Mask scores(test::kCheckerHeight, test::kCheckerWidth);
  scores(40, 40) = 100;
  WriteFileAtomically(predictions_ / "b" / "000000.png", EncodePng(scores));
  const EvaluationResult result = Run(OpenTruth(set_, "test"), nullptr, Maps(predictions_));
  EXPECT_EQ(result.scores.detectors.front().notes.size(), 1U);
  EXPECT_EQ(All(result).pooled.matched, 3);  // 100 / 255 < 0.5
}

TEST_F(EvaluateSet, WritesScoresThatSayWhatWasMeasured) {
  const EvaluationResult result = RunMaps(1, 0);
  const fs::path out = folder_.path() / "out";
  WriteEvaluation(result, out);
  const Json json = ParseJson(ReadFile(out / "scores.json"));
  EXPECT_EQ(json["data"]["split"], "test");
  EXPECT_EQ(json["data"]["dataset_id"], OpenTruth(set_, "test").dataset_id);
  const Json& all = json["detectors"][0]["operating_points"][0]["subsets"][2];
  EXPECT_EQ(all["iou_pooled"]["count"], 8);
  EXPECT_EQ(all["iou_pooled"]["of"], 24);
  EXPECT_EQ(all["fa_1e-6"], All(result).FaText());
  // A header, and one row a sequence.
  const std::string csv = ReadFile(out / "maps.sequences.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_TRUE(fs::exists(out / "maps.roc.csv"));
  for (const char* file :
       {"scores.md", "scores.tex", "protocols.csv", "iou.csv", "maps.pd.csv", "maps.protocols.csv"}) {
    EXPECT_TRUE(fs::exists(out / file)) << file;
  }
  const std::string protocols = ReadFile(out / "protocols.csv");
  for (const std::string_view id : kProtocolIds) EXPECT_THAT(protocols, HasSubstr("," + std::string(id) + ","));
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { RequireNoScores(out); }), HasSubstr("already holds scores"));
}

TEST_F(EvaluateSet, PicturesShowHitsGreenMissesYellowAndFalseAlarmsRed) {
  const auto has = [](const Image<Rgb>& sheet, Rgb colour) {  // above the legend, which shows all three
    const auto cards = sheet.end() - static_cast<std::ptrdiff_t>(kSheetLegendHeight + kSheetMargin) * sheet.width();
    return std::find(sheet.begin(), cards, colour) != cards;
  };
  const EvaluationResult perfect = RunMaps(0, 0), missed = RunMaps(3, 0);
  const Image<Rgb> hits = DrawDetections(perfect.scores.detectors[0], perfect.pictures[0]);
  EXPECT_TRUE(has(hits, kGreen));
  EXPECT_FALSE(has(hits, kYellow) || has(hits, kRed));
  const Image<Rgb> misses = DrawDetections(missed.scores.detectors[0], missed.pictures[0]);
  EXPECT_TRUE(has(misses, kYellow) && has(misses, kRed));
  EXPECT_FALSE(has(misses, kGreen));
}

}  // namespace
}  // namespace mirst
