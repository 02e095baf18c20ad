#include "datasets/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "tests/support/checkerboard_samples.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using test::CheckerFrame;
using test::CheckerSample;
using test::CheckerScr;
using test::CheckerTarget;
using test::ErrorText;
using ::testing::Test;

TargetStatistics Target(std::size_t sequence, int frame, double scr, int area_px = 4) {
  TargetStatistics target;
  target.sequence = sequence;
  target.frame_index = frame;
  target.scr_measured = scr;
  target.area_px = area_px;
  target.scr_id = "box20";
  return target;
}

// ---- closed forms

TEST(Percentile, InterpolatesLinearlyBetweenRanks) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_EQ(Percentile(values, 0), 1);
  EXPECT_EQ(Percentile(values, 100), 8);
  EXPECT_EQ(Percentile(values, 50), 3);     // rank 1.5
  EXPECT_EQ(Percentile(values, 25), 1.75);  // rank 0.75
  EXPECT_EQ(Percentile(values, 75), 5);     // rank 2.25
  EXPECT_EQ(Percentile(std::vector<double>{7}, 99), 7);
}

TEST(Percentile, RefusesWhatHasNone) {
  EXPECT_THROW(Percentile({}, 50), Error);
  EXPECT_THROW(Percentile(std::vector<double>{1}, 101), Error);
  EXPECT_THROW(Percentile(std::vector<double>{1}, std::nan("")), Error);
}

TEST(Describe, OfTheNumbersUpToNHasTheMomentsOfTheUniformLaw) {
  constexpr int kCount = 101;
  std::vector<double> values;
  for (int i = kCount; i-- > 0;) values.push_back(i);  // falling: Describe sorts
  const Distribution d = Describe(values);
  EXPECT_EQ(d.count, kCount);
  EXPECT_EQ(d.mean, 50);
  // Population variance of 0..n-1 is (n^2 - 1) / 12; exact in double up to the root's rounding.
  EXPECT_DOUBLE_EQ(d.standard_deviation, std::sqrt((kCount * kCount - 1) / 12.0));
  EXPECT_EQ(d.min, 0);
  EXPECT_EQ(d.p5, 5);
  EXPECT_EQ(d.p25, 25);
  EXPECT_EQ(d.median, 50);
  EXPECT_EQ(d.p75, 75);
  EXPECT_EQ(d.p95, 95);
  EXPECT_EQ(d.p99, 99);
  EXPECT_EQ(d.max, 100);
}

TEST(Describe, OfNothingCountsNothing) { EXPECT_EQ(Describe({}).count, 0); }

TEST(CountInBins, PutsAnEdgeIntoTheBinItOpens) {
  const Histogram h = CountInBins(std::vector<double>{0, 0.5, 1, 1.999, 2, 1000}, {0, 1, 2});
  EXPECT_EQ(h.counts, (std::vector<std::int64_t>{2, 2, 2}));
}

TEST(CountInBins, LosesNoValue) {
  std::vector<double> areas;
  for (int area = 1; area <= 200; ++area) areas.push_back(area);
  const Histogram h = CountInBins(areas, AreaBinEdges());
  std::int64_t total = 0;
  for (const std::int64_t count : h.counts) total += count;
  EXPECT_EQ(total, 200);
  // Bins end at squares: 1 | 2 | 3-4 | 5-9 | 10-16 | ... | 65-81 | above.
  EXPECT_EQ(h.counts, (std::vector<std::int64_t>{1, 1, 2, 5, 7, 9, 11, 13, 15, 17, 119}));
}

TEST(CountInBins, RefusesValuesWithoutABin) {
  EXPECT_THROW(CountInBins(std::vector<double>{0.5}, AreaBinEdges()), Error);
  EXPECT_THROW(CountInBins(std::vector<double>{std::nan("")}, ScrBinEdges()), Error);
  EXPECT_THROW(CountInBins({}, {}), Error);
  EXPECT_THROW(CountInBins({}, {1, 1}), Error);
}

