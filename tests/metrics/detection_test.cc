#include "metrics/detection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "metrics/roc.h"
#include "tests/support/data_folder.h"
#include "tests/support/mask_text.h"
#include "tests/support/npy.h"

namespace mirst {
namespace {

using test::MaskFrom;

Mask Blob(int height, int width, std::vector<PixelBox> boxes) {
  Mask mask(height, width);
  for (const PixelBox& box : boxes) {
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x) mask(y, x) = 255;
    }
  }
  return mask;
}

TEST(ScoreFrame, APerfectPredictionScoresOne) {
  const Mask truth = Blob(20, 20, {{0, 0, 3, 3}, {17, 19, 3, 1}});  // a corner, and the last row
  const FrameScore score = ScoreFrame(truth, truth);
  EXPECT_EQ(score.iou(), (Ratio{12, 12}));
  EXPECT_EQ(score.pd(), (Ratio{2, 2}));
  EXPECT_EQ(score.fa(), (Ratio{0, 400}));
  EXPECT_EQ(score.fa_px(), (Ratio{0, 400}));
}

TEST(ScoreFrame, AnEmptyTruthHasNoPdButFalseAlarms) {
  const FrameScore score = ScoreFrame(Blob(10, 10, {{2, 2, 2, 2}}), Mask(10, 10));
  EXPECT_FALSE(score.pd().value());
  EXPECT_EQ(score.iou(), (Ratio{0, 4}));
  EXPECT_EQ(score.fa(), (Ratio{4, 100}));
}

TEST(ScoreFrame, AnEmptyPredictionMissesAll) {
  const FrameScore score = ScoreFrame(Mask(10, 10), Blob(10, 10, {{2, 2, 2, 2}}));
  EXPECT_EQ(score.pd(), (Ratio{0, 1}));
  EXPECT_EQ(score.iou(), (Ratio{0, 4}));
  EXPECT_EQ(score.fa(), (Ratio{0, 100}));
}

TEST(ScoreFrame, EmptyTruthAndPredictionHaveNoIou) { EXPECT_FALSE(ScoreFrame(Mask(4, 4), Mask(4, 4)).iou().value()); }

TEST(ScoreFrame, TheDistanceIsStrictlyBelowThreePixels) {
  const Mask truth = Blob(1, 20, {{5, 0, 1, 1}});
  EXPECT_EQ(ScoreFrame(Blob(1, 20, {{8, 0, 1, 1}}), truth).matched, 0);  // 3
  EXPECT_EQ(ScoreFrame(Blob(1, 20, {{7, 0, 1, 1}}), truth).matched, 1);  // 2
  EXPECT_EQ(ScoreFrame(Blob(1, 20, {{7, 0, 2, 1}}), truth).matched, 1);  // 2.5
  const Mask corner = Blob(10, 10, {{0, 0, 1, 1}});
  EXPECT_EQ(ScoreFrame(Blob(10, 10, {{2, 2, 1, 1}}), corner).matched, 1);  // sqrt 8
  EXPECT_EQ(ScoreFrame(Blob(10, 10, {{3, 0, 1, 1}}), corner).matched, 0);
}

TEST(ScoreFrame, OneBlobBetweenTwoTargetsFindsTheFirstOnly) {
  // Centroids at x = 4, 6 (blob), 8: both targets are 2 px away, the blob serves once.
  const FrameScore score = ScoreFrame(Blob(1, 12, {{6, 0, 1, 1}}), Blob(1, 12, {{4, 0, 1, 1}, {8, 0, 1, 1}}));
  EXPECT_EQ(score.pd(), (Ratio{1, 2}));
  EXPECT_EQ(score.unmatched_px, 0);
  EXPECT_EQ(score.fa_px().numerator, 1);
}

