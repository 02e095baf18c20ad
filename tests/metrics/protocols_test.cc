// Protocols on cases that are known by thought, their properties on random masks, and the published evaluation codes.
#include "metrics/protocols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "core/file.h"
#include "core/random.h"
#include "metrics/assignment.h"
#include "metrics/roc.h"
#include "tests/support/data_folder.h"
#include "tests/support/npy.h"

namespace mirst {
namespace {

Mask Blobs(int height, int width, const std::vector<PixelBox>& boxes) {
  Mask mask(height, width);
  for (const PixelBox& box : boxes) {
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x) mask(y, x) = 255;
    }
  }
  return mask;
}

FrameProtocols Score(const Mask& prediction, const Mask& truth, const Mask* ignore = nullptr) {
  const CountedFrame frame = CountFrame(prediction, truth, ignore);
  return ScoreProtocols(frame, ObjectsOf(frame.predictions), nullptr, nullptr, ignore);
}
const ProtocolCounts& At(const FrameProtocols& counts, Protocol protocol) {
  return counts[static_cast<std::size_t>(protocol)];
}
/// Hits under P1, P2, P3, P4, P5.
std::vector<std::int64_t> Hits(const FrameProtocols& c) {
  return {At(c, Protocol::kP1).hits, At(c, Protocol::kP2).hits, At(c, Protocol::kP3).hits, At(c, Protocol::kP4).hits,
          At(c, Protocol::kP5).hits};
}
std::vector<std::int64_t> FalsePx(const FrameProtocols& c) {
  return {At(c, Protocol::kP1).false_px, At(c, Protocol::kP2).false_px, At(c, Protocol::kP3).false_px,
          At(c, Protocol::kP4).false_px, At(c, Protocol::kP5).false_px};
}
using Counts = std::vector<std::int64_t>;

TEST(Protocols, OneBlobBetweenTwoTargetsServesOneOfThem) {
  // Targets at x = 4 and 8, blob at 6: 2 px from both centroids, in neither box, 2 px (> 1) from both.
  const FrameProtocols counts = Score(Blobs(1, 12, {{6, 0, 1, 1}}), Blobs(1, 12, {{4, 0, 1, 1}, {8, 0, 1, 1}}));
  EXPECT_EQ(Hits(counts), (Counts{1, 0, 1, 0, 0}));
  EXPECT_EQ(FalsePx(counts), (Counts{0, 0, 0, 1, 1}));  // P2: within 4 px it is no false pixel either
}

TEST(Protocols, AFalseBlobWithTheAreaOfAHitVanishesUnderTheLegacyRuleOnly) {
  const FrameProtocols counts = Score(Blobs(30, 30, {{2, 2, 2, 2}, {20, 20, 2, 2}}), Blobs(30, 30, {{2, 2, 2, 2}}));
  EXPECT_EQ(At(counts, Protocol::kP1).false_px, 4);
  EXPECT_EQ(At(counts, Protocol::kP1Legacy).false_px, 0);
  EXPECT_EQ(At(counts, Protocol::kP1Legacy).hits, 1);
  // Of another area it stays.
  EXPECT_EQ(At(Score(Blobs(30, 30, {{2, 2, 2, 2}, {20, 20, 2, 1}}), Blobs(30, 30, {{2, 2, 2, 2}})), Protocol::kP1Legacy)
                .false_px,
            2);
}

TEST(Protocols, TargetsOnTheFirstRowAndInACornerCountLikeOthers) {
  const Mask truth = Blobs(20, 20, {{0, 0, 1, 1}, {9, 0, 2, 1}, {19, 19, 1, 1}});
  EXPECT_EQ(Hits(Score(truth, truth)), (Counts{3, 3, 3, 3, 3}));
  EXPECT_EQ(FalsePx(Score(truth, truth)), (Counts{0, 0, 0, 0, 0}));
  // One pixel beside each: the shooting rule still hits, and nothing wraps round the border.
  const Mask beside = Blobs(20, 20, {{1, 1, 1, 1}, {0, 10, 1, 1}, {18, 18, 1, 1}});
  EXPECT_EQ(At(Score(beside, truth), Protocol::kP2).hits, 2);
  EXPECT_EQ(At(Score(beside, truth), Protocol::kP2).false_px, 1);
}

