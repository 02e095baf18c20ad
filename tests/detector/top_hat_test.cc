#include "detector/model_driven/top_hat.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"

namespace mirst {
namespace {

Image<float> Flat(int height, int width, float level) { return Image<float>(height, width, level); }

void Fill(Image<float>& image, const PixelBox& box, float value) {
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) image(y, x) = value;
  }
}

TEST(TopHat, ASquareSmallerThanTheElementSurvivesExactly) {
  for (const PixelBox& box :
       {PixelBox{10, 8, 3, 3}, PixelBox{3, 3, 4, 4}, PixelBox{0, 9, 1, 1}, PixelBox{24, 20, 1, 1}}) {
    Image<float> image = Flat(21, 25, 100), expected = Flat(21, 25, 0);
    Fill(image, box, 131.5F);
    Fill(expected, box, 31.5F);
    EXPECT_EQ(TopHat(image), expected);
  }
}

TEST(TopHat, AnElementCutAtTheBorderFitsIntoASmallerCornerSquare) {
  Image<float> corner3 = Flat(12, 12, 10), corner2 = corner3, expected = Flat(12, 12, 0);
  Fill(corner3, {0, 0, 3, 3}, 20);  // the cut element at (0, 0) covers exactly these pixels
  Fill(corner2, {0, 0, 2, 2}, 20);
  EXPECT_EQ(TopHat(corner3), expected);
  Fill(expected, {0, 0, 2, 2}, 10);
  EXPECT_EQ(TopHat(corner2), expected);
}

TEST(TopHat, APlateauLargerThanTheElementVanishes) {
  Image<float> image = Flat(30, 30, 50);
  Fill(image, {10, 11, 7, 7}, 90);
  EXPECT_EQ(TopHat(image), Flat(30, 30, 0));
}

TEST(TopHat, AConstantAddedChangesNothing) {
  RandomStream random({.seed = 1, .purpose = Purpose::kTest});
  Image<float> image(17, 23), lifted(17, 23);
  for (std::size_t i = 0; i < image.size(); ++i) {
    image.data()[i] = static_cast<float>(random.Integer(256));
    lifted.data()[i] = image.data()[i] + 1000;  // whole numbers: exact
  }
  EXPECT_EQ(TopHat(image), TopHat(lifted));
}

TEST(TopHat, AgreesWithTheDefinitionOnRandomImages) {
  RandomStream random({.seed = 2, .purpose = Purpose::kTest});
  Image<float> image(13, 19);
  for (float& pixel : image) pixel = static_cast<float>(random.Normal());
  for (const int size : {1, 3, 5, 9, 21}) {
    // Opening: the largest, over all elements that hold the pixel, of the smallest value in the element.
    Image<float> expected(13, 19);
    const int r = size / 2;
    for (int y = 0; y < 13; ++y) {
      for (int x = 0; x < 19; ++x) {
        float opening = -1e30F;
        for (int cy = std::max(0, y - r); cy <= std::min(12, y + r); ++cy) {
          for (int cx = std::max(0, x - r); cx <= std::min(18, x + r); ++cx) {
            float least = 1e30F;
            for (int v = std::max(0, cy - r); v <= std::min(12, cy + r); ++v) {
              for (int u = std::max(0, cx - r); u <= std::min(18, cx + r); ++u) least = std::min(least, image(v, u));
            }
            opening = std::max(opening, least);
          }
        }
        expected(y, x) = image(y, x) - opening;
        EXPECT_GE(expected(y, x), 0);
      }
    }
    EXPECT_EQ(TopHat(image, {.size_px = size}), expected) << size;
  }
}

TEST(TopHat, DarkTargetsAreBrightOnesOfTheNegative) {
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  Image<float> image(12, 15), negative(12, 15);
  for (std::size_t i = 0; i < image.size(); ++i) {
    image.data()[i] = static_cast<float>(random.Normal());
    negative.data()[i] = -image.data()[i];
  }
  EXPECT_EQ(TopHat(image, {.polarity = TargetPolarity::kDark}), TopHat(negative));
  EXPECT_NE(TopHat(image, {.polarity = TargetPolarity::kDark}), TopHat(image));
}

TEST(TopHat, RefusesAnEvenElement) {
  try {
    TopHat(Flat(4, 4, 0), {.size_px = 4});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_NE(error.message().find("4 px"), std::string::npos);
  }
  EXPECT_THROW(TopHatDetector({.size_px = 0}), Error);
  EXPECT_THROW(ReadOptions<TopHatOptions>(ConfigTree::FromText("{size_px: 6}")), Error);
}

TEST(TopHatDetector, NamesItsParameters) {
  EXPECT_EQ(TopHatDetector().id(), "top_hat_5x5");
  EXPECT_EQ(TopHatDetector({.size_px = 9, .polarity = TargetPolarity::kDark}).id(), "top_hat_9x9_dark");
}

}  // namespace
}  // namespace mirst
