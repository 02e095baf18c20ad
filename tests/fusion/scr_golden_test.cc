// Amplitudes, clipping and rounding against the golden tables (physics/scr_*.csv, clip_*.csv, quantise_*.csv).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fusion/quantise.h"
#include "fusion/scr_solver.h"
#include "tests/support/golden_table.h"
#include "tests/support/scr_golden.h"

namespace mirst {
namespace {

constexpr CountLimits kEndless{-1e12, 1e12};

// The whole frame is the support: I0 = B, m = alpha.
ScrProblem ProblemOf(const test::ScrGolden& golden, const ScrRule& rule) {
  Image<float> background(golden.background.height(), golden.background.width());
  Image<float> contrast = background;
  for (std::size_t i = 0; i < background.size(); ++i) {
    background.data()[i] = static_cast<float>(golden.background.data()[i]);
    contrast.data()[i] = static_cast<float>(golden.alpha.data()[i]);
  }
  return MakeProblem(background, {background.box(), golden.background, contrast, golden.mask}, kEndless, rule);
}

TEST(ScrAmplitude, IsTheTablesExactQuadraticOne) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "scr_amplitude.csv");
  int solved = 0, peaks = 0;
  for (const test::GoldenRow& row : test::GoldenRows("scr_amplitude")) {
    const std::string id = test::ScrIdOfRegion(row.at("region"));
    if (id.empty()) continue;
    SCOPED_TRACE(row.at("case") + " " + id + " S " + row.at("S_demanded") + " sign " + row.at("sign"));
    const test::ScrGolden golden(row.at("case"));
    ScrRule rule = ScrRule::Named(id, Box20Rule::ForBitDepth(8));
    const double scr = test::Number(row, "S_demanded");
    const int sign = static_cast<int>(test::Number(row, "sign"));
    const double expected = test::Number(row, "A_quadratic_exact");
    const auto gain = SolveGain(ProblemOf(golden, rule), scr, sign);
    ASSERT_EQ(gain.has_value(), !std::isnan(expected));
    if (gain) {
      EXPECT_NEAR(*gain, expected, 1e-8 * std::abs(expected));
      ++solved;
    }
    // The peak definition without leak: only where no pixel of the region is touched.
    rule.statistic = ScrRule::Statistic::kHighest;
    if (sign > 0 && test::Number(row, "alpha_mean_region") == 0) {
      const auto peak = SolveGain(ProblemOf(golden, rule), scr, sign);
      ASSERT_TRUE(peak);
      const double peak_expected = test::Number(row, "A_peak_definition");
      // The smallest amplitude: the table starts from a pixel that may already be above the demand.
      if (peak_expected > 0) {
        EXPECT_NEAR(*peak, peak_expected, 1e-8 * peak_expected);
        ++peaks;
      }
    }
  }
  EXPECT_GT(solved, 60);
  EXPECT_GT(peaks, 3);
}

TEST(ScrLimit, OfATargetInsideItsWindowIsTheTables) {
  // n_target pixels of slope 1 inside a window of n_window pixels, all equal before: here the same pixels are counted
  // as target and as background.
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "scr_target_inside_limit.csv");
  for (const test::GoldenRow& row : test::GoldenRows("scr_target_inside_limit")) {
    const auto target = static_cast<std::size_t>(test::Number(row, "n_target"));
    ScrProblem p;
    p.limits = kEndless;
    p.rule.sigma_floor = p.rule.sigma_offset = 0;
    p.mask.assign(target, {0, 1});
    p.leak.assign(target, {0, 1});
    p.fixed_count = static_cast<int>(test::Number(row, "n_window")) - static_cast<int>(target);
    p.fixed_squares = p.fixed_count;  // sigma about 1, so that the limit is approached
    EXPECT_NEAR(Measure(p, 1e9).scr, test::Number(row, "SCR_limit"), 1e-10 * test::Number(row, "SCR_limit"));
    EXPECT_TRUE(SolveGain(p, 0.999 * test::Number(row, "SCR_limit"), 1));
    EXPECT_FALSE(SolveGain(p, 1.001 * test::Number(row, "SCR_limit"), 1));
  }
}

TEST(ClippedTarget, ReachesTheTablesMeanAtTheTablesAmplitude) {
  // Mean of the target by mu_t = 0 + S (1 + 1e-5): a background of zeros with sigma at the floor.
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "clip_amplitude.csv");
  ScrProblem p;
  p.limits = {0, 255};
  for (const test::GoldenRow& row : test::GoldenRows("clip_target_pixels"))
    p.mask.push_back({test::Number(row, "B"), test::Number(row, "alpha256") / 256});
  p.fixed_count = 100;
  for (const test::GoldenRow& row : test::GoldenRows("clip_amplitude")) {
    const double mean = test::Number(row, "mu_t_demanded");
    const auto gain = SolveGain(p, mean / (1 + 1e-5), 1);
    ASSERT_EQ(gain.has_value(), row.at("status") == "ok") << mean;
    if (!gain) continue;
    EXPECT_NEAR(*gain, test::Number(row, "A_min"), 1e-7 * *gain) << mean;
  }
}

TEST(RoundKeepingSum, GivesTheTablesLargestRemainders) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "quantise_sum_preserving.csv");
  std::vector<double> values, expected, nearest;
  for (const test::GoldenRow& row : test::GoldenRows("quantise_sum_preserving")) {
    if (row.at("i") == "mean") continue;
    values.push_back(test::Number(row, "x"));
    expected.push_back(test::Number(row, "largest_remainder"));
    nearest.push_back(test::Number(row, "round_half_up"));
  }
  Image<double> image(1, static_cast<int>(values.size()));
  std::copy(values.begin(), values.end(), image.begin());
  const auto rounded = RoundKeepingSum(image, Mask(1, image.width(), 255), {0, 255});
  const auto plain = RoundToNearest(image, {0, 255});
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(rounded.data()[i], expected[i]) << i;
    EXPECT_EQ(plain.data()[i], nearest[i]) << i;
  }
}

TEST(LargestScr, IsWhereSolvingEnds) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "scr_bg_A.csv");
  for (const char* which : {"A", "B", "C"}) {
    for (const char* id : {"box20", "bbox5", "guard0_10", "global", "peak"}) {
      for (const int polarity : {1, -1}) {
        // Deeper than 8 bits: no zeros leave the background, so the SCR has no jumps.
        ScrProblem p = ProblemOf(test::ScrGolden(which), ScrRule::Named(id, Box20Rule::ForBitDepth(16), polarity));
        p.limits = {0, 255};
        const double largest = LargestScr({&p, 1}, polarity);
        EXPECT_TRUE(SolveGain(p, 0.9999 * largest, polarity)) << which << " " << id;
        EXPECT_FALSE(SolveGain(p, 1.0001 * largest, polarity)) << which << " " << id;
      }
    }
  }
}

}  // namespace
}  // namespace mirst