TEST(Protocols, EmptyTruthOrPredictionAreNoDivisionByZero) {
  const FrameProtocols no_truth = Score(Blobs(10, 10, {{2, 2, 2, 2}}), Mask(10, 10));
  const FrameProtocols no_prediction = Score(Mask(10, 10), Blobs(10, 10, {{2, 2, 2, 2}}));
  for (std::size_t p = 0; p < kProtocolIds.size(); ++p) {
    EXPECT_FALSE(no_truth[p].pd().value()) << kProtocolIds[p];
    EXPECT_EQ(no_truth[p].fa(), (Ratio{4, 100})) << kProtocolIds[p];
    EXPECT_EQ(no_prediction[p].pd(), (Ratio{0, 1})) << kProtocolIds[p];
    EXPECT_EQ(no_prediction[p].fa(), (Ratio{0, 100})) << kProtocolIds[p];
    EXPECT_FALSE(no_prediction[p].precision().value()) << kProtocolIds[p];
  }
}

TEST(Protocols, OneBlobOverTwoTargets) {
  // Targets at 5 and 9, blob over 1..13 with its centroid at 7: P1 finds one; both are hit by a pixel; the overlap
  // (IoU 1/13) serves one; no box reaches IoU 0.5; the centroid lies in no box.
  const FrameProtocols counts = Score(Blobs(3, 15, {{1, 1, 13, 1}}), Blobs(3, 15, {{5, 1, 1, 1}, {9, 1, 1, 1}}));
  EXPECT_EQ(Hits(counts), (Counts{1, 2, 1, 0, 0}));
}

TEST(Protocols, TouchingTargetsAreOneAndOnePixelTargetsAreTargets) {
  const FrameProtocols touching = Score(Mask(6, 6), Blobs(6, 6, {{1, 1, 1, 1}, {2, 2, 1, 1}}));
  for (const ProtocolCounts& counts : touching) EXPECT_EQ(counts.targets, 1);
  const Mask pixels = Blobs(9, 9, {{1, 1, 1, 1}, {7, 1, 1, 1}, {4, 7, 1, 1}});
  EXPECT_EQ(Hits(Score(pixels, pixels)), (Counts{3, 3, 3, 3, 3}));
}

TEST(Protocols, WhereEverythingIsIgnoredNothingCounts) {
  const Mask some = Blobs(10, 10, {{2, 2, 2, 2}}), everything = Blobs(10, 10, {{0, 0, 10, 10}});
  for (const ProtocolCounts& counts : Score(some, some, &everything)) {
    ProtocolCounts nothing;
    nothing.frames = 1;
    EXPECT_EQ(counts, nothing);
  }
}

TEST(Protocols, TheOptimalAssignmentFindsWhatTheGreedyOneLoses) {
  // Targets at x = 2 and 4, predictions at 3 (raster first) and 1 on the row below. Greedily the first target takes 3
  // and the second, 3 px and more from what is left, goes without; the assignment gives 1 to the first.
  const Mask truth = Blobs(4, 12, {{2, 0, 1, 1}, {4, 0, 1, 1}});
  const Mask prediction = Blobs(4, 12, {{3, 0, 1, 1}, {1, 2, 1, 1}});
  EXPECT_EQ(At(Score(prediction, truth), Protocol::kP1).hits, 1);
  EXPECT_EQ(At(Score(prediction, truth), Protocol::kP3).hits, 2);
}

TEST(Protocols, ABoxTakesTheFirstUnusedPredictionInside) {
  const std::vector<Box> boxes = {{0, 0, 4, 4}, {2, 2, 4, 4}};
  const auto at = [](double x, double y) { return ObjectOf({x, y, 1, 1}, 1); };
  EXPECT_EQ(MatchInBoxes(boxes, {at(3, 3), at(1, 1)}), (std::vector<int>{0, kUnmatched}));
  EXPECT_EQ(MatchInBoxes(boxes, {at(3.49, 3), at(5, 5)}), (std::vector<int>{0, 1}));
  EXPECT_EQ(MatchInBoxes(boxes, {at(-0.5, 0), at(5.5, 5)}), (std::vector<int>{0, kUnmatched}));  // half-open
}

TEST(Protocols, IouOfBoxesAndTheCentreOfABox) {
  EXPECT_DOUBLE_EQ(Iou({0, 0, 4, 4}, {2, 0, 4, 4}), 8.0 / 24);
  EXPECT_EQ(Iou({0, 0, 4, 4}, {4, 0, 4, 4}), 0);
  EXPECT_EQ((Box{3, 5, 1, 1}.centre()), (Vec2{3, 5}));
  EXPECT_EQ((Box{0, 0, 4, 2}.centre()), (Vec2{1.5, 0.5}));
}