TEST(Associate, IsOneWhereTheSourceTellsTheBinAndZeroWhereTheyAreIndependent) {
  std::vector<std::string> source;
  std::vector<int> same, independent;
  for (int i = 0; i < 16; ++i) {
    source.push_back(i % 2 == 0 ? "a" : "b");
    same.push_back(i % 2);
    independent.push_back(i / 2 % 2);
  }
  EXPECT_DOUBLE_EQ(*Associate(source, same).cramers_v, 1);
  // phi^2 = 1, n = 16, r = c = 2: (1 - 1/15) / (1 - 1/15).
  EXPECT_DOUBLE_EQ(*Associate(source, same).cramers_v_corrected, 1);
  EXPECT_EQ(*Associate(source, independent).cramers_v, 0);
  EXPECT_EQ(*Associate(source, independent).cramers_v_corrected, 0);
}

TEST(Associate, OfAFourfoldTableIsThePhiCoefficient) {
  // Counts 3 1 / 1 3: phi = (3 * 3 - 1 * 1) / sqrt(4^4) = 1/2; corrected phi^2 = 1/4 - 1/7 = 3/28 over 1 - 1/7 = 6/7:
  // 1/8.
  const std::vector<std::string> rows = {"a", "a", "a", "a", "b", "b", "b", "b"};
  const std::vector<int> columns = {0, 0, 0, 1, 1, 1, 1, 0};
  const Association association = Associate(rows, columns);
  EXPECT_EQ(association.items, 8);
  EXPECT_DOUBLE_EQ(*association.cramers_v, 0.5);
  EXPECT_NEAR(*association.cramers_v_corrected, std::sqrt(1.0 / 8), 1e-12);  // a few roundings of numbers below 1
}

TEST(Associate, IsUndefinedWithOneSourceOrOneSequenceASource) {
  EXPECT_FALSE(Associate(std::vector<std::string>{"a", "a"}, std::vector<int>{0, 1}).cramers_v);
  EXPECT_FALSE(Associate(std::vector<std::string>{"a", "b", "c"}, std::vector<int>{0, 1, 1}).cramers_v_corrected);
  EXPECT_FALSE(Associate({}, {}).cramers_v);
}

// ---- sequences

TEST(DescribeSequence, CountsFramesWithoutTargetAsZeroInMscrAllOnly) {
  ManifestSequence sequence;
  sequence.frames = 8;
  const std::vector<TargetStatistics> targets = {Target(0, 1, 2), Target(0, 4, 4)};
  const SequenceStatistics s = DescribeSequence(sequence, targets);
  EXPECT_EQ(s.frames_with_target, 2);
  EXPECT_EQ(*s.mscr_present, 3);
  EXPECT_EQ(s.mscr_all, 0.75);
}

TEST(DescribeSequence, GivesEveryFrameOneVoteHoweverManyTargetsItShows) {
  ManifestSequence sequence;
  sequence.frames = 2;
  const std::vector<TargetStatistics> targets = {Target(0, 0, 1), Target(0, 0, 3), Target(0, 1, 8)};
  const SequenceStatistics s = DescribeSequence(sequence, targets);
  EXPECT_EQ(s.frames_with_target, 2);
  EXPECT_EQ(*s.mscr_present, 5);  // (2 + 8) / 2, not (1 + 3 + 8) / 3
}

TEST(DescribeSequence, HasNoMeansWithoutTarget) {
  ManifestSequence sequence;
  sequence.frames = 3;
  const SequenceStatistics s = DescribeSequence(sequence, {});
  EXPECT_EQ(s.frames, 3);
  EXPECT_EQ(s.frames_with_target, 0);
  EXPECT_FALSE(s.mscr_present || s.mean_area_px || s.scr_requested);
  EXPECT_EQ(s.mscr_all, 0);
}

