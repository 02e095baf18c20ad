// The measures behind `mirst stats` and `mirst validate`, each against a closed form or reference values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.h"
#include "datasets/compare_statistics.h"
#include "datasets/duplicates.h"
#include "datasets/label_fit.h"
#include "datasets/texture.h"
#include "tests/support/checkerboard_samples.h"
#include "tests/support/textured_set.h"

namespace mirst {
namespace {
using ::testing::IsEmpty;

Image<float> WhiteNoise(int height, int width, double sigma, std::uint32_t stream) {
  RandomStream random(RandomKey{.seed = 3, .sequence = stream});
  Image<float> image(height, width);
  for (float& value : image) value = static_cast<float>(100 + sigma * random.Normal());
  return image;
}

// ---- texture

TEST(EntropyBits, OfEquallyFrequentValuesIsTheLogarithmOfTheirNumber) {
  Image<float> image(16, 32);
  for (std::size_t i = 0; i < image.size(); ++i) image.data()[i] = static_cast<float>(i % 8);
  EXPECT_NEAR(EntropyBits(image), 3, 1e-12);
  EXPECT_EQ(EntropyBits(Image<float>(4, 4, 7.0F)), 0);
}

TEST(RadialSpectrum, OfWhiteNoiseIsItsVarianceAtEveryFrequency) {
  const std::vector<double> spectrum = RadialSpectrum(WhiteNoise(256, 320, 5, 1));
  ASSERT_EQ(spectrum.size(), 32U);
  // Bin i averages 2 pi (i + 0.5) / 64^2 * 256 * 320 = 63 (2 i + 1) coefficients of relative deviation 1. Symmetry
  // halves their number, the Hann window divides it by (mean w^4 / mean^2 w^2)^2 = (35/18)^2: 8.3 (2 i + 1) are
  // independent. Four standard deviations; bin 0 loses the mean.
  for (std::size_t i = 1; i < spectrum.size(); ++i)
    EXPECT_NEAR(spectrum[i] / 25, 1, 4 / std::sqrt(8.3 * static_cast<double>(2 * i + 1))) << i;
  EXPECT_NEAR(SpectralSlope(spectrum), 0, 0.05);
}

TEST(RadialSpectrum, PutsAWaveIntoItsBin) {
  Image<float> image(128, 128);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x)
      image(y, x) = static_cast<float>(100 + 20 * std::cos(2 * std::numbers::pi * 0.2578125 * x));
  }
  const std::vector<double> spectrum = RadialSpectrum(image);
  const auto peak = std::max_element(spectrum.begin(), spectrum.end()) - spectrum.begin();
  EXPECT_EQ(peak, 16);  // 0.2578 * 64 = 16.5
}

TEST(SpectralSlope, IsTheExponentOfAPowerLaw) {
  std::vector<double> spectrum;
  for (int i = 0; i < kSpectrumBins; ++i) spectrum.push_back(3 * std::pow((i + 0.5) / 64, -2.5));
  EXPECT_NEAR(SpectralSlope(spectrum), -2.5, 1e-12);
}

// ---- distances between sets

TEST(WassersteinDistance, OfAShiftedSampleIsTheShift) {
  EXPECT_NEAR(WassersteinDistance({1, 5, 2, 9}, {4, 8, 12, 5}), 3, 1e-12);
  EXPECT_EQ(WassersteinDistance({1, 2}, {2, 1}), 0);
}

TEST(WassersteinDistance, DoesNotDependOnTheNumberOfValues) {
  // {0, 1} against {0, 0, 0, 1}: a quarter of the mass moves by 1.
  EXPECT_NEAR(WassersteinDistance({0, 1}, {0, 0, 0, 1}), 0.25, 1e-12);
  EXPECT_NEAR(WassersteinDistance({0, 0, 0, 1}, {1, 0}), 0.25, 1e-12);
  EXPECT_THROW(WassersteinDistance({}, {1}), Error);
}

TEST(HistogramOverlap, IsOneForEqualAndZeroForSeparateSamples) {
  const std::vector<double> a = {1, 2, 3, 4}, b = {101, 102, 103, 104}, c = {1, 1, 2, 2, 3, 3, 4, 4};
  EXPECT_NEAR(HistogramOverlap(a, c), 1, 1e-12);
  EXPECT_EQ(HistogramOverlap(a, b), 0);
  EXPECT_EQ(HistogramOverlap(std::vector<double>{5, 5}, std::vector<double>{5}), 1);
}

// ---- tracks

TargetStatistics At(int frame, double x, double y, int polarity = 1) {
  TargetStatistics target;
  target.frame_index = frame;
  target.centroid_xy = {x, y};
  target.box = {static_cast<int>(x), static_cast<int>(y), 2, 2};
  target.polarity = polarity;
  return target;
}

