#include "core/image.h"

#include <gtest/gtest.h>

#include "core/frame.h"

namespace mirst {
namespace {

Image<int> Numbered(int height, int width) {
  Image<int> image(height, width);
  int next = 0;
  for (int& pixel : image) pixel = next++;
  return image;
}

TEST(Image, IsRowMajorAndIndexedByRowThenColumn) {
  const Image<int> image = Numbered(3, 5);
  EXPECT_EQ(image(0, 4), 4);
  EXPECT_EQ(image(2, 1), 11);
  EXPECT_EQ(image.row(1) + 2, &image(1, 2));
  EXPECT_EQ(image.box(), (PixelBox{0, 0, 5, 3}));
  EXPECT_EQ(image.size(), 15u);
}

TEST(Image, CopiesAreDeepAndEqualityIsByShapeAndValue) {
  const Image<int> image = Numbered(3, 5);
  Image<int> copy = image;
  EXPECT_EQ(copy, image);
  copy(2, 4) = -1;
  EXPECT_NE(copy, image);
  EXPECT_EQ(image(2, 4), 14);
  EXPECT_NE(Image<int>(2, 3), Image<int>(3, 2));
}

TEST(Image, RefusesNegativeExtents) {
  EXPECT_THROW(Image<float>(-1, 4), std::invalid_argument);
  EXPECT_THROW(Image<float>(4, -1), std::invalid_argument);
  EXPECT_TRUE(Image<float>(0, 4).empty());
}

TEST(ImageView, AWindowSeesTheSamePixels) {
  Image<int> image = Numbered(4, 6);
  const ImageView<int> window = ImageView<int>(image).Window({2, 1, 3, 2});
  ASSERT_EQ(window.height(), 2);
  ASSERT_EQ(window.width(), 3);
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 3; ++x) EXPECT_EQ(window(y, x), image(y + 1, x + 2));
  }
  window(1, 2) = -7;
  EXPECT_EQ(image(2, 4), -7);
  EXPECT_EQ(&window.Window({1, 1, 2, 1})(0, 1), &image(2, 4));
}

TEST(ImageView, RefusesAWindowThatLeavesTheImage) {
  const Image<int> image = Numbered(4, 6);
  const ImageView<const int> view = image;
  for (const PixelBox& box :
       {PixelBox{-1, 0, 2, 2}, PixelBox{0, -1, 2, 2}, PixelBox{5, 0, 2, 2}, PixelBox{0, 3, 2, 2}}) {
    EXPECT_THROW(view.Window(box), std::out_of_range);
  }
}

TEST(Mask, InsideBeginsAbove127) {
  Mask mask(5, 7);
  mask(1, 2) = 127;
  EXPECT_EQ(CountPixels(mask), 0);
  EXPECT_TRUE(BoundingBox(mask).empty());
  mask(1, 2) = 128;
  mask(4, 6) = 255;
  EXPECT_EQ(CountPixels(mask), 2);
  EXPECT_EQ(BoundingBox(mask), (PixelBox{2, 1, 5, 4}));
}

TEST(Mask, TheBoxOfOnePixelIsThatPixelAtEveryPlace) {
  for (int width = 1; width <= 19; ++width) {  // less and more than two machine words
    for (int x = 0; x < width; ++x) {
      Mask mask(3, width, 127);
      mask(1, x) = 128;
      EXPECT_EQ(BoundingBox(mask), (PixelBox{x, 1, 1, 1})) << "width " << width;
    }
  }
}

TEST(Frame, MaxCountIsTheLargestValueOfTheFile) {
  EXPECT_EQ(MaxCount(8), 255);
  EXPECT_EQ(MaxCount(16), 65535);
}

}  // namespace
}  // namespace mirst