TEST(DescribeSequence, PassesOverFramesInWhichADefinitionGivesNoValue) {
  std::vector<TargetStatistics> targets = {Target(0, 0, 2), Target(0, 1, 4), Target(0, 2, 6)};
  for (TargetStatistics& target : targets) target.scr["box20"] = target.scr_measured;
  targets[0].scr["guard3_10"] = 1;
  targets[2].scr["guard3_10"] = 4;  // the ring of frame 1 holds one count only
  ManifestSequence sequence;
  sequence.frames = 3;
  const SequenceStatistics statistics = DescribeSequence(sequence, targets);
  EXPECT_EQ(statistics.mscr_by_id.at("box20"), 4);
  EXPECT_EQ(statistics.mscr_by_id.at("guard3_10"), 2.5);
  DataSetStatistics set;
  set.sequences = {statistics};
  set.targets = targets;
  EXPECT_EQ(Summarise(set, "").scr_by_id.at("guard3_10").target.count, 2);
}

TEST(SourcesInSeveralSplits, NamesTheLeakAndOnlyTheLeak) {
  std::vector<SequenceStatistics> sequences(3);
  sequences[0].source = sequences[1].source = "harbour";
  sequences[2].source = "roof";
  sequences[0].split = sequences[2].split = "train";
  sequences[1].split = "test";
  const auto leaks = SourcesInSeveralSplits(sequences);
  ASSERT_EQ(leaks.size(), 1U);
  EXPECT_EQ(leaks.at("harbour"), (std::vector<std::string>{"train", "test"}));
  EXPECT_TRUE(SourcesInSeveralSplits(std::span(sequences).subspan(1, 2)).empty());
}

// ---- requests

TEST(CompareRequests, ComparesFramesWhereTheyAreHeldAndMeansWhereTheyAreNot) {
  std::vector<TargetStatistics> targets = {Target(0, 0, 2.5), Target(0, 1, 3.5)};
  for (TargetStatistics& t : targets) t.scr_requested = 3;
  const auto frames = CompareRequests(targets, "per_frame");
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].difference(), -0.5);
  EXPECT_EQ(frames[1].difference(), 0.5);
  const auto tracks = CompareRequests(targets, "sequence_mean");
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].requested, 3);
  EXPECT_EQ(tracks[0].difference(), 0);
}

TEST(CompareRequests, KeepsTracksOfASequenceApart) {
  std::vector<TargetStatistics> targets = {Target(0, 0, 2), Target(0, 0, 6), Target(1, 0, 4)};
  targets[1].id = 2;
  for (TargetStatistics& t : targets) t.scr_requested = t.scr_measured;
  EXPECT_EQ(CompareRequests(targets, "sequence_mean").size(), 3U);
}

TEST(CompareRequests, BoundsByTwoPercentOrByRounding) {
  std::vector<TargetStatistics> targets = {Target(0, 0, 5), Target(0, 1, 5)};
  for (TargetStatistics& t : targets) t.scr_requested = 5;
  targets[0].rounding_bound = 0.3;  // a small target on a quiet background
  targets[1].rounding_bound = 0.01;
  const auto frames = CompareRequests(targets, "per_frame");
  EXPECT_DOUBLE_EQ(frames[0].bound, 0.3);
  EXPECT_DOUBLE_EQ(frames[1].bound, 0.1);
  EXPECT_DOUBLE_EQ(CompareRequests(targets, "sequence_mean")[0].bound, 0.155);  // (0.3 + 0.01) / 2
}

TEST(CompareRequests, LeavesOutOtherDefinitionsAndTargetsWithoutRequest) {
  std::vector<TargetStatistics> targets = {Target(0, 0, 5), Target(0, 1, 5)};
  targets[0].scr_requested = 5;
  targets[0].scr_id = "guard3_10";
  EXPECT_TRUE(CompareRequests(targets, "per_frame").empty());
  EXPECT_TRUE(CompareRequests(targets, "sequence_mean").empty());
}

