// What the counts of a background sequence say by themselves: range, saturation, entropy, what repeats exactly from
// frame to frame (a codec's or a recorder's freezing), and pixels that do not follow the scene. Pure functions over
// frames of one shape (height, width) that hold whole counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/image.h"

namespace mirst {

using FrameSpan = std::span<const Image<float>>;

struct LevelStatistics {
  int min = 0, max = 0;        ///< counts
  int p001 = 0, p999 = 0;      ///< 0.1 % and 99.9 % of the values lie at or below
  int distinct = 0;            ///< counts that occur
  double mean = 0, sigma = 0;  ///< of all values, counts
  double entropy_bits = 0;     ///< of the histogram over all frames, bits a pixel
  bool video_range = false;    ///< values pile up at 16 or 235 and end there: video luma (8 bit)
  int ceiling = 0;             ///< largest count that the values can reach: 235 in video range, otherwise 2^n - 1
  double saturated_share = 0;  ///< of the values at or above the ceiling (video range: 2 below it)
  double floor_share = 0;      ///< of the values at 0; in video range at or below 18
  std::vector<std::int64_t> histogram;  ///< by count, from 0 to max
};

/// `bit_depth` 8 or 16. For 16 bits the ceiling is that of the least of 10, 12, 14, 16 bits that holds the maximum.
/// Throws kInternal without frames and for values outside the depth.
LevelStatistics MeasureLevels(FrameSpan frames, int bit_depth);

/// What stays exactly the same from one frame to the next. White noise of sigma >= 0.5 counts repeats a pixel with the
/// probability 1 / (2 sqrt(pi) sigma), a block of 8 x 8 px practically never: repeated blocks are a codec's skipping.
struct RepeatStatistics {
  int pairs = 0;
  int repeated_frames = 0;          ///< pairs whose second frame is the first
  std::vector<double> pixel_share;  ///< of each pair
  double mean_pixel_share = 0;
  double mean_block8_share = 0;  ///< blocks of 8 x 8 px of the grid from the upper left corner
  double mean_block16_share = 0;
};
RepeatStatistics MeasureRepeats(FrameSpan frames);

enum class PixelDefect {
  kStuck,     ///< never changes where its neighbours do
  kBlinking,  ///< fluctuates far more than its neighbours
  kOffset,    ///< lies above or below its neighbours by more than an optical image can
};
struct DefectivePixel {
  int x = 0, y = 0;
  PixelDefect defect = PixelDefect::kStuck;
  friend bool operator==(const DefectivePixel&, const DefectivePixel&) = default;
};

/// By rows. Needs 8 frames, gives nothing below.
/// Stuck: constant, while at least 7 of its 8 neighbours change in half of all pairs of frames or more (not so in
/// blocks that a codec repeats). Blinking: temporal sigma above 6 times the neighbours' largest and 3 counts. Offset:
/// its mean differs from the mean of its 8 neighbours by more than 10 robust sigmas of that difference over the image
/// and 6 counts, while none of the 4 nearest deviates from its own by more than a quarter of that in the same
/// direction: optics and pixel area (sigma >= 0.4 px) would spread more.
std::vector<DefectivePixel> FindDefectivePixels(FrameSpan frames);

/// Standard deviation over time of each pixel, counts.
Image<float> TemporalSigma(FrameSpan frames);

}  // namespace mirst
