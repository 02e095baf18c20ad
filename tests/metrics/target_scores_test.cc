#include "metrics/target_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "metrics/mask_convention.h"
#include "metrics/roc.h"
#include "tests/support/mask_text.h"

namespace mirst {
namespace {

TargetRecord Record(double scr, bool hit, std::string source = "s") {
  return {std::move(source), "boat", scr, 4.0, 0.7, std::nullopt, hit};
}

TEST(PdByQuantity, BinsHoldTheirLowerEdge) {
  const std::vector<PdBin> bins = PdByQuantity({Record(0.99, false), Record(1, true), Record(1.5, false)});
  ASSERT_EQ(bins.size(), 5U);  // two of SCR, one each of area, speed, class; none of d'
  EXPECT_EQ(bins[0].label, "[0, 1)");
  EXPECT_EQ(bins[0].pd, (Ratio{0, 1}));
  EXPECT_EQ(bins[1].label, "[1, 2)");
  EXPECT_EQ(bins[1].pd, (Ratio{1, 2}));
  EXPECT_DOUBLE_EQ(bins[1].mean, 1.25);
  EXPECT_EQ(bins[4].label, "boat");
  EXPECT_FALSE(bins[4].interval);  // one source
}

TEST(PdSurface, CellsHoldTargetsOfOneBinOfEach) {
  const std::vector<SurfaceCell> cells = PdSurface({Record(1, true), Record(1.9, false), Record(9, true)});
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(cells[0].pd, (Ratio{1, 2}));
  EXPECT_EQ(cells[1].scr, ">= 8");
  EXPECT_EQ(cells[1].area_px, "[1, 5)");
  EXPECT_EQ(cells[1].speed_px, "[0.5, 1)");
}

TEST(LeastScr, IsWhereTheRisingFitReachesThePd) {
  std::vector<TargetRecord> targets;
  for (int i = 0; i < 100; ++i) targets.push_back(Record(i * 0.1, i >= 40));
  EXPECT_DOUBLE_EQ(*LeastScr(targets, 0.9), 40 * 0.1);
  targets.push_back(Record(20, false));  // a late miss pools with what is before it: 60 of 61 >= 0.9
  EXPECT_DOUBLE_EQ(*LeastScr(targets, 0.9), 40 * 0.1);
  for (int i = 0; i < 20; ++i) targets.push_back(Record(21 + i, false));
  EXPECT_FALSE(LeastScr(targets, 0.9));  // 60 of 81
  EXPECT_FALSE(LeastScr({}, 0.9));
}

TEST(Efficiency, OfTheIdealObserverIsOne) {
  // The ideal observer of d' = 3 at Fa = 0.001 finds Phi(3 - 3.0902...) of the targets.
  const double z = -NormalQuantile(0.001), pd = 0.5 * std::erfc(-(3 - z) / std::sqrt(2));
  const auto million = static_cast<std::int64_t>(std::llround(pd * 1e6));
  EXPECT_NEAR(*Efficiency({million, 1000000}, 0.001, 3), 1, 2e-6);  // Pd rounded to 1e-6 moves z by 3e-6 at most
  EXPECT_NEAR(*Efficiency({million, 1000000}, 0.001, 6), 0.25, 1e-6);
  EXPECT_FALSE(Efficiency({0, 10}, 0.001, 3));
  EXPECT_FALSE(Efficiency({5, 10}, 0, 3));
  EXPECT_EQ(*Efficiency({1, 1000000}, 0.5, 3), 0);  // worse than guessing
}

TEST(ChancePd, IsTheShareOfPlacesWithinReachOfAPrediction) {
  // One 1-px target in a 60 x 60 frame, one prediction far from it: of the 3600 places less those within 6 px of the
  // target, the 25 with distance < 3 (5 x 5 lattice points) are hits.
  Mask truth(60, 60), prediction(60, 60);
  truth(10, 10) = prediction(40, 40) = 255;
  const CountedFrame frame = CountFrame(prediction, truth);
  int near = 0, hit = 0;
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 60; ++x) {
      near += std::hypot(x - 10, y - 10) < 6;
      hit += std::hypot(x - 40, y - 40) < 3;
    }
  }
  RandomStream random({.seed = 3, .purpose = Purpose::kTest});
  Ratio sum;
  for (int i = 0; i < 20000; ++i) {
    const Ratio chance = ChancePd(frame, nullptr, random);
    sum.numerator += chance.numerator;
    sum.denominator += chance.denominator;
  }
  const double expected = hit / (3600.0 - near);
  EXPECT_EQ(sum.denominator, 20000);
  EXPECT_NEAR(*sum.value(), expected, 5 * std::sqrt(expected / 20000));  // five sigma of a binomial
  const CountedFrame perfect = CountFrame(truth, truth);
  EXPECT_EQ(ChancePd(perfect, nullptr, random).numerator, 0);  // never near the truth itself
  Mask everything(60, 60, 255);
  EXPECT_EQ(ChancePd(frame, &everything, random).denominator, 0);
}

std::vector<ClusterSum> Clusters(int count, double numerator) {
  std::vector<ClusterSum> sums;
  for (int i = 0; i < count; ++i) sums.push_back({"source" + std::to_string(i), numerator, 2});
  return sums;
}