// ---- frames

TEST(MeasureTargets, FindsTheScrThatTheCheckerboardHas) {
  const auto targets = MeasureTargets(CheckerFrame(0, {{{50, 40, 4, 3}, 135}}));
  ASSERT_EQ(targets.size(), 1U);
  const TargetStatistics& t = targets.front();
  EXPECT_NEAR(t.scr_measured, CheckerScr(135), 1e-12);  // sums of whole numbers are exact; a few roundings remain
  EXPECT_NEAR(t.sigma_b, 10, 1e-12);
  EXPECT_NEAR(*t.scr_annotated, t.scr_measured, 1e-12);
  EXPECT_EQ(t.area_px, 12);
  EXPECT_DOUBLE_EQ(t.image_share, 12.0 / (test::kCheckerWidth * test::kCheckerHeight));
  EXPECT_NEAR(t.rounding_bound, 1.0 / 240, 1e-15);
  EXPECT_DOUBLE_EQ(t.speed_px_per_frame.value(), 1);  // (0.6, -0.8)
}

TEST(MeasureTargets, LeavesEachTargetOutOfTheOthersBackground) {
  // The second target lies inside the first one's window; at level 250 it would double sigma if it counted.
  const auto targets = MeasureTargets(CheckerFrame(0, {{{50, 40, 2, 2}, 120, 1}, {{60, 44, 4, 4}, 250, 7}}));
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_NEAR(targets[0].scr_measured, CheckerScr(120), 1e-12);
  EXPECT_NEAR(targets[1].scr_measured, CheckerScr(250), 1e-12);
  EXPECT_EQ(targets[1].id, 7);
}

TEST(MeasureTargets, SaysWhatMaskAndAnnotationDisagreeAbout) {
  const std::vector<CheckerTarget> one = {{{50, 40, 2, 2}, 120}};
  LabelledFrame frame = CheckerFrame(0, one);
  frame.mask.Fill(0);
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureTargets(frame); }),
            "target 1: it is annotated, but no pixel of the mask belongs to it");
  frame = CheckerFrame(0, one);
  frame.mask(40, 50) = 0;
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureTargets(frame); }),
            "target 1: its annotation says 4 px, the mask holds 3 px");
  frame = CheckerFrame(0, one);
  frame.annotation.targets[0].box.x = 49;
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureTargets(frame); }),
            "target 1: its annotated box is 49,40 2x2, the mask's is 50,40 2x2");
  frame = CheckerFrame(0, one);
  frame.annotation.targets.clear();
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureTargets(frame); }),
            "the mask holds 4 target px, the annotated targets 0 px");
}

TEST(MeasureTargets, PassesOverHiddenTargetsAndNamesOnesThatAreNotHidden) {
  LabelledFrame frame = CheckerFrame(0, {{{50, 40, 2, 2}, 120, 1}, {{60, 44, 4, 4}, 140, 2}});
  Annotation hidden;
  hidden.id = 3;
  hidden.visibility = 0;
  frame.annotation.targets.push_back(hidden);
  EXPECT_EQ(MeasureTargets(frame).size(), 2U);
  frame.annotation.targets[2].visibility = 0.5;
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureTargets(frame); }),
            "target 3: it is annotated as seen, but without any pixel");
  frame.annotation.targets[2] = hidden;
  frame.annotation.targets[2].id = 2;
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureTargets(frame); }),
            "target 2: its annotation says that it is hidden, the mask holds 16 px");
}

// ---- data sets on disk

/// train: "a" (targets of 4 px, SCR 2, in 2 of 4 frames) and "b" (8 px, SCR 4, in 2 of 2); test: "c" (no target).
class OnDisk : public Test {
 protected:
  OnDisk() {
    const CheckerTarget small{{50, 40, 2, 2}, 120}, large{{60, 50, 4, 2}, 60};
    samples_ = {CheckerSample("a", {{}, {small}, {small}, {}}), CheckerSample("b", {{large}, {large}}),
                CheckerSample("c", {{}})};
  }

