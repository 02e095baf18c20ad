#include "datasets/frame_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "tests/support/dataset_fixtures.h"
#include "tests/support/png_bytes.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::Chunk;
using test::ErrorText;
using test::NoiseImage;
using test::StoredPng;
using test::WriteBytes;
using testing::AllOf;
using testing::HasSubstr;

class FrameIo : public testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  fs::path File(const std::string& name, std::string_view bytes) const {
    WriteBytes(Path(name), bytes);
    return Path(name);
  }
  std::string ReadError(const fs::path& path) const {
    return ErrorText(ErrorCode::kBadInput, [&] { ReadImage(path); });
  }

  TemporaryFolder folder_{"mirst-frame-io"};
};

cv::Mat AsMat(const Image<std::uint16_t>& image, int type) {
  cv::Mat mat(image.height(), image.width(), CV_16UC1);
  std::copy(image.begin(), image.end(), mat.ptr<std::uint16_t>());
  cv::Mat converted;
  mat.convertTo(converted, type);
  return converted;
}

std::string EncodeByOpenCv(const std::string& extension, const cv::Mat& picture,
                           const std::vector<int>& settings = {}) {
  std::vector<unsigned char> bytes;
  cv::imencode(extension, picture, bytes, settings);
  return {bytes.begin(), bytes.end()};
}

TEST_F(FrameIo, PngRoundTripKeepsEveryBitAtBothDepths) {
  for (const int bit_depth : {8, 16}) {
    const Image<std::uint16_t> image = NoiseImage(37, 53, bit_depth, 1);
    int found_depth = 0;
    EXPECT_EQ(ReadImage(File("a.png", EncodePng(image, bit_depth)), &found_depth), image);
    EXPECT_EQ(found_depth, bit_depth);
  }
}

TEST_F(FrameIo, AnotherDecoderReadsTheSameValuesFromOurPng) {
  for (const int bit_depth : {8, 16}) {
    const Image<std::uint16_t> image = NoiseImage(37, 53, bit_depth, 2);
    const cv::Mat decoded = cv::imread(File("a.png", EncodePng(image, bit_depth)).string(), cv::IMREAD_UNCHANGED);
    ASSERT_EQ(decoded.type(), bit_depth == 8 ? CV_8UC1 : CV_16UC1);
    EXPECT_EQ(cv::norm(decoded, AsMat(image, decoded.type()), cv::NORM_INF), 0);
  }
}

TEST_F(FrameIo, AWindowIsEncodedLikeItsCopy) {
  const Image<std::uint16_t> image = NoiseImage(20, 30, 8, 3);
  Image<std::uint16_t> copy(6, 7);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 7; ++x) copy(y, x) = image(y + 4, x + 5);
  }
  const auto window = ImageView<const std::uint16_t>(image).Window({5, 4, 7, 6});
  EXPECT_EQ(EncodePng(window, 8), EncodePng(copy, 8));
  EXPECT_EQ(PixelHash(window, 8), PixelHash(copy, 8));
}

TEST_F(FrameIo, OtherFormatsComeThroughUnchanged) {
  const Image<std::uint16_t> image8 = NoiseImage(21, 34, 8, 4), image16 = NoiseImage(21, 34, 16, 5);
  for (const std::string extension : {".bmp", ".pgm", ".tif", ".tiff", ".png"}) {
    EXPECT_EQ(ReadImage(File("a" + extension, EncodeByOpenCv(extension, AsMat(image8, CV_8U)))), image8) << extension;
  }
  for (const std::string extension : {".pgm", ".tiff", ".png"}) {
    int bit_depth = 0;
    EXPECT_EQ(ReadImage(File("a" + extension, EncodeByOpenCv(extension, AsMat(image16, CV_16U))), &bit_depth), image16)
        << extension;
    EXPECT_EQ(bit_depth, 16);
  }
}

TEST_F(FrameIo, PgmIsNotStretchedToItsLargestValue) {
  EXPECT_EQ(ReadImage(File("a.pgm", std::string("P5\n3 1\n100\n\x05\x32\x64", 14)))(0, 2), 100);
  EXPECT_EQ(ReadImage(File("b.pgm", std::string("P5\n2 1\n16383\n\x3f\xff\x00\x07", 17)))(0, 0), 16383);
  EXPECT_EQ(ReadImage(File("c.pgm", "P2\n# text\n3 1\n100\n5 50 100\n"))(0, 1), 50);
  EXPECT_THAT(ReadError(File("d.pgm", "P2\n3 1\n100\n5 50 101\n")), AllOf(HasSubstr("d.pgm"), HasSubstr("101")));
}

