// All definitions of the SCR beside box20 (scr_test.cc).
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "metrics/scr.h"
#include "tests/support/golden_table.h"
#include "tests/support/random_scenes.h"
#include "tests/support/scr_golden.h"

namespace mirst {
namespace {

const Box20Rule kEightBits = Box20Rule::ForBitDepth(8);

Mask BoxMask(int height, int width, const PixelBox& box) {
  Mask mask(height, width, 0);
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) mask(y, x) = 255;
  }
  return mask;
}

TEST(ScrGolden, EveryRegionOfTheTableToNineDigits) {
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "scr_values.csv");
  int checked = 0;
  for (const test::GoldenRow& row : test::GoldenRows("scr_values")) {
    const std::string id = test::ScrIdOfRegion(row.at("region"));
    if (id.empty()) continue;
    const test::ScrGolden golden(row.at("case"));
    const Image<float> image = golden.Composite(row.at("stage") == "background" ? 0 : 60);
    ScrRule rule = ScrRule::Named(id, kEightBits);
    const ScrMeasurement m = MeasureScr({image, golden.mask, golden.mask}, rule);
    const auto near = [&](double found, const char* column, double relative) {
      const double expected = test::Number(row, column);
      EXPECT_NEAR(found, expected, relative * std::abs(expected)) << id << " " << column;
    };
    EXPECT_EQ(m.target_px, test::Number(row, "n_target"));
    EXPECT_EQ(m.background_px, test::Number(row, "n_background"));
    // The tables have 14 digits: the means of whole counts and of multiples of 1/64 are exact.
    near(m.mean_target, "mu_t", 1e-12);
    near(m.mean_background, "mu_b", 1e-12);
    near(m.sigma_background, "sigma_b_ddof0", 1e-12);
    near(m.scr, "SCR_mean_ddof0", 1e-9);
    rule.statistic = ScrRule::Statistic::kHighest;
    near(MeasureScr({image, golden.mask, golden.mask}, rule).scr, "SCR_peak_ddof0", 1e-9);
    ++checked;
  }
  EXPECT_EQ(checked, 6 * 11);
}

TEST(ScrSequence, MeanOfRatiosIsTheMeanOfTheFrames) {
  // One pixel on a checkerboard of +-sigma: the frames' SCR are contrast / sigma.
  MIRST_REQUIRE_PATH(test::GoldenFolder() / "physics" / "scr_sequence_mean.csv");
  std::map<std::string, std::string> golden;
  for (const test::GoldenRow& row : test::GoldenRows("scr_sequence_mean")) golden[row.at("quantity")] = row.at("value");
  const auto numbers = [&](const std::string& key) {
    std::istringstream text(golden.at(key));
    return std::vector<double>(std::istream_iterator<double>(text), {});
  };
  const auto scr = numbers("frames"), sigma = numbers("sigma_b_frames"), contrast = numbers("contrast_frames");
  double mean = 0, mean_db = 0;
  for (std::size_t k = 0; k < scr.size(); ++k) {
    Image<float> image(41, 41);
    for (int y = 0; y < 41; ++y) {
      for (int x = 0; x < 41; ++x) image(y, x) = static_cast<float>(1000 + ((x + y) % 2 == 0 ? sigma[k] : -sigma[k]));
    }
    image(20, 20) = static_cast<float>(1000 + contrast[k]);
    const Mask mask = BoxMask(41, 41, {20, 20, 1, 1});
    // 40 x 40 pixels of the window minus the middle one, which is not balanced: use the even annulus around it.
    const ScrMeasurement m = MeasureScr({image, mask, mask}, ScrRule::Named("guard0_10", kEightBits));
    // 440 pixels, 220 of each sign; floats of 1000 + sigma round by 3e-5, the table's sigma by 5e-6.
    EXPECT_NEAR(m.scr, scr[k], 1e-4);
    mean += m.scr / static_cast<double>(scr.size());
    mean_db += 20 * std::log10(m.scr) / static_cast<double>(scr.size());
  }
  EXPECT_NEAR(mean, std::stod(golden.at("mean_of_ratios")), 1e-4);
  EXPECT_NEAR(mean_db, std::stod(golden.at("mean_dB_20log10")), 1e-3);
}