TEST(ScoreFrame, OneBlobOverTwoTargetsCountsByItsCentroid) {
  // Targets at x = 2 and 12, blob over 1..13: its centroid, 7, is 5 px from both: no hit, all false alarm.
  const Mask truth = Blob(3, 15, {{2, 1, 1, 1}, {12, 1, 1, 1}});
  const FrameScore far = ScoreFrame(Blob(3, 15, {{1, 1, 13, 1}}), truth);
  EXPECT_EQ(far.matched, 0);
  EXPECT_EQ(far.unmatched_px, 13);
  EXPECT_EQ(far.fa_px().numerator, 11);
  // Targets at 5 and 9: 2 px from both: one hit, no false component.
  const FrameScore near = ScoreFrame(Blob(3, 15, {{1, 1, 13, 1}}), Blob(3, 15, {{5, 1, 1, 1}, {9, 1, 1, 1}}));
  EXPECT_EQ(near.matched, 1);
  EXPECT_EQ(near.unmatched_px, 0);
  EXPECT_EQ(near.predictions, 1);
}

TEST(ScoreFrame, TouchingTargetsAreOneComponent) {
  EXPECT_EQ(ScoreFrame(Mask(3, 4), MaskFrom({"#...", ".#..", "...."})).targets, 1);
}

TEST(ScoreFrame, TheFirstCloseComponentIsTakenEvenWhereALaterOneIsCloser) {
  // Prediction A (row 0) is 2 px above target 1; B lies on it. Raster order takes A, and B remains false.
  const FrameScore score = ScoreFrame(Blob(8, 8, {{3, 0, 1, 1}, {3, 2, 1, 2}}), Blob(8, 8, {{3, 2, 1, 1}}));
  EXPECT_EQ(score.matched, 1);
  EXPECT_EQ(score.unmatched_px, 2);
}

TEST(ScoreFrame, AMatchedAreaDoesNotExcuseAnotherOfEqualArea) {
  // The published defect: an unmatched component with the area of a matched one vanished.
  const FrameScore score = ScoreFrame(Blob(20, 20, {{2, 2, 2, 2}, {12, 12, 2, 2}}), Blob(20, 20, {{2, 2, 2, 2}}));
  EXPECT_EQ(score.fa(), (Ratio{4, 400}));
}

TEST(ScoreFrame, IgnoredPixelsCountNowhere) {
  const Mask truth = Blob(10, 10, {{1, 1, 2, 2}, {6, 6, 2, 2}});
  const Mask prediction = Blob(10, 10, {{1, 1, 2, 2}, {6, 6, 3, 2}, {0, 9, 1, 1}});
  const Mask ignore = Blob(10, 10, {{5, 5, 5, 5}});
  const FrameScore score = ScoreFrame(prediction, truth, &ignore);
  EXPECT_EQ(
      score, ScoreFrame(Blob(10, 10, {{1, 1, 2, 2}, {0, 9, 1, 1}}), Blob(10, 10, {{1, 1, 2, 2}})) += [] {
        FrameScore less;
        less.pixels = -25;
        return less;
      }());
  const Mask everything = Blob(10, 10, {{0, 0, 10, 10}});
  EXPECT_EQ(ScoreFrame(prediction, truth, &everything), FrameScore{});
}

TEST(ScoreFrame, ShapesMustAgree) {
  EXPECT_THROW(ScoreFrame(Mask(4, 5), Mask(5, 4)), Error);
  const Mask ignore(4, 4);
  EXPECT_THROW(ScoreFrame(Mask(5, 4), Mask(5, 4), &ignore), Error);
}

SequenceScore Sequence(std::optional<double> mean_scr, std::vector<FrameScore> frames) {
  SequenceScore sequence;
  sequence.mean_scr = mean_scr;
  for (const FrameScore& frame : frames) sequence.Add(frame);
  return sequence;
}

FrameScore Counts(std::int64_t truth, std::int64_t predicted, std::int64_t common, std::int64_t targets,
                  std::int64_t matched, std::int64_t unmatched_px) {
  return {1000, truth, predicted, common, targets, matched, matched, unmatched_px};
}