TEST_F(FrameIo, JpegIsCloseToItsOriginal) {
  Image<std::uint16_t> ramp(32, 64);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 64; ++x) ramp(y, x) = static_cast<std::uint16_t>(40 + 2 * x);
  }
  const Image<std::uint16_t> decoded =
      ReadImage(File("a.jpg", EncodeByOpenCv(".jpg", AsMat(ramp, CV_8U), {cv::IMWRITE_JPEG_QUALITY, 100})));
  // At quality 100 every quantiser step is 1: each of 64 coefficients errs by <= 1/2, which the orthonormal transform
  // turns into at most 1/2 rms a pixel, so 4 grey values are 8 standard deviations.
  for (std::size_t i = 0; i < ramp.size(); ++i) EXPECT_NEAR(decoded.data()[i], ramp.data()[i], 4);
}

TEST_F(FrameIo, ColourBecomesLumaAndEqualChannelsTheirValue) {
  for (const int type : {CV_8U, CV_16U}) {
    const int full = type == CV_8U ? 255 : 65535;
    cv::Mat bgr(1, 4, CV_MAKETYPE(type, 3));
    const int pixels[4][3] = {{full, 0, 0}, {0, full, 0}, {0, 0, full}, {77, 77, 77}};
    for (int x = 0; x < 4; ++x) {
      for (int c = 0; c < 3; ++c) {
        if (type == CV_8U) {
          bgr.at<cv::Vec3b>(0, x)[c] = static_cast<std::uint8_t>(pixels[x][c]);
        } else
          bgr.at<cv::Vec3w>(0, x)[c] = static_cast<std::uint16_t>(pixels[x][c]);
      }
    }
    // BT.601: 0.114, 0.587 and 0.299 of the largest value.
    const std::vector<std::uint16_t> expected = type == CV_8U ? std::vector<std::uint16_t>{29, 150, 76, 77}
                                                              : std::vector<std::uint16_t>{7471, 38469, 19595, 77};
    cv::Mat bgra(1, 4, CV_MAKETYPE(type, 4), cv::Scalar::all(9));
    const int same[] = {0, 0, 1, 1, 2, 2};
    cv::mixChannels(&bgr, 1, &bgra, 1, same, 3);
    for (const std::string extension : {".png", ".tiff"}) {
      for (const cv::Mat& picture : {bgr, bgra}) {
        const Image<std::uint16_t> grey = ReadImage(File("a" + extension, EncodeByOpenCv(extension, picture)));
        EXPECT_EQ(std::vector<std::uint16_t>(grey.begin(), grey.end()), expected) << extension << picture.channels();
      }
    }
  }
}

TEST_F(FrameIo, LowDepthGreyIsWidenedAndPalettesAreLookedUp) {
  int bit_depth = 0;
  const Image<std::uint16_t> one_bit =
      ReadImage(File("a.png", StoredPng(3, 1, 1, 0, std::string("\0\xa0", 2))), &bit_depth);
  EXPECT_EQ(std::vector<std::uint16_t>(one_bit.begin(), one_bit.end()), (std::vector<std::uint16_t>{255, 0, 255}));
  EXPECT_EQ(bit_depth, 8);
  const Image<std::uint16_t> four_bit = ReadImage(File("b.png", StoredPng(2, 1, 4, 0, std::string("\0\x1f", 2))));
  EXPECT_EQ(std::vector<std::uint16_t>(four_bit.begin(), four_bit.end()), (std::vector<std::uint16_t>{17, 255}));

  std::string palette = StoredPng(3, 1, 8, 3, std::string("\0\0\1\2", 4));
  palette.insert(8 + 25, Chunk("PLTE", std::string("\x0a\x0a\x0a\xff\0\0\0\0\xff", 9)));
  const Image<std::uint16_t> looked_up = ReadImage(File("c.png", palette));
  EXPECT_EQ(std::vector<std::uint16_t>(looked_up.begin(), looked_up.end()), (std::vector<std::uint16_t>{10, 76, 29}));
}