TEST(EveryScr, IsWhatEachRuleMeasuresAlone) {
  // One pass of ring sums against two passes over each background set; targets anywhere, others near, zeros, borders.
  RandomStream random({.seed = 31, .purpose = Purpose::kTest});
  for (int i = 0; i < 300; ++i) {
    const int height = 24 + static_cast<int>(random.Integer(60)), width = 24 + static_cast<int>(random.Integer(60));
    Image<float> image = test::RandomBackground(random, height, width, 0, i % 3 == 0 ? 12 : 250);
    if (i % 2 == 0) {
      for (float& value : image) value += static_cast<float>(random.Uniform());  // counts before rounding
    }
    const int w = 1 + static_cast<int>(random.Integer(9)), h = 1 + static_cast<int>(random.Integer(9));
    const PixelBox box{static_cast<int>(random.Integer(static_cast<std::uint32_t>(width - w + 1))),
                       static_cast<int>(random.Integer(static_cast<std::uint32_t>(height - h + 1))), w, h};
    Mask target = BoxMask(height, width, box), all = target;
    if (w > 1 && h > 1) target(box.y, box.x) = 0;
    for (int k = 0; k < 30; ++k) {
      all(static_cast<int>(random.Integer(static_cast<std::uint32_t>(height))),
          static_cast<int>(random.Integer(static_cast<std::uint32_t>(width)))) = 255;
    }
    const Box20Rule domain = Box20Rule::ForBitDepth(i % 4 < 2 ? 8 : 16);
    const int polarity = i % 5 == 0 ? -1 : 1;
    const TargetInImage seen(image, target, all);
    const auto every = MeasureEveryScr(seen, domain, polarity);
    ASSERT_EQ(every.size(), ScrIds().size());
    for (const std::string_view id : ScrIds()) {
      const ScrMeasurement alone = MeasureScr(seen, ScrRule::Named(id, domain, polarity)),
                           found = every.at(std::string(id));
      EXPECT_EQ(found.background_px, alone.background_px) << id;
      EXPECT_EQ(found.target_px, alone.target_px) << id;
      // Sums of 7000 values below 300: rounding of 1e-16 * 7000 * (300 / sigma)^2 at sigma >= 0.2 is below 1e-6; the
      // SCR of whole counts comes out far closer.
      EXPECT_NEAR(found.mean_background, alone.mean_background, 1e-9) << id;
      EXPECT_NEAR(found.sigma_background, alone.sigma_background, 1e-9) << id;
      if (found.scr == alone.scr) continue;  // infinities of db
      EXPECT_NEAR(found.scr, alone.scr, 1e-9 * (1 + std::abs(alone.scr))) << id;
    }
  }
}

TEST(EveryScr, PatchReplacesTheImagesPixelsAtFullPrecision) {
  RandomStream random({.seed = 32, .purpose = Purpose::kTest});
  const Image<float> background = test::RandomBackground(random, 60, 70);
  const PixelBox support{30, 20, 6, 7};
  Image<float> painted = background;
  Image<double> patch(support.height, support.width);
  for (int y = 0; y < support.height; ++y) {
    for (int x = 0; x < support.width; ++x) {
      patch(y, x) = std::floor(random.Uniform(0, 250) * 64) / 64;  // exact in float too
      painted(support.y + y, support.x + x) = static_cast<float>(patch(y, x));
    }
  }
  const Mask mask = BoxMask(60, 70, {32, 22, 2, 3});
  TargetInImage patched(background, mask, mask);
  patched.patch = &patch;
  patched.patch_box = support;
  const PixelSums global = GlobalSums(SumsOf(background), background, patched, {&support, 1});
  patched.global_sums = &global;
  const auto direct = MeasureEveryScr({painted, mask, mask}, kEightBits, 1);
  for (const auto& [id, measured] : MeasureEveryScr(patched, kEightBits, 1)) {
    EXPECT_NEAR(measured.scr, direct.at(id).scr, 1e-12 * std::abs(measured.scr)) << id;
  }
}

