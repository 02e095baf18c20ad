#include "metrics/components.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

#include "core/random.h"
#include "tests/support/mask_text.h"

namespace mirst {
namespace {

using test::MaskFrom;

TEST(Components, AnEmptyMaskHasNone) {
  EXPECT_TRUE(LabelComponents(Mask(4, 6)).components.empty());
  EXPECT_TRUE(LabelComponents(Mask()).components.empty());
}

TEST(Components, CornersConnect) {
  EXPECT_EQ(LabelComponents(MaskFrom({"#.#", ".#.", "#.#"})).components.size(), 1u);
  EXPECT_EQ(LabelComponents(MaskFrom({"#.#", "...", "#.#"})).components.size(), 4u);
}

TEST(Components, ValuesAbove127AreInside) {
  Mask mask(1, 3);
  mask(0, 0) = 127;
  mask(0, 2) = 128;
  const Labelling labelling = LabelComponents(mask);
  ASSERT_EQ(labelling.components.size(), 1u);
  EXPECT_EQ(labelling.components[0].box, (PixelBox{2, 0, 1, 1}));
}

TEST(Components, AreNumberedInRasterOrderOfTheirFirstPixels) {
  // The left arm of the U begins behind the dot's row; the arms meet in the last row only.
  const Labelling labelling = LabelComponents(MaskFrom({"...#...#", ".#.#...#", "...#####"}));
  const Image<std::int32_t> labels = labelling.Labels();
  ASSERT_EQ(labelling.components.size(), 2u);
  EXPECT_EQ(labelling.components[0].box, (PixelBox{3, 0, 5, 3}));
  EXPECT_EQ(labelling.components[0].area_px, 9);
  EXPECT_EQ(labels(0, 7), 1);
  EXPECT_EQ(labelling.components[1].box, (PixelBox{1, 1, 1, 1}));
  EXPECT_EQ(labels(1, 1), 2);
}

TEST(Components, TheCentroidIsTheMeanOfThePixelCentres) {
  const Labelling labelling = LabelComponents(MaskFrom({"....", ".##.", ".#.."}));
  ASSERT_EQ(labelling.components.size(), 1u);
  EXPECT_DOUBLE_EQ(labelling.components[0].centroid.x, 4.0 / 3.0);
  EXPECT_DOUBLE_EQ(labelling.components[0].centroid.y, 4.0 / 3.0);
}

// Flood fill: a second method that shares nothing with the two passes.
int CountByFloodFill(Mask mask) {
  int count = 0;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (mask(y, x) == 0) continue;
      ++count;
      std::vector<std::pair<int, int>> open = {{y, x}};
      mask(y, x) = 0;
      while (!open.empty()) {
        const std::pair<int, int> at = open.back();
        open.pop_back();
        for (int row = std::max(0, at.first - 1); row <= std::min(mask.height() - 1, at.first + 1); ++row) {
          for (int column = std::max(0, at.second - 1); column <= std::min(mask.width() - 1, at.second + 1); ++column) {
            if (mask(row, column) == 0) continue;
            mask(row, column) = 0;
            open.push_back({row, column});
          }
        }
      }
    }
  }
  return count;
}

TEST(Components, AgreeWithFloodFillOnRandomMasksOfEveryDensity) {
  RandomStream random({.seed = 3, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 200; ++trial) {
    Mask mask(1 + static_cast<int>(random.Integer(20)), 1 + static_cast<int>(random.Integer(20)));
    const double density = random.Uniform();
    for (std::uint8_t& pixel : mask) pixel = random.Uniform() < density ? 255 : 0;
    const Labelling labelling = LabelComponents(mask);
    const Image<std::int32_t> labels = labelling.Labels();
    ASSERT_EQ(static_cast<int>(labelling.components.size()), CountByFloodFill(mask));
    std::int64_t area = 0;
    for (const Component& component : labelling.components) area += component.area_px;
    EXPECT_EQ(area, CountPixels(mask));
    // Neighbours carry one label; first appearances count up.
    std::int32_t last = 0;
    for (int y = 0; y < mask.height(); ++y) {
      for (int x = 0; x < mask.width(); ++x) {
        const std::int32_t label = labels(y, x);
        ASSERT_EQ(label != 0, mask(y, x) != 0);
        ASSERT_LE(label, last + 1);
        last = std::max(last, label);
        if (label != 0 && x > 0 && labels(y, x - 1) != 0) {
          ASSERT_EQ(label, labels(y, x - 1));
        }
      }
    }
  }
}

Mask RandomMask(RandomStream& random, int height, int width) {
  Mask mask(height, width);
  const double density = random.Uniform();
  for (std::uint8_t& pixel : mask) pixel = random.Uniform() < density ? 255 : 0;
  return mask;
}

TEST(Components, IgnoredPixelsBelongToNone) {
  RandomStream random({.seed = 4, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 100; ++trial) {
    const Mask mask = RandomMask(random, 9, 19), ignore = RandomMask(random, 9, 19);
    Mask left = mask;
    for (std::size_t i = 0; i < left.size(); ++i) left.data()[i] &= static_cast<std::uint8_t>(~ignore.data()[i]);
    const Labelling expected = LabelComponents(left), found = LabelComponents(mask, &ignore);
    EXPECT_EQ(found.runs, expected.runs);
    EXPECT_EQ(found.components, expected.components);
  }
}

TEST(Components, OverlapsAreThoseOfTheirPixels) {
  RandomStream random({.seed = 5, .purpose = Purpose::kTest});
  for (int trial = 0; trial < 100; ++trial) {
    const Labelling a = LabelComponents(RandomMask(random, 7, 21)), b = LabelComponents(RandomMask(random, 7, 21));
    std::map<std::pair<std::size_t, std::size_t>, std::int64_t> by_runs, by_pixels;
    ForOverlaps(a, b, [&](std::size_t i, std::size_t k, std::int64_t pixels) { by_runs[{i, k}] += pixels; });
    const Image<std::int32_t> of_a = a.Labels(), of_b = b.Labels();
    for (std::size_t i = 0; i < of_a.size(); ++i) {
      if (of_a.data()[i] > 0 && of_b.data()[i] > 0)
        ++by_pixels[{static_cast<std::size_t>(of_a.data()[i] - 1), static_cast<std::size_t>(of_b.data()[i] - 1)}];
    }
    EXPECT_EQ(by_runs, by_pixels);
  }
}

}  // namespace
}  // namespace mirst