  SampleStoreReader Write(const std::string& config = R"({"scr": {"mode": "per_frame"}})") {
    SampleStoreWriter writer(folder(), Existing::kReplace, 0);
    Manifest manifest;
    manifest.config_json = config;
    for (const Sample& sample : samples_) {
      writer.WriteSequence(sample);
      manifest.sequences.push_back(test::EntryOf(sample, sample.name == "c" ? "test" : "train"));
    }
    writer.Finish(manifest);
    return SampleStoreReader(folder());
  }
  std::filesystem::path folder() const { return temporary_.path() / "set"; }

  std::vector<Sample> samples_;
  TemporaryFolder temporary_;
};

TEST_F(OnDisk, TotalsAndMeansAreThoseOfTheWrittenSet) {
  const DataSetStatistics statistics = MeasureDataSet(Write());
  EXPECT_EQ(statistics.scr_mode, "per_frame");
  const GroupStatistics all = Summarise(statistics, "");
  EXPECT_EQ(all.sequences, 3);
  EXPECT_EQ(all.sources, 3);
  EXPECT_EQ(all.frames, 7);
  EXPECT_EQ(all.frames_with_target, 4);
  EXPECT_EQ(all.targets, 4);
  EXPECT_EQ(all.area_px.mean, 6);
  EXPECT_EQ(all.point, 4);
  EXPECT_EQ(all.hot, 2);
  EXPECT_EQ(all.cold, 2);
  EXPECT_EQ(all.spie_small, 4);  // 8 of 12000 px are 0.07 %
  EXPECT_EQ(all.delta_at_least_half, 4);
  EXPECT_NEAR(all.mscr_present.mean, (CheckerScr(120) + CheckerScr(60)) / 2, 1e-12);
  EXPECT_EQ(all.mscr_present.count, 2);
  EXPECT_NEAR(all.mscr_all.mean, (CheckerScr(120) / 2 + CheckerScr(60) + 0) / 3, 1e-12);
  EXPECT_EQ(all.low_sequences, 1);
  EXPECT_EQ(all.high_sequences, 1);
  EXPECT_EQ(all.compared, 4);
  EXPECT_EQ(all.above_bound, 0);
  EXPECT_LT(all.absolute_difference.max, 1e-12);
  const ScrAgreement agreement = CompareAnnotations(statistics);
  EXPECT_EQ(agreement.compared, 4);
  EXPECT_EQ(agreement.differing, 0);
}

TEST_F(OnDisk, SplitsAddUpToTheWhole) {
  const DataSetStatistics statistics = MeasureDataSet(Write());
  const GroupStatistics all = Summarise(statistics, ""), train = Summarise(statistics, "train"),
                        test = Summarise(statistics, "test");
  EXPECT_EQ(Summarise(statistics, "val").sequences, 0);
  EXPECT_EQ(train.frames + test.frames, all.frames);
  EXPECT_EQ(train.targets + test.targets, all.targets);
  EXPECT_EQ(test.targets, 0);
  EXPECT_EQ(test.mscr_present.count, 0);
}

TEST_F(OnDisk, ARequestThatWasMissedLiesAboveItsBound) {
  for (LabelledFrame& labelled : samples_[1].frames) labelled.annotation.targets[0].scr_requested = 3.9;
  const GroupStatistics all = Summarise(MeasureDataSet(Write()), "");
  EXPECT_EQ(all.above_bound, 2);  // 4 instead of 3.9: 0.1 > 0.078 = 2 %; rounding 1 / 160
  EXPECT_NEAR(all.difference.max, CheckerScr(60) - 3.9, 1e-12);
  EXPECT_EQ(Summarise(MeasureDataSet(Write(R"({"scr": {"mode": "sequence_mean"}})")), "").above_bound, 1);  // one track
}