TEST(Bootstrap, BelowEightSourcesOrWithoutTheirNamesThereIsNoInterval) {
  EXPECT_FALSE(BootstrapRatio(Clusters(7, 1)));
  const auto interval = BootstrapRatio(Clusters(8, 1));
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->clusters, 8U);
  EXPECT_EQ(interval->low, 0.5);  // equal sources: no spread
  EXPECT_EQ(interval->high, 0.5);
  std::vector<ClusterSum> unknown = Clusters(9, 1);
  unknown[0].cluster = "";
  EXPECT_FALSE(BootstrapRatio(unknown));
}

TEST(Bootstrap, TheClusterIsTheSourceNotTheSequence) {
  // 20 sequences of 4 sources are 4 clusters; of 10 sources, 10.
  std::vector<ClusterSum> sums;
  for (int i = 0; i < 20; ++i) sums.push_back({std::to_string(i % 4), i % 3 == 0 ? 1.0 : 0.0, 1});
  EXPECT_FALSE(BootstrapRatio(sums));
  for (int i = 0; i < 20; ++i) sums[static_cast<std::size_t>(i)].cluster = std::to_string(i % 10);
  EXPECT_EQ(BootstrapRatio(sums)->clusters, 10U);
}

TEST(Bootstrap, TheIntervalOfAMeanHasTheWidthOfItsStandardError) {
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  std::vector<ClusterSum> sums;
  double sum = 0, squares = 0;
  for (int i = 0; i < 200; ++i) {
    const double value = random.Normal();
    sums.push_back({std::to_string(i), value, 1});
    sum += value;
    squares += value * value;
  }
  const double mean = sum / 200, error = std::sqrt((squares / 200 - mean * mean) / 200);
  const auto interval = BootstrapRatio(sums);
  // A percentile of 2000 resamples at 2.5 % is known to about 0.06 standard errors; four of those.
  EXPECT_NEAR(interval->low, mean - 1.96 * error, 0.25 * error);
  EXPECT_NEAR(interval->high, mean + 1.96 * error, 0.25 * error);
}

TEST(Bootstrap, PairingRemovesWhatTheSourcesShare) {
  RandomStream random({.seed = 5, .purpose = Purpose::kTest});
  std::vector<ClusterSum> a, b;
  for (int i = 0; i < 12; ++i) {
    const double hardness = random.Uniform();
    a.push_back({std::to_string(i), hardness, 1});
    b.push_back({std::to_string(i), hardness + 0.01, 1});
  }
  const auto interval = BootstrapDifference(a, b);
  EXPECT_NEAR(interval->low, 0.01, 1e-12);  // rounding of twelve numbers below 2
  EXPECT_NEAR(interval->high, 0.01, 1e-12);
  b[0].cluster = "other";
  EXPECT_THROW(BootstrapDifference(a, b), Error);
}

TEST(MaskConvention, CoverageAndEnergyOnAKnownPatch) {
  Image<float> coverage(3, 8);
  coverage(1, 1) = 0.5F, coverage(1, 2) = 0.3F, coverage(1, 3) = 0.2F;  // one patch, 1.0 in all
  coverage(1, 6) = 0.05F;                                               // another, faint
  EXPECT_EQ(MaskOf(coverage, ParseMaskConvention("coverage:0.25")),
            test::MaskFrom({"........", ".##.....", "........"}));
  EXPECT_EQ(MaskOf(coverage, ParseMaskConvention("energy:0.75")), test::MaskFrom({"........", ".##...#.", "........"}));
  EXPECT_EQ(MaskOf(coverage, ParseMaskConvention("energy:0.9")), test::MaskFrom({"........", ".###..#.", "........"}));
  EXPECT_EQ(ParseMaskConvention("energy:0.9").Id(), "energy:0.9");
  for (const char* bad : {"half_max", "energy", "energy:0", "energy:1.1", "coverage:x", "coverage:0.5 "}) {
    EXPECT_THROW(ParseMaskConvention(bad), Error) << bad;
  }
}

Image<float> Row(const std::vector<float>& values) {
  Image<float> image(1, static_cast<int>(values.size()));
  std::copy(values.begin(), values.end(), image.begin());
  return image;
}

TEST(RocCurve, AreaUnderPrecisionOverRecall) {
  RocCurve roc;
  // true, false, true, false: precision 1 at recall 1/2, then 1/2 at 1/2, 2/3 at 1: 1/2 + (1/2 + 2/3) / 2 / 2.
  roc.Add(Row({0.9F, 0.8F, 0.7F, 0.6F}), test::MaskFrom({"#.#."}));
  EXPECT_DOUBLE_EQ(*roc.PrAuc(), 0.5 + (0.5 + 2.0 / 3) / 4);
  RocCurve perfect;
  perfect.Add(Row({0.9F, 0.8F, 0.1F}), test::MaskFrom({"##."}));
  EXPECT_EQ(*perfect.PrAuc(), 1);
  EXPECT_FALSE(RocCurve().PrAuc());
}

TEST(RocCurve, TheBlurAroundATargetIsNoFalseAlarmBehindAGuard) {
  // The target's neighbour scores 8, the background 5: without a guard no false pixel means threshold 8, with it 5.
  const Image<float> scores = Row({9, 8, 1, 1, 1, 5});
  const Mask truth = test::MaskFrom({"#....."});
  RocCurve bare, guarded;
  bare.Add(scores, truth);
  guarded.AddGuarded(scores, truth, nullptr, 4);
  EXPECT_EQ(bare.ThresholdAtFalsePixelRate(0), 8);
  EXPECT_EQ(guarded.ThresholdAtFalsePixelRate(0), 5);
  EXPECT_EQ(guarded.pixels(), 6);  // what the guard leaves out still counts as area
}

}  // namespace
}  // namespace mirst
