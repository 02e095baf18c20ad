#include "core/geometry.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace mirst {
namespace {

constexpr int kExtent = 12;

PixelBox RandomBox(RandomStream& stream) {
  const auto draw = [&](int count) { return static_cast<int>(stream.Integer(static_cast<std::uint32_t>(count))); };
  return {draw(kExtent) - 2, draw(kExtent) - 2, draw(6), draw(6)};
}

template <class Predicate>
long long CountPixelsWhere(Predicate predicate) {
  long long count = 0;
  for (int y = -kExtent; y < 3 * kExtent; ++y) {
    for (int x = -kExtent; x < 3 * kExtent; ++x) count += predicate(x, y) ? 1 : 0;
  }
  return count;
}

TEST(PixelBox, AreaIsTheNumberOfPixelsItContains) {
  RandomStream stream({.seed = 1});
  for (int i = 0; i < 200; ++i) {
    const PixelBox box = RandomBox(stream);
    EXPECT_EQ(box.area(), CountPixelsWhere([&](int x, int y) { return box.Contains(x, y); }));
    EXPECT_EQ(box.empty(), box.area() == 0);
  }
}

TEST(PixelBox, ExcludesItsRightColumnAndBottomRow) {
  const PixelBox box = {2, 3, 4, 5};
  EXPECT_TRUE(box.Contains(2, 3));
  EXPECT_TRUE(box.Contains(5, 7));
  EXPECT_FALSE(box.Contains(6, 7));
  EXPECT_FALSE(box.Contains(5, 8));
  EXPECT_EQ(box.right(), 6);
  EXPECT_EQ(box.bottom(), 8);
}

TEST(PixelBox, AreaDoesNotOverflow) { EXPECT_EQ((PixelBox{0, 0, 100'000, 100'000}.area()), 10'000'000'000LL); }

TEST(Intersect, HoldsExactlyThePixelsOfBoth) {
  RandomStream stream({.seed = 2});
  for (int i = 0; i < 500; ++i) {
    const PixelBox a = RandomBox(stream), b = RandomBox(stream), common = Intersect(a, b);
    EXPECT_EQ(common, Intersect(b, a));
    EXPECT_EQ(common.area(), CountPixelsWhere([&](int x, int y) { return a.Contains(x, y) && b.Contains(x, y); }));
    if (common.empty()) {
      EXPECT_EQ(common, PixelBox());
    } else {
      EXPECT_TRUE(a.Contains(common) && b.Contains(common));
    }
  }
}

TEST(Enclose, IsTheSmallestBoxAroundBoth) {
  RandomStream stream({.seed = 3});
  for (int i = 0; i < 500; ++i) {
    const PixelBox a = RandomBox(stream), b = RandomBox(stream), both = Enclose(a, b);
    if (a.empty() || b.empty()) {
      EXPECT_EQ(both, a.empty() ? b : a);
      continue;
    }
    EXPECT_TRUE(both.Contains(a) && both.Contains(b));
    const auto touched = [&](auto side) { return side(both) == side(a) || side(both) == side(b); };
    EXPECT_TRUE(touched([](const PixelBox& box) { return box.x; }) &&
                touched([](const PixelBox& box) { return box.y; }));
    EXPECT_TRUE(touched([](const PixelBox& box) { return box.right(); }));
    EXPECT_TRUE(touched([](const PixelBox& box) { return box.bottom(); }));
  }
}

TEST(Grow, MovesEverySideAndIsUndoneByShrinking) {
  const PixelBox box = {5, 6, 7, 8};
  EXPECT_EQ(Grow(box, 3), (PixelBox{2, 3, 13, 14}));
  EXPECT_EQ(Grow(Grow(box, 3), -3), box);
  EXPECT_TRUE(Grow(box, -4).empty());
}

TEST(Vec2, AddsSubtractsAndScalesByComponent) {
  EXPECT_EQ((Vec2{1, 2} + Vec2{3, 5}), (Vec2{4, 7}));
  EXPECT_EQ((Vec2{1, 2} - Vec2{3, 5}), (Vec2{-2, -3}));
  EXPECT_EQ((2.0 * Vec2{1, -2}), (Vec2{2, -4}));
}

}  // namespace
}  // namespace mirst
