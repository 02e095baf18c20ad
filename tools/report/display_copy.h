// 8-bit copies of frames for people to look at: which counts are black and white, and pictures of them as JPEG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/image.h"
#include "core/sample.h"

namespace mirst {

/// A tile's height in a strip is a multiple of the JPEG's blocks, so that no frame bleeds into the next.
inline constexpr int kJpegBlockPx = 8, kJpegQuality = 90;

/// Counts that are shown as black and as white; high > low.
struct Stretch {
  double low = 0, high = 1;
  std::uint8_t Grey(double counts) const;
};

/// From the 0.1st to the 99.9th percentile of the frames it is shown, widened to hold the targets in them.
class StretchFinder {
 public:
  void Add(const LabelledFrame& labelled);
  /// Throws kInternal without a frame.
  Stretch Find();

 private:
  std::vector<double> counts_, target_counts_;
};

Image<std::uint8_t> Stretched(const Image<float>& counts, const Stretch& stretch);
/// From its least to its largest value.
Image<std::uint8_t> StretchedOverItself(const Image<float>& counts);

/// The height of a tile that holds `height` rows.
int TileHeight(int height);
/// Frames of one width one above the other, a tile each; rows below a frame repeat its last one.
Image<std::uint8_t> Stacked(const std::vector<Image<std::uint8_t>>& frames);
/// Where it is wider than `width` px: the picture at that width, every pixel of it a mean.
Image<std::uint8_t> ShrunkTo(int width, Image<std::uint8_t> picture);

std::string EncodeJpeg(const Image<std::uint8_t>& pixels);

}  // namespace mirst