TEST(Summarise, MeansOverSequencesAndPooledScoresDiffer) {
  // Sequence a: one frame, IoU 1/2, Pd 1, Fa 0. Sequence b: three frames, IoU 1/10 each, Pd 0, Fa 30/1000.
  const DetectionReport report =
      Summarise({Sequence(5.0, {Counts(4, 2, 2, 1, 1, 0)}),
                 Sequence(2.0, {Counts(5, 6, 1, 1, 0, 30), Counts(5, 6, 1, 1, 0, 30), Counts(5, 6, 1, 1, 0, 30)})});
  const SubsetScore& all = report.subsets[2];
  EXPECT_EQ(all.id, "all");
  EXPECT_EQ(all.sequences, 2);
  EXPECT_EQ(all.frames, 4);
  EXPECT_DOUBLE_EQ(*all.iou_seq.value(), (0.5 + 0.1) / 2);
  EXPECT_EQ(all.pooled.iou(), (Ratio{5, 34}));
  EXPECT_DOUBLE_EQ(*all.niou.value(), (0.5 + 3 * 0.1) / 4);
  EXPECT_DOUBLE_EQ(*all.pd_seq.value(), 0.5);
  EXPECT_EQ(all.pooled.pd(), (Ratio{1, 4}));
  EXPECT_DOUBLE_EQ(*all.fa_seq.value(), 0.015);
  EXPECT_EQ(all.pooled.fa(), (Ratio{90, 4000}));
}

TEST(Summarise, SubsetsPartAtAMeanScrOfThree) {
  const FrameScore frame = Counts(4, 2, 2, 1, 1, 0);
  const DetectionReport report =
      Summarise({Sequence(2.999, {frame}), Sequence(3.0, {frame}), Sequence(std::nullopt, {frame})});
  EXPECT_EQ(report.subsets[0].id, "mscr_low");
  EXPECT_EQ(report.subsets[0].sequences, 1);
  EXPECT_EQ(report.subsets[1].id, "mscr_high");
  EXPECT_EQ(report.subsets[1].sequences, 1);
  EXPECT_EQ(report.subsets[2].sequences, 3);
}

TEST(Summarise, EmptyFramesAreLeftOutOfNiouAndCountAsZeroInNiouZero) {
  const SubsetScore all = Summarise({Sequence(5.0, {Counts(4, 2, 2, 1, 1, 0), Counts(0, 0, 0, 0, 0, 0)})}).subsets[2];
  EXPECT_DOUBLE_EQ(*all.niou.value(), 0.5);
  EXPECT_DOUBLE_EQ(*all.niou_zero(), 0.25);
}

TEST(Summarise, AFrameIsFoundAboveHalfItsUnion) {
  SequenceScore sequence;
  for (const std::int64_t common : {3, 2, 1}) {  // of a union of 4: 0.75, exactly 0.5, 0.25
    FrameScore frame;
    frame.truth_px = 4;
    frame.predicted_px = frame.common_px = common;
    sequence.Add(frame);
  }
  sequence.Add(FrameScore());  // nothing there, nothing predicted
  EXPECT_EQ(SummariseSubset("all", {&sequence}).dr_frames(), (Ratio{1, 4}));
}

TEST(Summarise, ASequenceWithoutTargetHasNoPdAndLeavesTheMeanAlone) {
  const SubsetScore all =
      Summarise({Sequence(5.0, {Counts(4, 2, 2, 2, 1, 0)}), Sequence(5.0, {Counts(0, 3, 0, 0, 0, 3)})}).subsets[2];
  EXPECT_EQ(all.pd_seq.count, 1);
  EXPECT_DOUBLE_EQ(*all.pd_seq.value(), 0.5);
  EXPECT_EQ(all.fa_seq.count, 2);
}

