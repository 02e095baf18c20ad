#include "datasets/contact_sheet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "datasets/preview.h"
#include "tests/support/evaluation_sets.h"

namespace mirst {
namespace {

std::int64_t Count(const Image<Rgb>& sheet, Rgb colour) { return std::count(sheet.begin(), sheet.end(), colour); }

Card EmptyCard() {
  Card card;
  card.frame = Image<float>(60, 80, 10.0F);
  card.focus_xy = {40, 30};
  return card;
}

TEST(ContactSheet, HasTheDocumentedSize) {
  for (const auto& [cards, columns, rows] :
       std::vector<std::tuple<std::size_t, int, int>>{{1, 1, 1}, {2, 2, 1}, {3, 3, 1}, {4, 3, 2}, {24, 3, 8}}) {
    const Image<Rgb> sheet = DrawContactSheet("title", std::vector<Card>(cards, EmptyCard()), {});
    EXPECT_EQ(sheet.width(), 2 * kSheetMargin + columns * kCardWidth + (columns - 1) * kCardGap);
    EXPECT_EQ(sheet.height(),
              2 * kSheetMargin + kSheetTitleHeight + kSheetLegendHeight + rows * kCardHeight + (rows - 1) * kCardGap);
  }
}

// A pixel of the mask is a square of 4 x 4 in the enlargement, whose border is 12 px; a 2 x 2 mask has a border of 28.
TEST(ContactSheet, OutlinesTheMaskInTheEnlargement) {
  for (const auto& [side, border] : std::vector<std::pair<int, int>>{{1, 12}, {2, 28}}) {
    Card card = EmptyCard();
    Mask mask(60, 80);
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) mask(30 + y, 40 + x) = 255;
    }
    card.outlines = {{mask, kRed}};
    EXPECT_EQ(Count(DrawContactSheet("", {card}, {}), kRed), border);
  }
}

TEST(ContactSheet, EnlargesAtTheBorderOfTheFrame) {
  for (const Vec2 focus : {Vec2{0, 0}, Vec2{79, 59}}) {
    Card card = EmptyCard();
    Mask mask(60, 80);
    mask(static_cast<int>(focus.y), static_cast<int>(focus.x)) = 255;
    card.focus_xy = focus;
    card.outlines = {{mask, kRed}};
    EXPECT_EQ(Count(DrawContactSheet("", {card}, {}), kRed), 12);
  }
}

TEST(ContactSheet, LongTextIsCutNotDrawnOverTheNextCard) {
  Card card = EmptyCard();
  const Image<Rgb> plain = DrawContactSheet("", {card, card}, {});
  Card wordy = card;
  wordy.lines = {std::string(200, 'W')};
  const Image<Rgb> written = DrawContactSheet("", {wordy, card}, {});
  EXPECT_NE(plain, written);
  for (int y = 0; y < plain.height(); ++y) {
    for (int x = kSheetMargin + kCardWidth; x < plain.width(); ++x) ASSERT_EQ(plain(y, x), written(y, x));
  }
}

TEST(Preview, DrawsACardASequenceUpToTheLimit) {
  const TemporaryFolder folder("mirst-preview");
  test::WriteEvaluationSet(folder.path() / "set");
  const SampleStoreReader reader(folder.path() / "set");
  const Image<Rgb> all = DrawPreview(reader, 24), two = DrawPreview(reader, 2);
  EXPECT_EQ(all.width(), SheetSizeOf(3).width);
  EXPECT_EQ(all.height(), SheetSizeOf(3).height);
  EXPECT_EQ(two.width(), SheetSizeOf(2).width);
  // Each target of 2 x 2 px is outlined once (28 px) and boxed, so three cards hold more green than two.
  EXPECT_GT(Count(all, kGreen), Count(two, kGreen));
}

}  // namespace
}  // namespace mirst
