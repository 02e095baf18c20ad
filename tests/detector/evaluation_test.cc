// Evaluations whose numbers follow from the pictures by hand.
#include "detector/evaluation_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/json.h"
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
  ASSERT_EQ(result.scores.detectors.front().points.size(), 2U);
  EXPECT_EQ(result.scores.detectors.front().points[1].threshold, 20);
  EXPECT_EQ(All(result, 1).pooled.iou(), (Ratio{16, 16}));
  EXPECT_EQ(All(result, 1).pd_seq.value(), 1);
  EXPECT_EQ(result.scores.validation_frames, 2);
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