TEST(GlobalScr, SumsBroughtUpToDateAreThoseOfTheWholeFrame) {
  // Two targets whose supports overlap.
  RandomStream random({.seed = 33, .purpose = Purpose::kTest});
  const Image<float> background = test::RandomBackground(random, 50, 50);
  const std::vector<PixelBox> supports = {{10, 10, 8, 8}, {14, 13, 9, 6}};
  Image<float> image = background;
  for (const PixelBox& box : supports) {
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x) image(y, x) = static_cast<float>(random.Integer(255));
    }
  }
  const Mask target = BoxMask(50, 50, {12, 12, 2, 2});
  Mask all = BoxMask(50, 50, {17, 15, 3, 3});
  for (std::size_t i = 0; i < all.size(); ++i) all.data()[i] = std::max(all.data()[i], target.data()[i]);
  TargetInImage seen(image, target, all);
  const ScrMeasurement whole = MeasureScr(seen, ScrRule::Named("global", kEightBits));
  const PixelSums sums = GlobalSums(SumsOf(background), background, seen, supports);
  seen.global_sums = &sums;
  const ScrMeasurement updated = MeasureEveryScr(seen, kEightBits, 1).at("global");
  EXPECT_EQ(updated.background_px, 50 * 50 - 4 - 9);
  EXPECT_EQ(updated.background_px, whole.background_px);
  EXPECT_NEAR(updated.scr, whole.scr, 1e-12 * whole.scr);
}

TEST(EveryScr, OtherTargetsAreNoBackgroundOfAnyId) {
  // On a flat scene of two levels, a bright second target inside every window must change nothing.
  RandomStream random({.seed = 34, .purpose = Purpose::kTest});
  Image<float> image = test::RandomBackground(random, 70, 70);
  const Mask target = BoxMask(70, 70, {30, 30, 3, 3});
  Mask all = BoxMask(70, 70, {30, 37, 2, 2});  // 4 px below: inside guard3_10, bbox5, ..., global
  for (std::size_t i = 0; i < all.size(); ++i) all.data()[i] = std::max(all.data()[i], target.data()[i]);
  const auto before = MeasureEveryScr({image, target, all}, kEightBits, 1);
  image(37, 30) = image(38, 31) = 4000;
  for (const auto& [id, measured] : MeasureEveryScr({image, target, all}, kEightBits, 1)) {
    EXPECT_EQ(measured.scr, before.at(id).scr) << id;
    EXPECT_NE(MeasureEveryScr({image, target, target}, kEightBits, 1).at(id).scr, measured.scr) << id;
  }
}

TEST(EveryScr, DoesNotChangeWithContrastReversalOrBrightness) {
  // 16-bit counts: v -> 60000 - v keeps every id (peak then takes the darkest pixel).
  RandomStream random({.seed = 35, .purpose = Purpose::kTest});
  const Image<float> image = test::RandomBackground(random, 64, 64, 2000, 9000);
  Image<float> reversed = image;
  for (float& value : reversed) value = 60000 - value;
  const Mask mask = BoxMask(64, 64, {50, 2, 4, 3});
  const Box20Rule domain = Box20Rule::ForBitDepth(16);
  const auto hot = MeasureEveryScr({image, mask, mask}, domain, 1),
             cold = MeasureEveryScr({reversed, mask, mask}, domain, -1);
  for (const auto& [id, measured] : hot)
    EXPECT_NEAR(cold.at(id).scr, measured.scr, 1e-9 * (1 + std::abs(measured.scr)));
}

TEST(Decibel, IsTwentyLogOfBox20) {
  RandomStream random({.seed = 36, .purpose = Purpose::kTest});
  Image<float> image = test::RandomBackground(random, 60, 60);
  const Mask mask = BoxMask(60, 60, {30, 30, 2, 2});
  const auto every = MeasureEveryScr({image, mask, mask}, kEightBits, 1);
  EXPECT_NEAR(every.at("db").scr, 20 * std::log10(every.at("box20").scr), 1e-12);
}

