#include "datasets/truth_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <limits>

#include "datasets/score_map.h"
#include "tests/support/evaluation_sets.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using testing::HasSubstr;

class Truth : public testing::Test {
 protected:
  std::string Error(const std::string& split = "") const {
    return ErrorText(ErrorCode::kBadInput, [&] { OpenTruth(set_, split); });
  }
  std::string MapError(const std::string& bytes) const {
    WriteFileAtomically(folder_.path() / "map.npy", bytes);
    return ErrorText(ErrorCode::kBadInput, [&] { ReadScoreMap(folder_.path() / "map.npy"); });
  }

  TemporaryFolder folder_{"mirst-truth"};
  fs::path set_ = folder_.path() / "set";
};

/// Version 1 of the format, as numpy.save writes it.
template <class Value>
std::string Npy(const std::string& type, const std::string& shape, const std::vector<Value>& values,
                const std::string& fortran = "False") {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes = "\x93NUMPY\x01" + std::string(1, '\0');
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (const Value value : values) {
    const auto raw = std::bit_cast<std::array<char, sizeof(Value)>>(value);
    bytes.append(raw.data(), raw.size());
  }
  return bytes;
}

TEST_F(Truth, ASplitOfADataSetHasItsSequencesAndTheirMeanScr) {
  test::WriteEvaluationSet(set_);
  const TruthSet truth = OpenTruth(set_, "test");
  ASSERT_EQ(truth.sequences.size(), 2U);
  EXPECT_EQ(truth.sequences[0].name, "b");
  EXPECT_DOUBLE_EQ(*truth.sequences[0].mean_scr, test::CheckerScr(120));
  EXPECT_EQ(truth.frames(), 4);
  EXPECT_EQ(OpenTruth(set_, "").sequences.size(), 3U);
  EXPECT_THAT(Error("train"), HasSubstr("has no sequence in the split train (train 0, val 1, test 2)"));
}

TEST_F(Truth, APlainFolderOfMasksIsATruthWithoutImages) {
  test::WriteEvaluationSet(folder_.path() / "native");
  CreateFolder(set_);
  fs::copy(folder_.path() / "native" / "mask", set_ / "mask", fs::copy_options::recursive);
  const TruthSet truth = OpenTruth(set_, "");
  EXPECT_EQ(truth.sequences.size(), 3U);
  EXPECT_FALSE(truth.sequences[0].mean_scr);
  const TruthImages images = ReadTruth(truth.sequences[0].frames[0], WithImage::kYes);
  EXPECT_EQ(CountPixels(images.mask), 4);
  EXPECT_TRUE(images.counts.empty());
}

TEST_F(Truth, SaysWhatDoesNotFit) {
  EXPECT_THAT(Error(), HasSubstr("is no folder"));
  CreateFolder(set_);
  EXPECT_THAT(Error(), HasSubstr("neither manifest.json (a finished data set) nor a folder mask/"));
  CreateFolder(set_ / "mask");
  EXPECT_THAT(Error(), HasSubstr("holds no folder of a sequence"));
  CreateFolder(set_ / "mask" / "s");
  EXPECT_THAT(Error(), HasSubstr("holds no frame"));
  WriteFileAtomically(set_ / "mask" / "s" / "0.png", EncodePng(Mask(8, 9)));
  CreateFolder(set_ / "image" / "s");
  EXPECT_THAT(Error(), HasSubstr("0.png has no image in"));
  WriteFileAtomically(set_ / "image" / "s" / "0.png", EncodePng(Mask(8, 10)));
  WriteFileAtomically(set_ / "image" / "s" / "1.png", EncodePng(Mask(8, 9)));
  EXPECT_THAT(Error(), HasSubstr("1.png has no mask in"));
  fs::remove(set_ / "image" / "s" / "1.png");
  const TruthSet truth = OpenTruth(set_, "");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { ReadTruth(truth.sequences[0].frames[0], WithImage::kYes); }),
              HasSubstr("is 10 x 8 px, its mask"));
}

TEST_F(Truth, FramesAreInNaturalOrder) {
  for (const char* name : {"f10.png", "f9.png", "f2.png"}) {
    CreateFolder(set_ / "mask" / "s");
    WriteFileAtomically(set_ / "mask" / "s" / name, EncodePng(Mask(4, 4)));
  }
  const TruthSet truth = OpenTruth(set_, "");
  EXPECT_EQ(truth.sequences[0].frames[0].name, "f2");
  EXPECT_EQ(truth.sequences[0].frames[2].name, "f10");
}

TEST_F(Truth, ScoreMapsOfEightAndSixteenBitsAreSharesOfTheirLargestValue) {
  Image<std::uint16_t> values(1, 2);
  values(0, 1) = 255;
  WriteFileAtomically(folder_.path() / "8.png", EncodePng(values, 8));
  WriteFileAtomically(folder_.path() / "16.png", EncodePng(values, 16));
  EXPECT_EQ(ReadScoreMap(folder_.path() / "8.png").scores(0, 1), 1);
  EXPECT_EQ(ReadScoreMap(folder_.path() / "16.png").scores(0, 1), 255.0F / 65535);
}

TEST_F(Truth, NpyMapsAreReadAsTheyAre) {
  WriteFileAtomically(folder_.path() / "map.npy", Npy<float>("<f4", "(2, 3)", {-1, 2, 3, 4, 5, 6.5F}));
  const Image<float> map = ReadScoreMap(folder_.path() / "map.npy").scores;
  EXPECT_EQ(map.height(), 2);
  EXPECT_EQ(map.width(), 3);
  EXPECT_EQ(map(0, 0), -1);
  EXPECT_EQ(map(1, 2), 6.5F);
  WriteFileAtomically(folder_.path() / "map.npy", Npy<double>("<f8", "(1, 2)", {0.25, 8}));
  EXPECT_EQ(ReadScoreMap(folder_.path() / "map.npy").scores(0, 1), 8);
}

TEST_F(Truth, NpyMapsThatCannotBeUsedAreNamed) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(MapError(Npy<float>("<f4", "(1, 2)", {0, nan})), HasSubstr("column 1, row 0 is not a number"));
  EXPECT_THAT(MapError(Npy<float>("<f4", "(2, 2)", {0, 0})),
              HasSubstr("holds 8 bytes of values, the shape (2, 2) needs 16"));
  EXPECT_THAT(MapError(Npy<float>("<f4", "(2,)", {0, 0})), HasSubstr("allowed: (height, width)"));
  EXPECT_THAT(MapError(Npy<float>("<f4", "(1, 1, 2)", {0, 0})), HasSubstr("allowed: (height, width)"));
  EXPECT_THAT(MapError(Npy<float>(">f4", "(1, 2)", {0, 0})), HasSubstr("allowed: '<f4' and '<f8'"));
  EXPECT_THAT(MapError(Npy<float>("<f4", "(1, 2)", {0, 0}, "True")), HasSubstr("Fortran"));
  EXPECT_THAT(MapError(Npy<float>("<f4", "(1, 2)", {0, 0}).substr(0, 40)), HasSubstr("ends within its NPY header"));
  EXPECT_THAT(MapError(""), HasSubstr("no NPY file"));
}

}  // namespace
}  // namespace mirst