TEST(AveragePrecision, IsTheAreaUnderTheEnvelope) {
  // Falling scores: true, false, true of three targets. Precision 1, 1/2, 2/3; the envelope is 1 up to recall 1/3 and
  // 2/3 up to 2/3; the rest is missed: (1 + 2/3) / 3.
  AveragePrecision precision;
  const auto box = [](double x, double score) { return ObjectOf({x, 0, 4, 4}, score); };
  precision.Add({{0, 0, 4, 4}, {20, 0, 4, 4}}, {box(0, 0.9), box(40, 0.8)});
  precision.Add({{0, 0, 4, 4}}, {box(0, 0.7)});
  EXPECT_DOUBLE_EQ(*precision.value(), (1 + 2.0 / 3) / 3);
  EXPECT_FALSE(AveragePrecision().value());
}

TEST(AveragePrecision, EqualScoresComeInTogetherInAnyOrder) {
  AveragePrecision one, other;
  const std::vector<Box> target = {{0, 0, 4, 4}};
  one.Add(target, {ObjectOf({0, 0, 4, 4}, 0.5)});
  one.Add({}, {ObjectOf({0, 0, 4, 4}, 0.5)});
  other.Add({}, {ObjectOf({0, 0, 4, 4}, 0.5)});
  other.Add(target, {ObjectOf({0, 0, 4, 4}, 0.5)});
  EXPECT_EQ(*one.value(), 0.5);
  EXPECT_EQ(*other.value(), 0.5);
}

TEST(HeaviestMatching, EqualsTheBestOfAllPermutations) {
  RandomStream random({.seed = 11, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 300; ++trial) {
    const int rows = static_cast<int>(random.Integer(6)), columns = static_cast<int>(random.Integer(6));
    Image<double> weights(rows, columns);
    for (double& weight : weights) weight = random.Integer(3) == 0 ? 0 : random.Uniform(0, 1);
    std::vector<int> order(static_cast<std::size_t>(std::max(rows, columns)));
    std::iota(order.begin(), order.end(), 0);
    double best = 0;
    do {
      double total = 0;
      for (int r = 0; r < rows; ++r) {
        if (const int c = order[static_cast<std::size_t>(r)]; c < columns) total += weights(r, c);
      }
      best = std::max(best, total);
    } while (std::next_permutation(order.begin(), order.end()));
    const std::vector<int> match = HeaviestMatching(weights);
    ASSERT_EQ(match.size(), static_cast<std::size_t>(rows));
    double total = 0;
    std::vector<int> taken;
    for (int r = 0; r < rows; ++r) {
      const int c = match[static_cast<std::size_t>(r)];
      if (c < 0) continue;
      EXPECT_GT(weights(r, c), 0);
      EXPECT_EQ(std::count(taken.begin(), taken.end(), c), 0);
      taken.push_back(c);
      total += weights(r, c);
    }
    EXPECT_NEAR(total, best, 1e-12);  // sums of at most five terms below 1
  }
}

Mask RandomBlobs(RandomStream& random, int count) {
  Mask mask(24, 32);
  for (int i = 0; i < count; ++i) {
    const int y = static_cast<int>(random.Integer(22)), x = static_cast<int>(random.Integer(30));
    const int h = 1 + static_cast<int>(random.Integer(3)), w = 1 + static_cast<int>(random.Integer(3));
    for (int row = y; row < std::min(24, y + h); ++row) {
      for (int column = x; column < std::min(32, x + w); ++column) mask(row, column) = 255;
    }
  }
  return mask;
}

TEST(Protocols, ASeparateComponentOnAnUnhitTargetNeverLowersPd) {
  RandomStream random({.seed = 12, .purpose = Purpose::kTest});
  int added = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const Mask truth = RandomBlobs(random, 6);
    Mask prediction = RandomBlobs(random, 5);
    const FrameProtocols before = Score(prediction, truth);
    const CountedFrame frame = CountFrame(prediction, truth);
    const auto unhit = std::find(frame.match.begin(), frame.match.end(), kUnmatched);
    if (unhit == frame.match.end()) continue;
    const PixelBox& box = frame.targets.components[static_cast<std::size_t>(unhit - frame.match.begin())].box;
    const PixelBox near = Intersect(Grow({box.x, box.y, 1, 1}, 1), prediction.box());
    bool is_free = truth(box.y, box.x) > 127;
    for (int y = near.y; y < near.bottom(); ++y) {
      for (int x = near.x; x < near.right(); ++x) is_free = is_free && prediction(y, x) == 0;
    }
    if (!is_free) continue;
    ++added;
    prediction(box.y, box.x) = 255;
    const FrameProtocols after = Score(prediction, truth);
    for (std::size_t p = 0; p < kProtocolIds.size(); ++p) EXPECT_GE(after[p].hits, before[p].hits) << kProtocolIds[p];
  }
  EXPECT_GT(added, 300);
}

