#include "datasets/png_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "tests/support/dataset_fixtures.h"
#include "tests/support/png_bytes.h"

namespace mirst {
namespace {

using test::Chunk;
using test::ErrorText;
using test::NoiseImage;
using test::StoredPng;
using testing::HasSubstr;

constexpr std::size_t kBehindHeader = 8 + 25;

Image<std::uint16_t> Decode(const std::string& png) {
  int bit_depth = 0;
  return DecodePng(png, bit_depth);
}

std::string DecodeError(const std::string& png) {
  return ErrorText(ErrorCode::kBadInput, [&] { Decode(png); });
}

Image<std::uint16_t> DecodeByOpenCv(std::string png) {
  cv::Mat decoded = cv::imdecode(cv::Mat(1, static_cast<int>(png.size()), CV_8UC1, png.data()), cv::IMREAD_UNCHANGED);
  decoded.convertTo(decoded, CV_16U);
  Image<std::uint16_t> pixels(decoded.rows, decoded.cols);
  for (int y = 0; y < decoded.rows; ++y) std::copy_n(decoded.ptr<std::uint16_t>(y), decoded.cols, pixels.row(y));
  return pixels;
}

// Random bytes behind random filter types are a valid picture.
std::string RandomLines(int height, int line_bytes, std::uint32_t number) {
  RandomStream random({.seed = 5, .sequence = number});
  std::string lines;
  for (int y = 0; y < height; ++y) {
    lines += static_cast<char>(random.Integer(5));
    for (int i = 0; i < line_bytes; ++i) lines += static_cast<char>(random.Integer(256));
  }
  return lines;
}

TEST(PngCodec, UndoesEveryFilterAsAnotherDecoderDoes) {
  for (const int depth : {8, 16}) {
    for (const int width : {1, 2, 3, 31}) {
      const std::string png = StoredPng(static_cast<std::uint32_t>(width), 40, static_cast<char>(depth), 0,
                                        RandomLines(40, width * depth / 8, static_cast<std::uint32_t>(width)));
      EXPECT_EQ(Decode(png), DecodeByOpenCv(png)) << depth << " bits, width " << width;
    }
  }
}

TEST(PngCodec, InterlacedFilesAreReadAsAnotherDecoderDoes) {
  // Adam7 of 8 x 8 px: seven passes of 1x1, 1x1, 2x1, 2x2, 4x2, 4x4 and 8x4 px (width x height).
  std::string lines;
  for (const auto& [width, height] : {std::pair(1, 1), {1, 1}, {2, 1}, {2, 2}, {4, 2}, {4, 4}, {8, 4}})
    lines += RandomLines(height, width, static_cast<std::uint32_t>(lines.size()));
  const std::string png = StoredPng(8, 8, 8, 0, lines, 1);
  EXPECT_EQ(Decode(png), DecodeByOpenCv(png));
}

TEST(PngCodec, AlphaIsDropped) {
  const std::string png = StoredPng(2, 1, 8, 4, std::string("\0\x05\x80\x07\xff", 5));
  EXPECT_EQ(Decode(png)(0, 0), 5);
  EXPECT_EQ(Decode(png)(0, 1), 7);
}

TEST(PngCodec, DataInSeveralChunksIsOneStream) {
  const Image<std::uint16_t> image = NoiseImage(9, 11, 16, 3);
  const std::string whole = EncodePngSamples(image.data(), 9, 11);
  const std::size_t end = whole.size() - 12;
  const std::string data = whole.substr(kBehindHeader + 8, end - 4 - (kBehindHeader + 8));
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, data.size() / 2, data.size()}) {
    const std::string png = whole.substr(0, kBehindHeader) + Chunk("tEXt", std::string("a\0b", 3)) +
                            Chunk("IDAT", data.substr(0, cut)) + Chunk("IDAT", data.substr(cut)) + whole.substr(end);
    EXPECT_EQ(Decode(png), image) << cut;
  }
}

