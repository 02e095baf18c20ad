#include "fusion/fuse.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "fusion/psf.h"
#include "fusion/quantise.h"
#include "fusion/scene_estimate.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

struct Case {
  Image<float> background;
  SensorTemplate target;
  FusedTarget fused;
  double scr = 0;
  int polarity = 1;
  int bit_depth = 8;
  CountLimits limits;
};

// Target sizes 1..~100 px, SCR 0.3..10, both polarities, both depths, any phase, also near the border.
Case RandomCase(RandomStream& random, bool flat = false) {
  Case c;
  c.bit_depth = random.Integer(2) == 0 ? 8 : 16;
  c.limits = {0, c.bit_depth == 8 ? 255.0 : 65535.0};
  const double high = c.bit_depth == 8 ? 230 : 9000;
  c.background = flat ? Image<float>(90, 110, 120.0F) : test::RandomBackground(random, 90, 110, 20, high);
  const Template t = ApplyGaussianPsf(test::RandomTemplate(random, 2 + static_cast<int>(random.Integer(90)), 8), 0.7);
  const Vec2 centre{random.Uniform(16, 94), random.Uniform(16, 74)};
  c.target = Quantise(ResampleToSensor(t, centre), MeanContrast(t));
  const Image<float> scene = MedianScene(c.background, c.target.box, 3);
  c.fused =
      Fuse(c.background, c.target, scene, SceneLevel(c.target, scene), c.limits, Box20Rule::ForBitDepth(c.bit_depth));
  c.scr = random.Uniform(0.3, 10);
  c.polarity = random.Integer(2) == 0 ? 1 : -1;
  return c;
}

Image<float> Paste(const Image<float>& background, const PixelBox& box, const auto& patch) {
  Image<float> image = background;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) image(box.y + y, box.x + x) = static_cast<float>(patch(y, x));
  }
  return image;
}
Mask FullMask(const Image<float>& image, const FusedTarget& fused) {
  Mask mask(image.height(), image.width(), 0);
  for (int y = 0; y < fused.box.height; ++y) {
    for (int x = 0; x < fused.box.width; ++x) mask(fused.box.y + y, fused.box.x + x) = fused.mask(y, x);
  }
  return mask;
}

TEST(Fuse, ProblemMeasuresWhatTheComposedImageMeasures) {
  RandomStream random({.seed = 21, .purpose = Purpose::kTest});
  for (int i = 0; i < 200; ++i) {
    const Case c = RandomCase(random);
    const double gain = random.Uniform(-60, 60);
    const Image<float> image = Paste(c.background, c.fused.box, Compose(c.fused, gain));
    const Mask mask = FullMask(image, c.fused);
    const double direct = MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(c.bit_depth)).signed_scr();
    // The image holds floats: 2^-24 of up to 9000 counts, divided by sigma >= 1.
    EXPECT_NEAR(Measure(c.fused.problem, gain).signed_scr(), direct, 2e-3);
  }
}

TEST(Fuse, OtherTargetsAreNeitherMaskNorBackground) {
  RandomStream random({.seed = 27, .purpose = Purpose::kTest});
  for (int i = 0; i < 100; ++i) {
    const Case c = RandomCase(random);
    // A brighter square beside the target, reaching into its support.
    Image<float> background = c.background;
    Mask others(background.height(), background.width(), 0);
    const PixelBox square = Intersect({c.fused.box.x - 6, c.fused.box.y - 6, 8, 8}, background.box());
    for (int y = square.y; y < square.bottom(); ++y) {
      for (int x = square.x; x < square.right(); ++x) {
        others(y, x) = 255;
        background(y, x) = 200;
      }
    }
    const Box20Rule rule = Box20Rule::ForBitDepth(c.bit_depth);
    const FusedTarget fused =
        Fuse(background, c.target, MedianScene(c.background, c.target.box, 3), 120, c.limits, rule, &others);
    const Mask own = FullMask(background, fused);
    if (CountPixels(own) == 0) continue;
    Mask all = own;
    for (std::size_t k = 0; k < all.size(); ++k) {
      EXPECT_FALSE(own.data()[k] > 127 && others.data()[k] > 127);
      all.data()[k] = std::max(all.data()[k], others.data()[k]);
    }
    const double gain = random.Uniform(-60, 60);
    const Image<float> image = Paste(background, fused.box, Compose(fused, gain));
    // Floats, as above.
    EXPECT_NEAR(Measure(fused.problem, gain).signed_scr(), MeasureBox20(image, own, all, rule).signed_scr(), 2e-3);
  }
}