TEST(LinkTargets, KeepsTwoTargetsApartAndMeasuresTheirSpeeds) {
  // One moves by (3, 4) a frame, the other stands; they come in changing order.
  std::vector<TargetStatistics> targets = {At(0, 10, 10), At(0, 40, 40), At(1, 40, 40),
                                           At(1, 13, 14), At(2, 16, 18), At(2, 40, 40)};
  LinkTargets(targets);
  EXPECT_EQ(targets[0].id, targets[3].id);
  EXPECT_EQ(targets[3].id, targets[4].id);
  EXPECT_EQ(targets[1].id, targets[2].id);
  EXPECT_NE(targets[0].id, targets[1].id);
  for (const std::size_t i : {0U, 3U, 4U}) EXPECT_EQ(targets[i].speed_px_per_frame, 5);
  EXPECT_EQ(targets[5].speed_px_per_frame, 0);
}

TEST(LinkTargets, StartsATrackAfterAGapAJumpOrAChangeOfPolarity) {
  std::vector<TargetStatistics> targets = {At(0, 10, 10), At(2, 10, 10), At(3, 10, 10, -1), At(4, 60, 10, -1)};
  LinkTargets(targets);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    EXPECT_EQ(targets[i].id, static_cast<int>(i) + 1);
    EXPECT_FALSE(targets[i].speed_px_per_frame.has_value());
  }
}

// ---- duplicates

std::vector<DuplicateFrames> Compare(const Image<float>& a, const Image<float>& b) {
  const std::vector<std::vector<Fingerprint>> sequences = {{FingerprintOf(a, "a")}, {FingerprintOf(b, "b")}};
  return FindDuplicates(sequences, [](std::size_t, std::size_t) { return true; });
}

TEST(FindDuplicates, SeesThroughGainOffsetGradientShadingAndNoise) {
  const Image<float> texture = test::Texture(1), noise = WhiteNoise(test::kTexturedHeight, test::kTexturedWidth, 3, 2);
  Image<float> changed = texture;
  for (int y = 0; y < changed.height(); ++y) {
    for (int x = 0; x < changed.width(); ++x) {
      const auto u = static_cast<float>(x - 48), v = static_cast<float>(y - 40);
      changed(y, x) = 0.5F * texture(y, x) + noise(y, x) + 2 * u - 0.7F * v + 0.02F * (u * u + v * v);
    }
  }
  const std::vector<DuplicateFrames> found = Compare(texture, changed);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].is_exact);
  EXPECT_GT(found[0].cosine, kNearDuplicateCosine);
}

TEST(FindDuplicates, TellsOtherScenesAndFlatFramesApart) {
  for (std::uint32_t stream = 2; stream < 30; ++stream)
    EXPECT_THAT(Compare(test::Texture(1), test::Texture(stream)), IsEmpty()) << stream;
  Image<float> sky(80, 96);
  for (int y = 0; y < 80; ++y) {
    for (int x = 0; x < 96; ++x) sky(y, x) = static_cast<float>(100 + y);
  }
  EXPECT_THAT(Compare(sky, sky), IsEmpty());
  const std::vector<std::vector<Fingerprint>> equal = {{FingerprintOf(sky, "a")}, {FingerprintOf(sky, "a")}};
  EXPECT_TRUE(FindDuplicates(equal, [](std::size_t, std::size_t) { return true; }).at(0).is_exact);
}

// ---- label fit

TEST(LabelFit, FindsTheShiftOfALabelAndNoShiftOfARightOne) {
  const LabelledFrame frame = test::TexturedSample("a", 4, 1).frames[0];
  for (int dx = -2; dx <= 2; ++dx) {
    for (int dy = -2; dy <= 2; ++dy) {
      std::vector<TargetPixels> targets = TargetsOf(frame.mask);
      for (auto& [y, x] : targets[0].yx) y += dy, x += dx;
      targets[0].box.x += dx;
      targets[0].box.y += dy;
      LabelFit fit;
      fit.Add(frame.frame.pixels, frame.mask, targets);
      const auto shift = fit.Shift();
      ASSERT_EQ(shift.has_value(), dx != 0 || dy != 0) << dx << "," << dy;
      if (!shift) continue;
      EXPECT_EQ(shift->dx, -dx);
      EXPECT_EQ(shift->dy, -dy);
    }
  }
}

TEST(LabelFit, SaysNothingOfNoise) {
  Mask mask(60, 60);
  for (int y = 30; y < 33; ++y) {
    for (int x = 30; x < 33; ++x) mask(y, x) = 255;
  }
  for (std::uint32_t stream = 0; stream < 200; ++stream) {
    LabelFit fit;
    fit.Add(WhiteNoise(60, 60, 10, stream), mask, TargetsOf(mask));
    EXPECT_FALSE(fit.Shift().has_value()) << stream;
  }
}

}  // namespace
}  // namespace mirst
