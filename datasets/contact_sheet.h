// Contact sheets: many frames in one colour picture. A card shows a frame with boxes around what matters, the place of
// interest enlarged beside it, and a few lines of text. For people to look at; nothing is measured on it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"
#include "datasets/frame_io.h"

namespace mirst {

inline constexpr Rgb kGreen{40, 190, 80}, kYellow{245, 200, 30}, kRed{235, 60, 50};

/// A part of a frame: its box is drawn round it in the frame, its pixels are outlined in the enlargement.
struct Mark {
  PixelBox box;
  Rgb colour = kGreen;
};
struct Outline {
  Mask mask;  ///< the frame's shape
  Rgb colour = kGreen;
};

struct Card {
  Image<float> frame;  ///< (height, width)
  Vec2 focus_xy;       ///< what the enlargement shows, pixels of the frame
  std::vector<Mark> marks;
  std::vector<Outline> outlines;
  std::string title;               ///< bold, first line
  std::vector<std::string> lines;  ///< five at most, ASCII, some 24 characters each; longer ones are cut
};

/// A line under the sheet: a coloured square and what it stands for; without colour (black) plain text.
struct LegendEntry {
  Rgb colour;
  std::string text;
};

inline constexpr int kCardWidth = 496, kCardHeight = 262, kCardGap = 14, kSheetMargin = 20, kSheetTitleHeight = 40,
                     kSheetLegendHeight = 34;
/// A pixel of the frame is a square of this side in the enlargement.
inline constexpr int kEnlargement = 4;

struct SheetSize {
  int width = 0;
  int height = 0;
  int columns = 0;
};
/// `wanted` indices evenly spread over [0, total), rising; all of them where there are no more.
std::vector<std::size_t> EvenlySpread(std::size_t total, std::size_t wanted);

/// Up to three columns: width = 2 kSheetMargin + columns kCardWidth + (columns - 1) kCardGap, and so the height, with
/// title and legend added.
SheetSize SheetSizeOf(std::size_t cards);

/// Frames are shown from their 0.5th to their 99.5th percentile, enlargements from their least to their largest value.
/// Throws kInternal without cards or for an empty frame.
Image<Rgb> DrawContactSheet(const std::string& title, const std::vector<Card>& cards,
                            const std::vector<LegendEntry>& legend);

}  // namespace mirst