TEST(Peak, TakesTheBrightestPixelOrForAColdTargetTheDarkest) {
  // A checkerboard of 90 and 110: mean 100, sigma 10. The window of box20 is 42 x 42 pixels, the target 2 x 2.
  Image<float> image(101, 101);
  for (int y = 0; y < 101; ++y) {
    for (int x = 0; x < 101; ++x) image(y, x) = (x + y) % 2 == 0 ? 90.0F : 110.0F;
  }
  image(50, 50) = 150;
  image(51, 51) = 30;
  const Mask mask = BoxMask(101, 101, {50, 50, 2, 2});
  const ScrMeasurement hot = MeasureScr({image, mask, mask}, ScrRule::Named("peak", kEightBits));
  const ScrMeasurement cold = MeasureScr({image, mask, mask}, ScrRule::Named("peak", kEightBits, -1));
  EXPECT_NEAR(hot.signed_scr(), 50 / (10 + 1e-5), 1e-12);
  EXPECT_NEAR(cold.signed_scr(), -70 / (10 + 1e-5), 1e-12);
}

TEST(ZeroSigma, IsInfiniteOrZeroExceptForBox20) {
  Image<float> image(60, 60, 100.0F);
  const Mask mask = BoxMask(60, 60, {30, 30, 2, 2});
  EXPECT_EQ(MeasureEveryScr({image, mask, mask}, kEightBits, 1).at("guard3_10").scr, 0);
  image(30, 30) = 104;
  const auto every = MeasureEveryScr({image, mask, mask}, kEightBits, 1);
  for (const char* id : {"guard3_10", "bbox5", "bbox10", "bbox20", "global"}) EXPECT_TRUE(std::isinf(every.at(id).scr));
  EXPECT_NEAR(every.at("box20").scr, 1 / (1 + 1e-5), 1e-12);
  EXPECT_NEAR(every.at("peak").scr, 4 / (1 + 1e-5), 1e-12);
}

TEST(TargetLargerThanItsWindow, HasNoScrBecauseNothingIsBackground) {
  // The target fills the frame; in a second one a strip of one column is left.
  RandomStream random({.seed = 37, .purpose = Purpose::kTest});
  const Image<float> image = test::RandomBackground(random, 30, 30);
  const Mask full(30, 30, 255);
  for (const auto& [id, measured] : MeasureEveryScr({image, full, full}, kEightBits, 1)) {
    EXPECT_EQ(measured.background_px, 0) << id;
    const bool box20 = id == "box20" || id == "peak" || id == "db";
    EXPECT_EQ(std::isnan(measured.scr), !box20) << id;
  }
  const Mask most = BoxMask(30, 30, {1, 0, 29, 30});
  const auto every = MeasureEveryScr({image, most, most}, kEightBits, 1);
  EXPECT_EQ(every.at("bbox5").background_px, 30);
  EXPECT_EQ(every.at("box20").background_px, 29);  // its window ends before the last line
  EXPECT_EQ(every.at("guard3_10").background_px, 0);
}

TEST(ScrId, NamesWhatItTakesAndRefusesTheRest) {
  for (const char* id : {"box20", "bbox1", "bbox1000", "guard0_1", "guard3_10", "global", "peak", "db"})
    EXPECT_TRUE(IsScrId(id)) << id;
  for (const char* id : {"", "box", "box10", "bbox", "bbox0", "bbox05", "bbox1001", "bbox-3", "bbox5 ", "guard3",
                         "guard_5", "guard5_5", "guard7_5", "guard3_x", "DB", "SCR"})
    EXPECT_FALSE(IsScrId(id)) << id;
  try {
    ScrRule::Named("box10", kEightBits);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "found SCR id 'box10', allowed: box20, bboxD, guardG_O, global, peak or db, e.g. bbox10, guard3_10");
  }
  for (const std::string_view id : ScrIds()) EXPECT_TRUE(IsScrId(id));
}

}  // namespace
}  // namespace mirst