TEST(ScrSolver, GainMeetsTheScrAskedFor) {
  RandomStream random({.seed = 22, .purpose = Purpose::kTest});
  int solved = 0;
  for (int i = 0; i < 1000; ++i) {
    const Case c = RandomCase(random, i % 10 == 0);
    const auto gain = SolveGain(c.fused.problem, c.scr, c.polarity);
    if (!gain) {
      // Refused only where no gain on a fine grid reaches it.
      EXPECT_LT(LargestScr({&c.fused.problem, 1}, c.polarity), c.scr * (1 + 1e-6));
      continue;
    }
    ++solved;
    EXPECT_NEAR(c.polarity * Measure(c.fused.problem, *gain).signed_scr(), c.scr, 2e-6 * c.scr);
  }
  EXPECT_GT(solved, 700);
}

TEST(ScrSolver, MatchesTheLeakFreeClosedForm) {
  // No pixel outside the mask is touched: g = (s S (sigma + 1e-5) - d0) / D.
  RandomStream random({.seed = 23, .purpose = Purpose::kTest});
  ScrProblem p;
  p.limits = {0, 65535};
  p.rule.zeros_are_background = true;
  for (int i = 0; i < 9; ++i) p.mask.push_back({100 + random.Normal(), 0.5 + random.Uniform()});
  p.origin = 90;
  p.fixed_count = 1000;
  p.fixed_sum = 2500;                        // mean 92.5
  p.fixed_squares = 25 * 1000 + 2500 * 2.5;  // variance 25
  double base = 0, slope = 0;
  for (const auto& pixel : p.mask) {
    base += pixel.base / 9;
    slope += pixel.slope / 9;
  }
  for (const int polarity : {1, -1}) {
    const double expected = (polarity * 4 * (5 + 1e-5) - (base - 92.5)) / slope;
    ASSERT_TRUE(SolveGain(p, 4, polarity));
    EXPECT_NEAR(*SolveGain(p, 4, polarity), expected, 1e-9);
  }
}

TEST(ScrSolver, KnowsTheLimitThatLeakingSets) {
  // The target fills a share f of its own window and nothing else varies: S_inf = sqrt((1 - f) / f) (physics.md 5.3
  // iii), here with the mask a part of the touched pixels: 1 mask pixel of slope 1, k of n background pixels of
  // slope 1.
  ScrProblem p;
  p.limits = {-1e9, 1e9};
  p.rule.zeros_are_background = true;
  p.mask = {{0, 1}};
  p.leak.assign(20, {0, 1});
  p.fixed_count = 80;
  const double f = 0.2, limit = std::sqrt((1 - f) / f);
  EXPECT_FALSE(SolveGain(p, limit * 1.01, 1));
  EXPECT_TRUE(SolveGain(p, limit * 0.99, 1));
}

TEST(ScrSolver, SequenceGainGivesTheMeanOverItsFrames) {
  RandomStream random({.seed = 24, .purpose = Purpose::kTest});
  int solved = 0;
  for (int i = 0; i < 60; ++i) {
    std::vector<ScrProblem> frames;
    for (int k = 0; k < 8; ++k) frames.push_back(RandomCase(random).fused.problem);
    const double scr = random.Uniform(0.5, 6);
    const int polarity = i % 2 == 0 ? 1 : -1;
    const auto gain = SolveSequenceGain(frames, scr, polarity);
    if (!gain) continue;
    ++solved;
    double mean = 0, mean_signed = 0;
    for (const ScrProblem& frame : frames) {
      mean += Measure(frame, *gain).scr / 8;
      mean_signed += polarity * Measure(frame, *gain).signed_scr() / 8;
    }
    EXPECT_NEAR(mean, scr, 1e-6 * scr);
    EXPECT_GT(mean_signed, 0);
  }
  EXPECT_GT(solved, 20);
}

TEST(Fuse, WrittenIntegersKeepTheScrWithinTheBound) {
  RandomStream random({.seed = 25, .purpose = Purpose::kTest});
  int checked = 0;
  for (int i = 0; i < 500; ++i) {
    const Case c = RandomCase(random, i % 10 == 0);
    const auto gain = SolveGain(c.fused.problem, c.scr, c.polarity);
    if (!gain || ClippedShare(c.fused.problem, *gain) > 0) continue;
    const Image<std::uint16_t> patch = ComposeWritten(c.fused, *gain, c.scr, c.polarity);
    const Image<float> image = Paste(c.background, c.fused.box, patch);
    const Mask mask = FullMask(image, c.fused);
    const ScrMeasurement m = MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(c.bit_depth));
    EXPECT_LE(std::abs(c.polarity * m.signed_scr() - c.scr), 1 / (2.0 * m.target_px * m.sigma_background) + 1e-9);
    ++checked;
  }
  EXPECT_GT(checked, 250);
}