TEST_F(FrameIo, EveryTruncationOfAPngIsAnError) {
  const std::string png = EncodePng(NoiseImage(8, 8, 8, 6), 8);
  ASSERT_EQ(ReadError(File("a.png", png)), "");
  for (std::size_t length = 0; length < png.size(); ++length) {
    EXPECT_THAT(ReadError(File("a.png", png.substr(0, length))), HasSubstr("a.png: ")) << length << " bytes";
  }
}

TEST_F(FrameIo, AFlippedBitInAnyByteOfAPngIsAnError) {
  const std::string png = EncodePng(NoiseImage(6, 6, 8, 7), 8);
  for (std::size_t i = 0; i < png.size(); ++i) {
    std::string damaged = png;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    EXPECT_NE(ReadError(File("a.png", damaged)), "") << "byte " << i;
  }
}

TEST_F(FrameIo, ATruncatedFileNeverGivesWrongPixels) {
  const cv::Mat picture = AsMat(NoiseImage(16, 16, 8, 8), CV_8U);
  for (const std::string extension : {".bmp", ".pgm", ".tiff", ".jpg"}) {
    const std::string bytes = EncodeByOpenCv(extension, picture);
    const Image<std::uint16_t> whole = ReadImage(File("a" + extension, bytes));
    int accepted = 0;
    for (std::size_t length = 0; length < bytes.size(); length += length + 16U < bytes.size() ? 11U : 1U) {
      const fs::path file = File("a" + extension, bytes.substr(0, length));
      const std::string text = ReadError(file);
      if (!text.empty()) {
        EXPECT_THAT(text, HasSubstr("a" + extension));
      } else {
        EXPECT_EQ(ReadImage(file), whole) << extension << " of " << length << " bytes";
        ++accepted;
      }
    }
    // A TIFF may end in bytes that no pixel needs (the offset of a next directory); the others may not.
    EXPECT_LE(accepted, extension == ".tiff" ? 4 : 0) << extension;
  }
}

TEST_F(FrameIo, HugeHeadersAreRefusedBeforeTheirPixelsAreAllocated) {
  const std::string text = ReadError(File("a.png", StoredPng(65000, 65000, 8, 0, std::string(2, '\0'))));
  EXPECT_THAT(text, AllOf(HasSubstr("a.png"), HasSubstr("65000 x 65000"), HasSubstr("16384 x 16384")));
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { ReadImageInfo(Path("a.png")); }), "");
  EXPECT_THAT(ReadError(File("b.png", StoredPng(16384, 16384, 16, 0, std::string(2, '\0')))), HasSubstr("cannot hold"));
}

TEST_F(FrameIo, WrongFilesAreNamed) {
  EXPECT_THAT(ReadError(Path("missing.png")), HasSubstr("missing.png"));
  EXPECT_THAT(ReadError(File("empty.png", "")), AllOf(HasSubstr("empty.png"), HasSubstr("empty")));
  EXPECT_THAT(ReadError(File("text.png", "hello")), HasSubstr("text.png"));
  EXPECT_THAT(ReadError(File("text.bmp", "hello")), HasSubstr("text.bmp"));
  EXPECT_THAT(ReadError(folder_.path()), HasSubstr(folder_.path().string()));
  cv::Mat real(4, 4, CV_32F, cv::Scalar(1.5));
  EXPECT_THAT(ReadError(File("real.tiff", EncodeByOpenCv(".tiff", real))),
              AllOf(HasSubstr("real.tiff"), HasSubstr("32F")));
}

TEST_F(FrameIo, NonAsciiPathsWork) {
  const Image<std::uint16_t> image = NoiseImage(5, 6, 8, 9);
  for (const std::string extension : {".png", ".tiff"}) {
    EXPECT_EQ(ReadImage(File("Wärme 热像" + extension, EncodeByOpenCv(extension, AsMat(image, CV_8U)))), image);
  }
}