TEST(Summarise, FewFalsePixelsAreReportedAsABound) {
  const SubsetScore nine = Summarise({Sequence(5.0, {Counts(4, 2, 2, 1, 1, 9)})}).subsets[2];
  EXPECT_TRUE(nine.fa_is_bound());
  EXPECT_EQ(nine.FaText(), "< 10000.00");  // 10 of 1000 pixels, in 1e-6
  const SubsetScore ten = Summarise({Sequence(5.0, {Counts(4, 2, 2, 1, 1, 10)})}).subsets[2];
  EXPECT_FALSE(ten.fa_is_bound());
  EXPECT_EQ(ten.FaText(), "10000.00");
  EXPECT_EQ(Summarise({}).subsets[2].FaText(), "-");
}

TEST(Summarise, NoSequencesGiveNoValues) {
  const DetectionReport report = Summarise({});
  ASSERT_EQ(report.subsets.size(), 3u);
  EXPECT_FALSE(report.subsets[2].iou_seq.value());
  EXPECT_FALSE(report.subsets[2].niou_zero());
}

Image<float> Row(std::vector<float> values) {
  Image<float> image(1, static_cast<int>(values.size()));
  std::copy(values.begin(), values.end(), image.begin());
  return image;
}

TEST(RocCurve, HasACornerAtEachScoreOfATruthPixel) {
  RocCurve roc;
  roc.Add(Row({0.9F, 0.8F, 0.7F, 0.7F, 0.2F}), MaskFrom({"#.#.."}));
  const double inf = std::numeric_limits<double>::infinity();
  const auto f = [](float value) { return static_cast<double>(value); };
  EXPECT_EQ(roc.Points(),
            (std::vector<RocPoint>{{inf, 0, 0}, {f(0.9F), 1, 0}, {f(0.8F), 1, 1}, {f(0.7F), 2, 2}, {f(0.2F), 2, 3}}));
  // Pairs won: 0.9 beats all 3; 0.7 loses to 0.8, ties with 0.7, beats 0.2: 1.5. 4.5 of 6.
  EXPECT_DOUBLE_EQ(*roc.Auc(), 0.75);
}

TEST(RocCurve, AreaIsTheShareOfPairsWonOnRandomScoresWithTies) {
  RandomStream random({.seed = 5, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 50; ++trial) {
    Image<float> scores(6, 7);
    Mask truth(6, 7);
    for (float& score : scores) score = static_cast<float>(random.Integer(9));
    for (std::uint8_t& pixel : truth) pixel = random.Integer(3) == 0 ? 255 : 0;
    truth(0, 0) = 255;
    truth(5, 6) = 0;
    double won = 0, pairs = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      for (std::size_t j = 0; j < truth.size(); ++j) {
        if (truth.data()[i] == 0 || truth.data()[j] != 0) continue;
        pairs += 1;
        won += scores.data()[i] > scores.data()[j] ? 1 : scores.data()[i] == scores.data()[j] ? 0.5 : 0;
      }
    }
    RocCurve roc;
    roc.Add(scores, truth);
    EXPECT_NEAR(*roc.Auc(), won / pairs, 1e-12);
    // Every corner is what thresholding says.
    for (const RocPoint& point : roc.Points()) {
      std::int64_t true_px = 0, false_px = 0;
      for (std::size_t i = 0; i < truth.size(); ++i) {
        if (static_cast<double>(scores.data()[i]) >= point.threshold) ++(truth.data()[i] != 0 ? true_px : false_px);
      }
      EXPECT_EQ(point.true_px, true_px);
      EXPECT_EQ(point.false_px, false_px);
    }
  }
}

TEST(RocCurve, WithoutPixelsOfBothKindsThereIsNoArea) {
  RocCurve roc;
  EXPECT_FALSE(roc.Auc());
  roc.Add(Row({1, 2}), MaskFrom({".."}));
  EXPECT_FALSE(roc.Auc());
}

TEST(RocCurve, IgnoredPixelsCountNowhere) {
  RocCurve roc;
  const Mask ignore = MaskFrom({"..##"});
  roc.Add(Row({3, 2, 9, 9}), MaskFrom({"#..#"}), &ignore);
  EXPECT_EQ(roc.truth_px(), 1);
  EXPECT_EQ(roc.background_px(), 1);
  EXPECT_EQ(*roc.Auc(), 1.0);
}