TEST(Protocols, TheLegacyRuleNeverCountsMoreFalsePixelsThanP1) {
  RandomStream random({.seed = 13, .purpose = Purpose::kTest});
  bool ever_less = false;
  for (int trial = 0; trial < 1000; ++trial) {
    const FrameProtocols counts = Score(RandomBlobs(random, 6), RandomBlobs(random, 4));
    EXPECT_LE(At(counts, Protocol::kP1Legacy).false_px, At(counts, Protocol::kP1).false_px);
    EXPECT_EQ(At(counts, Protocol::kP1Legacy).hits, At(counts, Protocol::kP1).hits);
    ever_less = ever_less || At(counts, Protocol::kP1Legacy).false_px < At(counts, Protocol::kP1).false_px;
  }
  EXPECT_TRUE(ever_less);
}

TEST(Protocols, TheGeneralFormsAgreeWithP1AsScoredAlone) {
  RandomStream random({.seed = 14, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 300; ++trial) {
    const Mask prediction = RandomBlobs(random, 6), truth = RandomBlobs(random, 4), ignore = RandomBlobs(random, 2);
    const FrameScore score = ScoreFrame(prediction, truth, &ignore);
    const FrameProtocols counts = Score(prediction, truth, &ignore);
    const ProtocolCounts& p1 = At(counts, Protocol::kP1);
    EXPECT_EQ(p1.hits, score.matched);
    EXPECT_EQ(p1.targets, score.targets);
    EXPECT_EQ(p1.false_px, score.unmatched_px);
    EXPECT_EQ(p1.pixels, score.pixels);
    EXPECT_EQ(p1.predictions - p1.false_predictions, score.matched);
    // Pixels one by one.
    FrameScore slow;
    for (int y = 0; y < truth.height(); ++y) {
      for (int x = 0; x < truth.width(); ++x) {
        if (ignore(y, x) > 127) continue;
        ++slow.pixels;
        slow.truth_px += truth(y, x) > 127;
        slow.predicted_px += prediction(y, x) > 127;
        slow.common_px += truth(y, x) > 127 && prediction(y, x) > 127;
      }
    }
    EXPECT_EQ(slow.pixels, score.pixels);
    EXPECT_EQ(slow.truth_px, score.truth_px);
    EXPECT_EQ(slow.predicted_px, score.predicted_px);
    EXPECT_EQ(slow.common_px, score.common_px);
  }
}

struct Golden {
  std::vector<Image<float>> logits;
  std::vector<Mask> truth;
  nlohmann::json values;
};

Golden ReadGolden(const std::filesystem::path& folder) {
  const auto logits = test::ReadNpy<float>(folder / "metric_logits.npy");
  const auto masks = test::ReadNpy<std::uint8_t>(folder / "metric_masks_u8.npy");
  Golden golden;
  golden.values = nlohmann::json::parse(ReadFile(folder / "metric_values.json"));
  const int height = static_cast<int>(logits.shape.at(2)), width = static_cast<int>(logits.shape.at(3));
  for (std::size_t image = 0; image < static_cast<std::size_t>(logits.shape.at(0)); ++image) {
    golden.logits.emplace_back(height, width);
    golden.truth.emplace_back(height, width);
    for (std::size_t i = 0; i < golden.truth.back().size(); ++i) {
      golden.logits.back().data()[i] = logits.values[image * golden.truth.back().size() + i];
      golden.truth.back().data()[i] = masks.values[image * golden.truth.back().size() + i] > 0 ? 255 : 0;
    }
  }
  return golden;
}

Mask Above(const Image<float>& logits, double threshold, bool inclusive) {
  Mask mask(logits.height(), logits.width());
  std::transform(logits.begin(), logits.end(), mask.begin(), [&](float logit) -> std::uint8_t {
    const auto value = static_cast<double>(logit);
    return value > threshold || (inclusive && value == threshold) ? 255 : 0;
  });
  return mask;
}

// DNANet model/metric.py: thresholds k 25.5 on the raw logit.
TEST(ProtocolsGolden, TheLegacyRuleGivesDnaNetsNumbers) {
  const std::filesystem::path folder = test::GoldenFolder() / "deep" / "metrics";
  MIRST_REQUIRE_PATH(folder);
  const Golden golden = ReadGolden(folder);
  const auto& expected = golden.values["DNANet"];
  for (std::size_t bin = 0; bin < expected["FA"].size(); ++bin) {
    ProtocolCounts legacy;
    for (std::size_t i = 0; i < golden.truth.size(); ++i) {
      legacy += At(Score(Above(golden.logits[i], 25.5 * static_cast<double>(bin), false), golden.truth[i]),
                   Protocol::kP1Legacy);
    }
    EXPECT_EQ(static_cast<double>(legacy.false_px), expected["false_area"][bin].get<double>());
    EXPECT_EQ(static_cast<double>(legacy.hits), expected["matched"][bin].get<double>());
    EXPECT_EQ(static_cast<double>(legacy.targets), expected["targets"][bin].get<double>());
    EXPECT_DOUBLE_EQ(*legacy.fa().value(), expected["FA"][bin].get<double>());
    EXPECT_DOUBLE_EQ(*legacy.pd().value(), expected["PD"][bin].get<double>());
  }
}

// The same, ROC at sigmoid > k / 10; it adds 0.001 to the denominators.
TEST(ProtocolsGolden, TheRocHasDnaNetsPoints) {
  const std::filesystem::path folder = test::GoldenFolder() / "deep" / "metrics";
  MIRST_REQUIRE_PATH(folder);
  const Golden golden = ReadGolden(folder);
  RocCurve roc;
  for (std::size_t i = 0; i < golden.truth.size(); ++i) roc.Add(golden.logits[i], golden.truth[i]);
  const std::vector<RocPoint> points = roc.Points();
  const auto& expected = golden.values["DNANet"];
  for (std::size_t bin = 0; bin < expected["ROC_tpr"].size(); ++bin) {
    // sigmoid(s) > p <=> s > log(p / (1 - p)); the last corner above that. Between corners of a truth pixel's score
    // only false pixels differ, so they are counted.
    const double share = static_cast<double>(bin) / 10, logit = std::log(share / (1 - share));
    double true_px = 0, false_px = 0;
    for (const RocPoint& point : points) {
      if (point.threshold > logit) true_px = static_cast<double>(point.true_px);
    }
    for (std::size_t i = 0; i < golden.truth.size(); ++i) {
      for (std::size_t k = 0; k < golden.truth[i].size(); ++k)
        false_px += golden.truth[i].data()[k] == 0 && static_cast<double>(golden.logits[i].data()[k]) > logit;
    }
    EXPECT_NEAR(true_px / (static_cast<double>(roc.truth_px()) + 0.001), expected["ROC_tpr"][bin].get<double>(), 1e-12);
    EXPECT_NEAR(false_px / (static_cast<double>(roc.background_px()) + 0.001), expected["ROC_fpr"][bin].get<double>(),
                1e-12);
    EXPECT_NEAR(true_px / (true_px + false_px + 0.001), expected["precision"][bin].get<double>(), 1e-12);
  }
}

// DTUM ShootingRules.py on probabilities, threshold inclusive.
TEST(ProtocolsGolden, TheShootingRuleGivesDtumsNumbers) {
  const std::filesystem::path folder = test::GoldenFolder() / "deep" / "metrics";
  MIRST_REQUIRE_PATH(folder);
  const Golden golden = ReadGolden(folder);
  for (const auto& expected : golden.values["DTUM_ShootingRules"]) {
    const double share = expected["th"].get<double>();
    ProtocolCounts shooting;
    for (std::size_t i = 0; i < golden.truth.size(); ++i)
      shooting += ScoreShooting(Above(golden.logits[i], std::log(share / (1 - share)), true), golden.truth[i]);
    EXPECT_EQ(shooting.false_px, expected["FalseNum"].get<std::int64_t>());
    EXPECT_EQ(shooting.hits, expected["TrueNum"].get<std::int64_t>());
    EXPECT_EQ(shooting.targets, expected["TgtNum"].get<std::int64_t>());
    EXPECT_DOUBLE_EQ(*shooting.pd().value(), expected["Pd"].get<double>());
    EXPECT_DOUBLE_EQ(*shooting.fa().value(), expected["Fa"].get<double>());
  }
}

// RDIAN model/metrics.py at sigmoid > 0.5, image 0: targets found and targets. Its rule for a target is not written
// down; an IoU of boxes of at least 0.5 (P4) gives its number, the centroids of P1 do not.
TEST(ProtocolsGolden, BoxesGiveRdiansTargetsFound) {
  const std::filesystem::path folder = test::GoldenFolder() / "deep" / "metrics";
  MIRST_REQUIRE_PATH(folder);
  const Golden golden = ReadGolden(folder);
  const FrameProtocols counts = Score(Above(golden.logits[0], 0, false), golden.truth[0]);
  const auto& expected = golden.values["RDIAN"]["image0_tp_pos_fp_neg_target_t_at_0_5"];
  EXPECT_EQ(At(counts, Protocol::kP4).hits, expected[4].get<std::int64_t>());
  EXPECT_EQ(At(counts, Protocol::kP4).targets, expected[5].get<std::int64_t>());
  EXPECT_EQ(At(counts, Protocol::kP1).hits, expected[4].get<std::int64_t>() + 1);
}

// pixAcc of BasicIRSTD and RDIAN is the share of truth pixels that are predicted.
TEST(ProtocolsGolden, PixelAccuracyIsTheRecallOfPixels) {
  const std::filesystem::path folder = test::GoldenFolder() / "deep" / "metrics";
  MIRST_REQUIRE_PATH(folder);
  const Golden golden = ReadGolden(folder);
  FrameScore total;
  for (std::size_t i = 0; i < golden.truth.size(); ++i)
    total += ScoreFrame(Above(golden.logits[i], 0, false), golden.truth[i]);
  const double recall = static_cast<double>(total.common_px) / static_cast<double>(total.truth_px);
  EXPECT_NEAR(recall, golden.values["BasicIRSTD"]["pixAcc"].get<double>(), 6e-8);  // a float there: one unit at 0.67
  EXPECT_NEAR(recall, golden.values["RDIAN"]["pixAcc"].get<double>(), 1e-12);
}

// The rule as it is written, pixel by pixel: a second method that knows no runs.
ProtocolCounts ShootByPixels(const Mask& predicted, const Mask& truth) {
  ProtocolCounts counts;
  const Labelling targets = LabelComponents(truth);
  const Image<std::int32_t> labels = targets.Labels();
  std::set<std::int32_t> hit;
  for (int y = 0; y < truth.height(); ++y) {
    for (int x = 0; x < truth.width(); ++x) {
      if (predicted(y, x) <= 127) continue;
      bool is_false = true;
      for (int row = std::max(0, y - 4); row <= std::min(truth.height() - 1, y + 4); ++row) {
        for (int column = std::max(0, x - 4); column <= std::min(truth.width() - 1, x + 4); ++column) {
          if (labels(row, column) == 0) continue;
          is_false = false;
          if (std::max(std::abs(row - y), std::abs(column - x)) <= 1) hit.insert(labels(row, column));
        }
      }
      ++counts.predictions;
      counts.false_px += is_false;
    }
  }
  counts.hits = std::ssize(hit);
  return counts;
}

TEST(Protocols, ShootingCountsWhatItsRuleSaysPixelByPixel) {
  RandomStream random({.seed = 6, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 200; ++trial) {
    Mask predicted(24, 31), truth(24, 31);
    const double predicted_share = 0.2 * random.Uniform(), true_share = 0.03 * random.Uniform();
    for (std::uint8_t& pixel : predicted) pixel = random.Uniform() < predicted_share ? 255 : 0;
    for (std::uint8_t& pixel : truth) pixel = random.Uniform() < true_share ? 255 : 0;
    const ProtocolCounts found = ScoreShooting(predicted, truth), expected = ShootByPixels(predicted, truth);
    EXPECT_EQ(found.hits, expected.hits);
    EXPECT_EQ(found.predictions, expected.predictions);
    EXPECT_EQ(found.false_px, expected.false_px);
  }
}

}  // namespace
}  // namespace mirst
