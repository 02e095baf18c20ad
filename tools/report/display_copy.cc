#include "tools/report/display_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "datasets/statistics.h"

namespace mirst {
namespace {

constexpr std::size_t kPixelsAFrame = 50000;  // that the percentiles look at

cv::Mat View(Image<std::uint8_t>& image) { return {image.height(), image.width(), CV_8UC1, image.data()}; }

}  // namespace

std::uint8_t Stretch::Grey(double counts) const {
  return static_cast<std::uint8_t>(std::lround(std::clamp(255 * (counts - low) / (high - low), 0.0, 255.0)));
}

void StretchFinder::Add(const LabelledFrame& labelled) {
  const Image<float>& pixels = labelled.frame.pixels;
  const std::size_t step = pixels.size() / kPixelsAFrame + 1;
  for (std::size_t p = 0; p < pixels.size(); p += step) counts_.push_back(pixels.data()[p]);
  for (std::size_t p = 0; p < pixels.size(); ++p) {
    if (labelled.mask.data()[p] > 127) target_counts_.push_back(pixels.data()[p]);
  }
}

Stretch StretchFinder::Find() {
  std::sort(counts_.begin(), counts_.end());
  Stretch stretch{Percentile(counts_, 0.1), Percentile(counts_, 99.9)};
  for (const double counts : target_counts_) {
    stretch.low = std::min(stretch.low, counts);
    stretch.high = std::max(stretch.high, counts);
  }
  stretch.high = std::max(stretch.high, stretch.low + 1);
  return stretch;
}

Image<std::uint8_t> Stretched(const Image<float>& counts, const Stretch& stretch) {
  Image<std::uint8_t> grey(counts.height(), counts.width());
  std::transform(counts.begin(), counts.end(), grey.begin(), [&](float value) { return stretch.Grey(value); });
  return grey;
}

Image<std::uint8_t> StretchedOverItself(const Image<float>& counts) {
  const auto [low, high] = std::minmax_element(counts.begin(), counts.end());
  return Stretched(counts, {*low, std::max<double>(*high, double{*low} + 1)});
}

int TileHeight(int height) { return (height + kJpegBlockPx - 1) / kJpegBlockPx * kJpegBlockPx; }

Image<std::uint8_t> Stacked(const std::vector<Image<std::uint8_t>>& frames) {
  const int width = frames.front().width(), tile = TileHeight(frames.front().height());
  Image<std::uint8_t> strip(tile * static_cast<int>(frames.size()), width);
  for (int y = 0; y < strip.height(); ++y) {
    const Image<std::uint8_t>& frame = frames[static_cast<std::size_t>(y / tile)];
    std::copy_n(frame.row(std::min(y % tile, frame.height() - 1)), width, strip.row(y));
  }
  return strip;
}

Image<std::uint8_t> ShrunkTo(int width, Image<std::uint8_t> picture) {
  if (picture.width() <= width) return picture;
  Image<std::uint8_t> small(std::max(1, picture.height() * width / picture.width()), width);
  cv::Mat to = View(small);
  cv::resize(View(picture), to, to.size(), 0, 0, cv::INTER_AREA);
  return small;
}

std::string EncodeJpeg(const Image<std::uint8_t>& pixels) {
  std::vector<std::uint8_t> bytes;
  try {
    Image<std::uint8_t> copy = pixels;  // OpenCV's views are of what may change
    cv::imencode(".jpg", View(copy), bytes, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality});
  } catch (const cv::Exception& error) {
    throw InternalError(
        fmt::format("no JPEG could be made of {} x {} px: {}", pixels.width(), pixels.height(), error.what()));
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace mirst