TEST(RocCurve, TheThresholdIsTheLeastThatKeepsTheFalsePixelRate) {
  RocCurve roc;
  roc.Add(Row({9, 5, 5, 4, 3, 2, 1, 0, 8, 7}), MaskFrom({"........##"}));
  EXPECT_EQ(roc.ThresholdAtFalsePixelRate(0), 9);    // none above 9
  EXPECT_EQ(roc.ThresholdAtFalsePixelRate(0.1), 5);  // one (9) of ten
  EXPECT_EQ(roc.ThresholdAtFalsePixelRate(0.2), 5);  // the two 5 come together: still only 9 above
  EXPECT_EQ(roc.ThresholdAtFalsePixelRate(0.3), 4);
  EXPECT_EQ(roc.ThresholdAtFalsePixelRate(0.8), -std::numeric_limits<float>::infinity());
  EXPECT_THROW(roc.ThresholdAtFalsePixelRate(1.5), Error);
  EXPECT_THROW(RocCurve().ThresholdAtFalsePixelRate(0.1), Error);
}

TEST(RocCurve, WithBoundedMemoryEveryCornerIsStillExact) {
  RandomStream random(RandomKey{.seed = 3, .purpose = Purpose::kTest});
  RocCurve exact, trimmed(50);
  std::vector<float> targets, others;
  for (int frame = 0; frame < 20; ++frame) {
    Image<float> scores(20, 30);
    Mask truth(20, 30);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const bool is_target = i % 17 == 0;
      scores.data()[i] = static_cast<float>(random.Normal()) + (is_target ? 1.0F : 0.0F);
      truth.data()[i] = is_target ? 255 : 0;
      (is_target ? targets : others).push_back(scores.data()[i]);
    }
    exact.Add(scores, truth);
    trimmed.Add(scores, truth);
  }
  EXPECT_EQ(trimmed.background_px(), exact.background_px());
  const auto at_least = [](const std::vector<float>& scores, double threshold) {
    return std::count_if(scores.begin(), scores.end(), [&](double score) { return score >= threshold; });
  };
  for (const RocPoint& corner : trimmed.Points()) {
    EXPECT_EQ(corner.true_px, at_least(targets, corner.threshold)) << corner.threshold;
    EXPECT_EQ(corner.false_px, at_least(others, corner.threshold)) << corner.threshold;
  }
  EXPECT_EQ(trimmed.Points().back().true_px, exact.truth_px());
  EXPECT_EQ(trimmed.Points().back().false_px, exact.background_px());
  // A trapezoid errs by at most half of its bin's pairs, and a bin, 2^-7 of its value wide, holds less than 1 % of each
  // kind: over all bins less than 0.5 % of the pairs.
  EXPECT_NEAR(*trimmed.Auc(), *exact.Auc(), 5e-3);
  // The 50 highest scores are kept, so a low rate has its exact threshold; a high one is rounded up within its bin.
  EXPECT_EQ(trimmed.ThresholdAtFalsePixelRate(1e-3), exact.ThresholdAtFalsePixelRate(1e-3));
  const float wanted = exact.ThresholdAtFalsePixelRate(0.3), found = trimmed.ThresholdAtFalsePixelRate(0.3);
  EXPECT_GE(found, wanted);
  EXPECT_LE(found - wanted, wanted / 64);
}

/// Corners by their definition: sorts all scores.
std::vector<RocPoint> CornersBySorting(std::vector<std::pair<float, bool>> scores) {
  std::sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<RocPoint> corners;
  std::int64_t true_px = 0, false_px = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    ++(scores[i].second ? true_px : false_px);
    if (i + 1 == scores.size() || scores[i + 1].first != scores[i].first)
      corners.push_back({static_cast<double>(scores[i].first), true_px, false_px});
  }
  return corners;
}