TEST(Fuse, WithoutTargetTheFrameIsUntouchedBitForBitInEightAndSixteenBit) {
  RandomStream random({.seed = 26, .purpose = Purpose::kTest});
  int eight_bit = 0, sixteen_bit = 0;
  for (int i = 0; i < 20; ++i) {
    Case c = RandomCase(random);
    ++(c.bit_depth == 8 ? eight_bit : sixteen_bit);
    c.target.coverage.Fill(0);
    c.target.coverage(0, 0) = 1;  // a mask must exist; this one pixel is left out below
    c.target.contrast.Fill(0);
    const Image<float> scene = MedianScene(c.background, c.target.box, 3);
    const FusedTarget fused = Fuse(c.background, c.target, scene, 77, c.limits, Box20Rule::ForBitDepth(c.bit_depth));
    const Image<std::uint16_t> patch = ComposeWritten(fused, 1000, std::nullopt, 1);
    for (int y = 0; y < fused.box.height; ++y) {
      for (int x = 0; x < fused.box.width; ++x) {
        if (x == 0 && y == 0) continue;
        EXPECT_EQ(static_cast<float>(patch(y, x)), c.background(fused.box.y + y, fused.box.x + x));
      }
    }
  }
  EXPECT_GT(eight_bit, 0);
  EXPECT_GT(sixteen_bit, 0);
}

TEST(Fuse, ResidualOfTheSensorSurvivesUnderAnOpaqueTarget) {
  // a = 1, m = 1 everywhere, the scene known: I - (b0 + g) must be B - S, whatever the scene does.
  Image<float> background(60, 60), scene_full(60, 60);
  RandomStream random({.seed = 27, .purpose = Purpose::kTest});
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 60; ++x) {
      scene_full(y, x) = static_cast<float>(x < 30 ? 60 : 140);
      background(y, x) = scene_full(y, x) + static_cast<float>(std::floor(3 * random.Normal()));
    }
  }
  SensorTemplate target;
  target.box = {26, 26, 8, 8};
  target.coverage = Image<std::uint16_t>(8, 8, 65535);
  target.contrast = Image<float>(8, 8, 1.0F);
  Image<float> scene(8, 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) scene(y, x) = scene_full(26 + y, 26 + x);
  }
  const FusedTarget fused = Fuse(background, target, scene, 100, {0, 255}, Box20Rule::ForBitDepth(8));
  const Image<double> composed = Compose(fused, 17);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      EXPECT_NEAR(composed(y, x) - 117, static_cast<double>(background(26 + y, 26 + x) - scene(y, x)), 1e-12);
    }
  }
}

TEST(MedianScene, KeepsAnEdgeAndRemovesASpeck) {
  Image<float> image(20, 20, 10.0F);
  for (int y = 0; y < 20; ++y) {
    for (int x = 10; x < 20; ++x) image(y, x) = 50;
  }
  Image<float> speckled = image;
  speckled(5, 5) = 200;
  const Image<float> scene = MedianScene(speckled, {0, 0, 20, 20}, 2);
  EXPECT_EQ(scene, image);
}

TEST(RoundKeepingSum, KeepsTheMasksSumAndMovesNoPixelByACount) {
  RandomStream random({.seed = 28, .purpose = Purpose::kTest});
  for (int i = 0; i < 200; ++i) {
    Image<double> values(5, 7);
    Mask mask(5, 7, 0);
    double sum = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      values.data()[k] = random.Uniform(10, 200);
      mask.data()[k] = random.Integer(2) == 0 ? 255 : 0;
      if (mask.data()[k] > 0) sum += values.data()[k];
    }
    const Image<std::uint16_t> rounded = RoundKeepingSum(values, mask, {0, 255});
    double rounded_sum = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      EXPECT_LT(std::abs(rounded.data()[k] - values.data()[k]), 1);
      if (mask.data()[k] > 0) {
        rounded_sum += rounded.data()[k];
      } else {
        EXPECT_EQ(rounded.data()[k], std::floor(values.data()[k] + 0.5));
      }
    }
    EXPECT_EQ(rounded_sum, std::floor(sum + 0.5));
  }
}

TEST(RoundKeepingSum, ReachesAnySumAskedForInsideTheLimits) {
  const Image<double> values(1, 4, 10.25);
  const Mask mask(1, 4, 255);
  for (const std::int64_t wanted : {0LL, 37LL, 41LL, 44LL, 60LL}) {
    const Image<std::uint16_t> rounded = RoundKeepingSum(values, mask, {0, 255}, wanted);
    EXPECT_EQ(std::accumulate(rounded.begin(), rounded.end(), std::int64_t{0}), wanted);
  }
}

}  // namespace
}  // namespace mirst