TEST_F(OnDisk, FlagsAreCountedByTarget) {
  auto& first = samples_[0].frames[1].annotation.targets[0].flags;
  first = {{"quantised", 0.1}, {"clipped", 0.5}};
  samples_[0].frames[2].annotation.targets[0].flags = {{"quantised", 0.1}};
  const GroupStatistics all = Summarise(MeasureDataSet(Write()), "");
  EXPECT_EQ(all.flags.at("quantised"), 2);
  EXPECT_EQ(all.flags.at("clipped"), 1);
  EXPECT_EQ(all.flagged, 1);
}

TEST_F(OnDisk, ResultsDoNotDependOnTheNumberOfThreads) {
  const SampleStoreReader reader = Write();
  const auto scr_with = [&](int threads) {
    const ThreadLimit limit(threads);
    std::vector<std::pair<std::string, double>> rows;
    for (const TargetStatistics& t : MeasureDataSet(reader).targets) rows.emplace_back(t.frame, t.scr_measured);
    return rows;
  };
  EXPECT_EQ(scr_with(1), scr_with(4));
}

TEST_F(OnDisk, AnImageChangedAfterWritingIsNamed) {
  const SampleStoreReader reader = Write();
  Frame changed = samples_[1].frames[1].frame;
  changed.pixels(50, 60) += 2;  // one of the target's pixels
  WriteFileAtomically(folder() / "image" / "b" / "000001.png", EncodePng(CountsOf(changed), 8));
  const ScrAgreement agreement = CompareAnnotations(MeasureDataSet(reader));
  EXPECT_EQ(agreement.differing, 1);
  EXPECT_NEAR(agreement.largest_difference, 2.0 / 8 / 10,
              1e-6);  // 2 counts over 8 px and sigma 10; the 1e-5 shifts 6e-7
  EXPECT_EQ(agreement.worst, "sequence b, frame 000001.png, target 1");
}

TEST_F(OnDisk, FilesThatDoNotBelongTogetherAreNamed) {
  const SampleStoreReader reader = Write();
  const auto text = [&] { return ErrorText(ErrorCode::kBadInput, [&] { MeasureDataSet(reader); }); };
  std::filesystem::rename(folder() / "image/b/000001.png", temporary_.path() / "kept.png");
  EXPECT_EQ(text(), "sequence b: the mask 000001.png has no image");
  std::filesystem::rename(temporary_.path() / "kept.png", folder() / "image/b/000001.png");
  std::filesystem::rename(folder() / "mask/b/000000.png", temporary_.path() / "kept.png");
  EXPECT_EQ(text(), "sequence b: the image 000000.png has no mask");
  std::filesystem::rename(temporary_.path() / "kept.png", folder() / "mask/b/000000.png");
  std::filesystem::copy_file(folder() / "image/b/000000.png", folder() / "image/b/000007.png");
  std::filesystem::copy_file(folder() / "mask/b/000000.png", folder() / "mask/b/000007.png");
  EXPECT_EQ(text(), "sequence b: the image 000007.png has no annotation");
}

TEST_F(OnDisk, AMaskThatWasEmptiedIsNamedWithItsFrame) {
  const SampleStoreReader reader = Write();
  WriteFileAtomically(folder() / "mask/a/000002.png", EncodePng(Mask(test::kCheckerHeight, test::kCheckerWidth)));
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { MeasureDataSet(reader); }),
            "sequence a: frame 000002.png: target 1: it is annotated, but no pixel of the mask belongs to it");
}

TEST_F(OnDisk, AnEmptySetIsRefused) {
  samples_.clear();
  const SampleStoreReader reader = Write();
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { MeasureDataSet(reader); }).find("holds no sequence"),
            std::string::npos);
}

}  // namespace
}  // namespace mirst