TEST(RocCurve, HoldsTheCornersThatSortingAllScoresGives) {
  RandomStream random({.seed = 6, .purpose = Purpose::kTest});
  RocCurve roc;
  std::vector<std::pair<float, bool>> all;
  for (int frame = 0; frame < 5; ++frame) {
    Image<float> scores(30, 40);
    Mask truth(30, 40);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      // Negative scores, both zeros, values of 8 bits with their ties, and both infinities.
      const auto kind = random.Integer(5);
      scores.data()[i] = kind == 0   ? static_cast<float>(random.Normal())
                         : kind == 1 ? -0.0F
                         : kind == 2 ? static_cast<float>(random.Integer(256)) / 255
                         : kind == 3 ? std::ldexp(1.0F, static_cast<int>(random.Integer(250)) - 130)
                                     : 0.0F;
      if (i % 601 == 7) scores.data()[i] = (i % 2 == 0 ? 1.0F : -1.0F) * std::numeric_limits<float>::infinity();
      truth.data()[i] = random.Integer(9) == 0 ? 255 : 0;
      all.emplace_back(scores.data()[i], truth.data()[i] != 0);
    }
    roc.Add(scores, truth);
  }
  const std::vector<RocPoint> expected = CornersBySorting(all), found = roc.Points();
  // Every corner of the curve is one of the definition's, and none with a truth pixel is missing.
  for (std::size_t i = 1; i < found.size(); ++i)
    EXPECT_NE(std::find(expected.begin(), expected.end(), found[i]), expected.end()) << found[i].threshold;
  for (std::size_t i = 1; i < expected.size(); ++i) {
    if (expected[i].true_px == expected[i - 1].true_px) continue;
    EXPECT_NE(std::find(found.begin(), found.end(), expected[i]), found.end()) << expected[i].threshold;
  }
  EXPECT_EQ(found.back(), expected.back());
}

TEST(RocCurve, DoesNotDependOnThePartsOrTheirOrder) {
  RandomStream random({.seed = 8, .purpose = Purpose::kTest});
  std::vector<Image<float>> scores;
  std::vector<Mask> truth;
  for (int frame = 0; frame < 24; ++frame) {
    scores.emplace_back(10, 20);
    truth.emplace_back(10, 20);
    for (float& score : scores.back()) score = static_cast<float>(random.Uniform(0, 1) * random.Uniform(0, 1));
    for (std::uint8_t& pixel : truth.back()) pixel = random.Integer(20) == 0 ? 255 : 0;
  }
  const auto curve = [&](std::size_t frames_of_a_part, bool backwards) {
    RocCurve whole(500);
    for (std::size_t first = 0; first < scores.size(); first += frames_of_a_part) {
      RocCurve part = whole.Part();
      for (std::size_t i = first; i < std::min(first + frames_of_a_part, scores.size()); ++i) {
        const std::size_t frame = backwards ? scores.size() - 1 - i : i;
        part.Add(scores[frame], truth[frame]);
      }
      whole.Merge(part);
    }
    return whole;
  };
  RocCurve reference(500);
  for (std::size_t i = 0; i < scores.size(); ++i) reference.Add(scores[i], truth[i]);
  for (const std::size_t frames : {1U, 5U, 24U}) {
    for (const bool backwards : {false, true}) {
      RocCurve other = curve(frames, backwards);
      EXPECT_EQ(other.Points(), reference.Points());
      EXPECT_EQ(other.background_px(), reference.background_px());
      for (const double rate : {0.01, 0.1, 0.5})
        EXPECT_EQ(other.ThresholdAtFalsePixelRate(rate), reference.ThresholdAtFalsePixelRate(rate));
    }
  }
}

TEST(RocCurve, AHeapOfEqualScoresStaysExactBeyondTheBound) {
  RocCurve roc(3);
  roc.Add(Row({5, 5, 5, 5, 5, 5, 5, 7, 1}), MaskFrom({".......#."}));
  EXPECT_EQ(roc.background_px(), 8);
  EXPECT_EQ(*roc.Auc(), 1.0);
}

