#include "metrics/two_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "metrics/target_patch.h"

namespace mirst {
namespace {

TEST(GroupedPairs, CountsPairsOfOneFoldOnly) {
  // Fold 0: positive 3 against negatives 1 and 3: 1 + 1/2. Fold 1: positive 0 against negative 2: 0. Across folds none.
  const GroupedPairs pairs(
      {{"a", 0, true, 3}, {"b", 0, false, 1}, {"c", 0, false, 3}, {"d", 1, true, 0}, {"e", 1, false, 2}});
  EXPECT_DOUBLE_EQ(pairs.Auc(), 1.5 / 3);
  EXPECT_DOUBLE_EQ(pairs.Auc({1, 1, 0, 0, 0}), 1);        // a and b alone
  EXPECT_DOUBLE_EQ(pairs.Auc({2, 1, 1, 1, 1}), 3.0 / 5);  // a counts twice
  EXPECT_DOUBLE_EQ(pairs.Auc({0, 0, 0, 0, 0}), 0.5);
}

std::vector<ScoredCase> Cases(double shift, bool real_against_real) {
  RandomStream random(RandomKey{.purpose = Purpose::kTest});
  std::vector<ScoredCase> cases;
  for (int i = 0; i < 400; ++i) {
    const bool positive = i % 2 == 0;
    const std::string kind = real_against_real || !positive ? "real" : "embedded";
    cases.push_back({kind + std::to_string(i % 40), 0, positive, random.Normal() + (positive ? shift : 0)});
  }
  return cases;
}

TEST(CompareAucs, SameDistributionsLieInsideTheIntervalAndShiftedOnesOutside) {
  const std::vector<GroupedPairs> within = {GroupedPairs(Cases(0, true))};
  const AucDifference same = CompareAucs(GroupedPairs(Cases(0, false)), within);
  EXPECT_LE(same.interval.low, 0);
  EXPECT_GE(same.interval.high, 0);
  // A shift of one standard deviation has AUC 0.76 = Phi(1 / sqrt 2); its error with 200 + 200 cases is 0.024.
  const AucDifference shifted = CompareAucs(GroupedPairs(Cases(1, false)), within);
  EXPECT_NEAR(shifted.across, 0.760, 4 * 0.024);
  EXPECT_GT(shifted.interval.low, 0.05);
}

TEST(DealFolds, KeepsAGroupTogetherAndFoldsEven) {
  const std::vector<int> folds = DealFolds({"a", "b", "a", "c", "d", "b"}, 2, 7);
  EXPECT_EQ(folds[0], folds[2]);
  EXPECT_EQ(folds[1], folds[5]);
  EXPECT_EQ(folds[0] + folds[1] + folds[3] + folds[4], 2);  // two groups a fold
}

TEST(HalveGroups, HalvesEachGroupByADraw) {
  std::vector<std::string> groups;
  for (int i = 0; i < 60; ++i) groups.push_back(i < 20 ? "a" : i % 2 == 0 ? "b" : "c");
  const std::vector<int> halves = HalveGroups(groups, 1);
  for (const std::string group : {"a", "b", "c"}) {
    int size = 0, second = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i] != group) continue;
      ++size;
      second += halves[i];
    }
    EXPECT_EQ(2 * second, size) << group;
  }
  EXPECT_EQ(HalveGroups(groups, 1), halves);
  EXPECT_NE(HalveGroups(groups, 2), halves);
}

TEST(KolmogorovSmirnov, KnownDistances) {
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, 2, 3, 4}, {1, 2, 3, 4}), 0);
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, 2}, {3, 4}), 1);
  EXPECT_DOUBLE_EQ(KolmogorovSmirnov({1, 2, 3, 4}, {3, 4, 5, 6}), 0.5);
}

// A disc of 3 px radius with a rim `soft` px wide on noise.
Image<float> Disc(double soft) {
  RandomStream random(RandomKey{.purpose = Purpose::kTest});
  Image<float> image(60, 60);
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 60; ++x) {
      const double radius = std::hypot(x - 30.0, y - 30.0);
      const double share = std::min(1.0, std::max(0.0, (3.5 - radius) / soft + 0.5));
      image(y, x) = static_cast<float>(100 + 60 * share + 2 * random.Normal());
    }
  }
  return image;
}

TEST(SegmentTarget, FindsTheDiscAtHalfItsHeightWhateverTheHint) {
  const Image<float> image = Disc(1);
  const auto tight = SegmentTarget(image, {26, 26, 9, 9}, 8), loose = SegmentTarget(image, {22, 24, 16, 13}, 8);
  ASSERT_TRUE(tight && loose);
  EXPECT_EQ(tight->mask, loose->mask);
  EXPECT_EQ(tight->polarity, 1);
  // Pixels whose centre lies within 3.5 px: 37; noise of 2 counts against a step of 30 leaves the rim alone.
  EXPECT_EQ(tight->area_px, 37);
}

TEST(SegmentTarget, RefusesNoiseEdgesAndTheBorder) {
  Image<float> image = Disc(1);
  EXPECT_FALSE(SegmentTarget(image, {10, 10, 6, 6}, 8));  // noise only: 3 sigma is rare, and one pixel is no target
  EXPECT_FALSE(SegmentTarget(image, {29, 29, 3, 3}, 8));  // the mask reaches beyond the hint
  EXPECT_FALSE(SegmentTarget(image, {1, 1, 4, 4}, 8));    // surroundings leave the frame
}

TEST(SeamRatio, AHardRimStandsOut) {
  const auto soft = SegmentTarget(Disc(4), {24, 24, 13, 13}, 8), hard = SegmentTarget(Disc(0.01), {24, 24, 13, 13}, 8);
  ASSERT_TRUE(soft && hard);
  EXPECT_GT(SeamRatio(*hard), 3 * SeamRatio(*soft));
}

TEST(ContourLevels, CountRingsFromTheContour) {
  Mask mask(7, 7);
  for (int y = 2; y < 5; ++y) {
    for (int x = 2; x < 5; ++x) mask(y, x) = 255;
  }
  const Image<int> levels = ContourLevels(mask);
  EXPECT_EQ(levels(3, 3), -1);
  EXPECT_EQ(levels(2, 2), 0);
  EXPECT_EQ(levels(1, 1), 1);
  EXPECT_EQ(levels(0, 3), 2);
}

}  // namespace
}  // namespace mirst
