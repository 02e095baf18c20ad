#include "metrics/scr.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

// The rule once more, written from its text and without sharing anything with the library.
double Box20ByTheText(const Image<float>& image, const Mask& mask, int bit_depth) {
  int x0 = 1 << 30, y0 = 1 << 30, x1 = -1, y1 = -1;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      if (mask(y, x) <= 128) continue;
      x0 = std::min(x0, x);
      y0 = std::min(y0, y);
      x1 = std::max(x1, x);
      y1 = std::max(y1, y);
    }
  }
  const int w = x1 - x0 + 1, h = y1 - y0 + 1;
  std::vector<double> target, background;
  for (int y = std::max(0, y0 - 20); y < std::min(image.height() - 1, y0 + h + 20); ++y) {
    for (int x = std::max(0, x0 - 20); x < std::min(image.width() - 1, x0 + w + 20); ++x) {
      if (mask(y, x) <= 128 && !(bit_depth == 8 && image(y, x) == 0))
        background.push_back(static_cast<double>(image(y, x)));
    }
  }
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      if (mask(y, x) > 128) target.push_back(static_cast<double>(image(y, x)));
    }
  }
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  double squares = 0;
  for (const double value : background) squares += std::pow(value - mean(background), 2);
  const double sigma = std::max(1.0, std::sqrt(squares / static_cast<double>(background.size())));
  return std::abs(mean(target) - mean(background)) / (sigma + 1e-5);
}

Mask MaskOf(int height, int width, const PixelBox& box) {
  Mask mask(height, width, 0);
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) mask(y, x) = 255;
  }
  return mask;
}

TEST(Box20, KnownByHandOnACheckerboard) {
  // Background alternates 90 and 110: mean 100, population sigma 10 (equal numbers of both). Target of 2 x 2 at 140.
  Image<float> image(101, 101);
  for (int y = 0; y < 101; ++y) {
    for (int x = 0; x < 101; ++x) image(y, x) = (x + y) % 2 == 0 ? 90.0F : 110.0F;
  }
  const PixelBox box{50, 50, 2, 2};
  for (int y = 50; y < 52; ++y) {
    for (int x = 50; x < 52; ++x) image(y, x) = 140;
  }
  const Mask mask = MaskOf(101, 101, box);
  const ScrMeasurement m = MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(8));
  EXPECT_EQ(m.target_px, 4);
  EXPECT_EQ(m.background_px, 42 * 42 - 4);
  EXPECT_DOUBLE_EQ(m.mean_background, 100);
  EXPECT_NEAR(m.sigma_background, 10, 1e-12);
  EXPECT_NEAR(m.scr, 40 / (10 + 1e-5), 1e-12);
  EXPECT_GT(m.signed_scr(), 0);
}

TEST(Box20, FloorsSigmaAtOneCount) {
  Image<float> image(60, 60, 100.0F);
  const Mask mask = MaskOf(60, 60, {30, 30, 1, 1});
  image(30, 30) = 97;
  const ScrMeasurement m = MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(8));
  EXPECT_NEAR(m.scr, 3 / (1 + 1e-5), 1e-12);
  EXPECT_LT(m.signed_scr(), 0);
}

TEST(Box20, LeavesZerosOutOfTheBackgroundInEightBitFilesOnly) {
  Image<float> image(60, 60, 50.0F);
  for (int x = 0; x < 60; ++x) image(25, x) = 0;
  image(30, 30) = 80;
  const Mask mask = MaskOf(60, 60, {30, 30, 1, 1});
  EXPECT_NEAR(MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(8)).mean_background, 50, 1e-12);
  // 41 rows of 41 pixels, one of them zero: 41 zeros among 41 * 41 - 1.
  EXPECT_NEAR(MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(16)).mean_background,
              50.0 * (41 * 41 - 1 - 41) / (41 * 41 - 1), 1e-12);
}

TEST(Box20, WindowEndsBeforeTheLastLineAtTheBorder) {
  EXPECT_EQ(Box20Window({0, 0, 3, 3}, 100, 80), (PixelBox{0, 0, 23, 23}));
  EXPECT_EQ(Box20Window({78, 97, 2, 3}, 100, 80), (PixelBox{58, 77, 21, 22}));
  EXPECT_EQ(Box20Window({40, 40, 1, 1}, 100, 80), (PixelBox{20, 20, 41, 41}));
}

TEST(Box20, AgreesWithTheTextAnywhereInTheImage) {
  RandomStream random({.seed = 11, .purpose = Purpose::kTest});
  for (int i = 0; i < 300; ++i) {
    const int bit_depth = i % 2 == 0 ? 8 : 16;
    Image<float> image = test::RandomBackground(random, 50, 70, 0, i % 3 == 0 ? 30 : 250);
    for (std::size_t k = 0; k < image.size(); k += 7) image.data()[k] = 40;  // some background that is not zero
    const int w = 1 + static_cast<int>(random.Integer(9)), h = 1 + static_cast<int>(random.Integer(9));
    const PixelBox box{static_cast<int>(random.Integer(static_cast<std::uint32_t>(70 - w))),
                       static_cast<int>(random.Integer(static_cast<std::uint32_t>(50 - h))), w, h};
    const Mask mask = MaskOf(50, 70, box);
    EXPECT_NEAR(MeasureBox20(image, mask, mask, Box20Rule::ForBitDepth(bit_depth)).scr,
                Box20ByTheText(image, mask, bit_depth), 1e-9);
  }
}

TEST(Box20, OtherTargetsAreNoBackground) {
  Image<float> image(80, 80, 100.0F);
  image(40, 40) = 110;
  image(40, 45) = 250;
  const Mask target = MaskOf(80, 80, {40, 40, 1, 1});
  Mask all = target;
  all(40, 45) = 255;
  EXPECT_NEAR(MeasureBox20(image, target, all, Box20Rule::ForBitDepth(8)).scr, 10 / (1 + 1e-5), 1e-12);
}

TEST(Box20, RefusesAnEmptyTarget) {
  const Image<float> image(20, 20, 1.0F);
  const Mask empty(20, 20, 0);
  EXPECT_THROW(MeasureBox20(image, empty, empty, Box20Rule::ForBitDepth(8)), Error);
}

TEST(ScrDelta, IsTheAddedMeanInUnitsOfSigmaWithItsSign) {
  const Image<float> background(40, 40, 100.0F);
  Image<float> image = background;
  const Mask mask = MaskOf(40, 40, {10, 10, 2, 1});
  image(10, 10) = 90;
  image(10, 11) = 80;
  EXPECT_NEAR(ScrDelta(image, background, mask, 5), -15 / (5 + 1e-5), 1e-12);
}

}  // namespace
}  // namespace mirst