TEST(MatchFrame, NamesTheComponentsThatScoreFrameCounts) {
  const Mask truth = MaskFrom({"##........", "..........", ".......##."});
  const Mask prediction = MaskFrom({".##.......", "..........", "....#....."});
  const FrameMatch match = MatchFrame(prediction, truth);
  ASSERT_EQ(match.hits.size(), 1U);
  EXPECT_EQ(match.hits[0].box, (PixelBox{0, 0, 2, 1}));
  ASSERT_EQ(match.misses.size(), 1U);
  EXPECT_EQ(match.misses[0].box, (PixelBox{7, 2, 2, 1}));
  ASSERT_EQ(match.false_alarms.size(), 1U);
  EXPECT_EQ(match.false_alarms[0].box, (PixelBox{4, 2, 1, 1}));
}

TEST(RocCurve, RefusesScoresThatAreNoNumbers) {
  RocCurve roc;
  EXPECT_THROW(roc.Add(Row({1, std::nanf("")}), MaskFrom({"#."})), Error);
  EXPECT_EQ(roc.truth_px(), 0);
}

// The repositories' own evaluation code on the same logits and masks (BasicIRSTD metrics.py; RDIAN model/metrics.py).
TEST(DetectionGolden, ReproducesThePublishedEvaluationCode) {
  const std::filesystem::path folder = test::GoldenFolder() / "deep" / "metrics";
  MIRST_REQUIRE_PATH(folder);
  const auto logits = test::ReadNpy<float>(folder / "metric_logits.npy");
  const auto masks = test::ReadNpy<std::uint8_t>(folder / "metric_masks_u8.npy");
  const auto golden = nlohmann::json::parse(ReadFile(folder / "metric_values.json"));
  ASSERT_EQ(logits.shape, masks.shape);
  ASSERT_EQ(logits.shape, (std::vector<std::int64_t>{3, 1, 256, 256}));

  SequenceScore sequence;
  RocCurve first_image;
  for (std::size_t image = 0; image < 3; ++image) {
    Mask prediction(256, 256), truth(256, 256);
    Image<float> scores(256, 256);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      scores.data()[i] = logits.values[image * truth.size() + i];
      prediction.data()[i] = scores.data()[i] > 0 ? 255 : 0;
      truth.data()[i] = masks.values[image * truth.size() + i] > 0 ? 255 : 0;
    }
    const FrameScore frame = ScoreFrame(prediction, truth);
    sequence.Add(frame);
    if (image == 0) {
      const auto& counts = golden["RDIAN"]["image0_tp_pos_fp_neg_target_t_at_0_5"];
      EXPECT_EQ(frame.common_px, counts[0]);
      EXPECT_EQ(frame.truth_px, counts[1]);
      EXPECT_EQ(frame.predicted_px - frame.common_px, counts[2]);
      EXPECT_EQ(frame.pixels - frame.truth_px, counts[3]);
      EXPECT_EQ(frame.targets, counts[5]);
    }
  }
  const auto& basic = golden["BasicIRSTD"];
  EXPECT_EQ(sequence.total.matched, basic["PD"]);
  EXPECT_EQ(sequence.total.targets, basic["targets"]);
  EXPECT_EQ(static_cast<double>(sequence.total.unmatched_px), basic["false_pixels"].get<double>());
  EXPECT_DOUBLE_EQ(*sequence.total.pd().value(), basic["Pd"].get<double>());
  EXPECT_DOUBLE_EQ(*sequence.total.fa().value(), basic["Fa"].get<double>());
  // Both add eps = 2.2e-16 to the denominator, less than a rounding here.
  EXPECT_NEAR(*sequence.total.iou().value(), basic["mIoU"].get<double>(), 1e-12);
  EXPECT_NEAR(*sequence.frame_iou.value(), golden["RDIAN"]["nIoU"].get<double>(), 1e-12);
  EXPECT_EQ(*SummariseSubset("all", {&sequence}).dr_frames().value(), golden["RDIAN"]["DR"].get<double>());
}

}  // namespace
}  // namespace mirst