TEST_F(FrameIo, HeadersTellSizeAndDepthOfEveryFormat) {
  for (const std::string extension : {".png", ".tiff", ".pgm"}) {
    for (const int bit_depth : {8, 16}) {
      const cv::Mat picture = AsMat(NoiseImage(9, 14, bit_depth, 10), bit_depth == 8 ? CV_8U : CV_16U);
      const ImageFileInfo info = ReadImageInfo(File("a" + extension, EncodeByOpenCv(extension, picture)));
      EXPECT_EQ(info.width, 14);
      EXPECT_EQ(info.height, 9);
      EXPECT_EQ(info.bit_depth, bit_depth);
    }
  }
}

TEST_F(FrameIo, MasksAreCutAbove127) {
  Mask mask(1, 4);
  mask(0, 1) = 127;
  mask(0, 2) = 128;
  mask(0, 3) = 255;
  const Mask read = ReadMask(File("m.png", EncodePng(mask)));
  EXPECT_EQ(std::vector<int>(read.begin(), read.end()), (std::vector<int>{0, 0, 255, 255}));
  File("m16.png", EncodePng(NoiseImage(3, 3, 16, 11), 16));
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { ReadMask(Path("m16.png")); }),
              AllOf(HasSubstr("m16.png"), HasSubstr("16")));
}

TEST_F(FrameIo, FramesCarryCountsAndTheirFilesName) {
  const Image<std::uint16_t> image = NoiseImage(5, 6, 16, 12);
  const Frame frame = ReadFrame(File("000042.png", EncodePng(image, 16)));
  EXPECT_EQ(frame.name, "000042.png");
  EXPECT_EQ(frame.bit_depth, 16);
  EXPECT_EQ(frame.quantity, Quantity::kCounts);
  EXPECT_EQ(CountsOf(frame), image);
}

TEST_F(FrameIo, ValuesThatAreNoCountsAreDefects) {
  Frame frame;
  for (const float value : {-1.0F, 0.5F, 256.0F, std::nanf("")}) {
    frame.pixels = Image<float>(2, 2, value);
    EXPECT_NE(ErrorText(ErrorCode::kInternal, [&] { CountsOf(frame); }), "") << value;
  }
  frame.pixels = Image<float>(2, 2, 255.0F);
  EXPECT_EQ(CountsOf(frame)(1, 1), 255);
  frame.quantity = Quantity::kRadiance;
  EXPECT_NE(ErrorText(ErrorCode::kInternal, [&] { CountsOf(frame); }), "");
  EXPECT_NE(ErrorText(ErrorCode::kInternal, [] { EncodePng(Image<std::uint16_t>(2, 2, 256), 8); }), "");
}

TEST_F(FrameIo, PixelHashIsOverShapeTypeAndLittleEndianPixels) {
  Image<std::uint16_t> image(2, 3);
  for (std::size_t i = 0; i < 6; ++i) image.data()[i] = static_cast<std::uint16_t>(i + 1);
  EXPECT_EQ(PixelHash(image, 8), Sha256OfText("2x3:u8:\x01\x02\x03\x04\x05\x06"));
  EXPECT_EQ(PixelHash(image, 16), Sha256OfText(std::string("2x3:u16:\1\0\2\0\3\0\4\0\5\0\6\0", 20)));
  Mask mask(1, 2);
  mask(0, 1) = 255;
  EXPECT_EQ(PixelHash(mask), Sha256OfText(std::string("1x2:u8:\0\xff", 9)));
}

TEST_F(FrameIo, PixelHashDoesNotDependOnTheFilesCompression) {
  const Image<std::uint16_t> image = NoiseImage(30, 30, 8, 13);
  const std::string ours = EncodePng(image, 8);
  const std::string other = EncodeByOpenCv(".png", AsMat(image, CV_8U), {cv::IMWRITE_PNG_COMPRESSION, 9});
  ASSERT_NE(ours, other);
  EXPECT_EQ(PixelHash(ReadImage(File("a.png", ours)), 8), PixelHash(ReadImage(File("b.png", other)), 8));
}

TEST_F(FrameIo, ExtensionsInEitherCaseAreImages) {
  for (const char* name : {"a.png", "a.PNG", "a.Tif", "a.tiff", "a.pgm", "a.bmp", "a.jpg", "a.JPEG"})
    EXPECT_TRUE(IsImageFile(name));
  for (const char* name : {"README.md", "boxes.csv", "png", "a.avi", "a.png.txt"}) EXPECT_FALSE(IsImageFile(name));
}

}  // namespace
}  // namespace mirst