TEST(PngCodec, AWrongCrcOfAnyChunkIsAnError) {
  std::string png = EncodePng(NoiseImage(6, 6, 8, 1), 8);
  std::string text = Chunk("tEXt", std::string("a\0b", 3));
  text.back() = static_cast<char>(text.back() ^ 1);
  EXPECT_NE(DecodeError(png.substr(0, kBehindHeader) + text + png.substr(kBehindHeader)), "");
}

TEST(PngCodec, PixelsThatAreTooFewOrNoFilterAreErrors) {
  EXPECT_NE(DecodeError(StoredPng(3, 3, 8, 0, RandomLines(2, 3, 1))), "");
  EXPECT_NE(DecodeError(StoredPng(3, 1, 8, 0, std::string("\5\1\2\3", 4))), "");
  EXPECT_NE(DecodeError(EncodePng(NoiseImage(3, 3, 8, 1), 8).insert(kBehindHeader, Chunk("NeWs", "?"))), "");
  EXPECT_THAT(DecodeError(StoredPng(16384, 16384, 8, 0, std::string(2, '\0'))), HasSubstr("cannot hold"));
}

TEST(PngCodec, ColourIsWrittenAsColour) {
  Image<Rgb> picture(5, 4);
  for (std::size_t i = 0; i < picture.size(); ++i) {
    const auto value = static_cast<std::uint8_t>(12 * i);
    picture.data()[i] = {value, static_cast<std::uint8_t>(255 - value), 7};
  }
  std::string png = EncodePng(picture);
  const cv::Mat decoded =
      cv::imdecode(cv::Mat(1, static_cast<int>(png.size()), CV_8UC1, png.data()), cv::IMREAD_UNCHANGED);
  ASSERT_EQ(decoded.type(), CV_8UC3);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 4; ++x) {
      const auto bgr = decoded.at<cv::Vec3b>(y, x);
      EXPECT_EQ((Rgb{bgr[2], bgr[1], bgr[0]}), picture(y, x));
    }
  }
}

// Runs of every length up to beyond the longest code, of zeros and of other values, alone in an empty picture.
TEST(PngCodec, NearlyEmptyPicturesKeepEveryRun) {
  for (const int depth : {8, 16}) {
    Image<std::uint16_t> image(600, 700);
    RandomStream random({.seed = 9});
    int x = 0;
    for (int run = 1; run <= 300; ++run) {
      const auto value = static_cast<std::uint16_t>(random.Integer(1U << depth));
      for (int i = 0; i < run % 13; ++i) image(2 * run - 1, x + i) = value;
      x = (x + run) % 680;
    }
    const std::string png = EncodePng(image, depth);
    // At 16 bits: 840,600 bytes / 258 x 13 bits, 9 bits for each of 2 x 1800 bytes, 22 around each of 300 runs: 10.3
    // kB.
    EXPECT_LT(png.size(), 12000U);
    EXPECT_EQ(Decode(png), image);
    EXPECT_EQ(DecodeByOpenCv(png), image);
  }
}

TEST(PngCodec, EmptyMasksOfAnySizeComeBack) {
  for (int size = 1; size < 300; ++size) {
    const Image<std::uint16_t> empty(1, size);
    EXPECT_EQ(DecodeByOpenCv(EncodePng(empty, 8)), empty) << size;
    EXPECT_EQ(Decode(EncodePng(empty, 16)), empty) << size;
  }
}

TEST(PngCodec, EveryThreadWritesTheSameBytes) {
  std::vector<std::string> alone, together(24);
  const auto encode = [](std::size_t i) {
    const Image<std::uint16_t> image = NoiseImage(40 + static_cast<int>(i), 50, i % 2 == 0 ? 8 : 16, 20);
    return EncodePng(image, i % 2 == 0 ? 8 : 16);
  };
  for (std::size_t i = 0; i < together.size(); ++i) alone.push_back(encode(i));
  const ThreadLimit threads(4);
  ParallelFor(together.size(), [&](std::size_t i) { together[i] = encode(i); });
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace mirst
