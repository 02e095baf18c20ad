// Predictions made elsewhere: boxes as text, maps of floats.
#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfOutputFile.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "core/file.h"
#include "datasets/box_files.h"
#include "datasets/score_map.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;
using test::ErrorText;
using testing::HasSubstr;

class ScoreFiles : public testing::Test {
 protected:
  std::string BoxError(const std::string& text, const std::string& name = "s.csv") {
    WriteFileAtomically(folder_.path() / name, text);
    const std::string error = ErrorText(ErrorCode::kBadInput, [&] { ReadBoxes(folder_.path(), "s", {"f1", "f2"}); });
    fs::remove(folder_.path() / name);
    return error;
  }
  TemporaryFolder folder_{"mirst-scores"};
};

TEST_F(ScoreFiles, BoxesOfATableGoToTheirFrames) {
  WriteFileAtomically(folder_.path() / "s.csv",
                      "frame,score,x,y,width,height,class\nf2.png,0.75,1,2.5,3,4,boat\nf2,1,0,0,1,1,\n");
  const auto boxes = ReadBoxes(folder_.path(), "s", {"f1", "f2"});
  ASSERT_EQ(boxes->size(), 2U);
  EXPECT_TRUE((*boxes)[0].empty());
  ASSERT_EQ((*boxes)[1].size(), 2U);
  EXPECT_EQ((*boxes)[1][0], (FileBox{1, 2.5, 3, 4, 0.75, "boat"}));
  EXPECT_FALSE(ReadBoxes(folder_.path(), "other", {"f1"}));
}

TEST_F(ScoreFiles, BoxesOfJsonAreThoseThatDetectWrites) {
  WriteFileAtomically(folder_.path() / "s.json",
                      R"({"sequence": "s", "frames": [{"frame": "f1.png", "index": 0, "boxes": [
                        {"box_xywh": [3, 4, 5, 6], "centroid_xy": [5, 6], "area_px": 20, "score": 0.9}]}]})");
  const auto boxes = ReadBoxes(folder_.path(), "s", {"f1", "f2"});
  EXPECT_EQ((*boxes)[0][0], (FileBox{3, 4, 5, 6, 0.9, ""}));
  EXPECT_TRUE((*boxes)[1].empty());
}

TEST_F(ScoreFiles, BoxesThatCannotBeUsedAreNamed) {
  const std::string head = "frame,x,y,width,height\n";
  EXPECT_THAT(BoxError(head + "f3,0,0,1,1\n"), HasSubstr("s.csv: line 2: the sequence has no frame 'f3'"));
  EXPECT_THAT(BoxError(head + "f1,0,0,0,1\n"), HasSubstr("a box of 0 x 1 px"));
  EXPECT_THAT(BoxError(head + "f1,a,0,1,1\n"), HasSubstr("x is 'a', allowed: a number"));
  EXPECT_THAT(BoxError(head + "f1,0,0,1\n"), HasSubstr("4 values, the first line names 5 columns"));
  EXPECT_THAT(BoxError("frame,x,y,width\n"), HasSubstr("the column 'height' is missing"));
  EXPECT_THAT(BoxError(""), HasSubstr("the file is empty"));
  EXPECT_THAT(BoxError("{", "s.json"), HasSubstr("not valid JSON"));
  EXPECT_THAT(BoxError(R"({"frames": [{"frame": "f1", "boxes": [{}]}]})", "s.json"), HasSubstr("box_xywh"));
}

TEST_F(ScoreFiles, TiffAndExrMapsOfFloatsAreReadAsTheyAre) {
  Image<float> map(2, 3);
  for (std::size_t i = 0; i < map.size(); ++i) map.data()[i] = 0.1F * static_cast<float>(i) - 7;
  cv::Mat pixels(2, 3, CV_32F, map.data());
  ASSERT_TRUE(cv::imwrite((folder_.path() / "map.tif").string(), pixels));
  const std::string exr = (folder_.path() / "map.exr").string();
  {
    Imf::Header header(3, 2);
    header.channels().insert("Y", Imf::Channel(Imf::FLOAT));
    Imf::OutputFile file(exr.c_str(), header);
    Imf::FrameBuffer buffer;
    buffer.insert("Y", Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(map.data()), sizeof(float), 3 * sizeof(float)));
    file.setFrameBuffer(buffer);
    file.writePixels(2);
  }
  for (const char* name : {"map.tif", "map.exr"}) {
    const ScoreMap read = ReadScoreMap(folder_.path() / name);
    EXPECT_EQ(read.scores, map) << name;
    EXPECT_FALSE(read.eight_bit) << name;
    EXPECT_TRUE(IsScoreMapFile(folder_.path() / name));
  }
  const std::string bytes = ReadFile(exr);
  for (const std::string& broken : {bytes.substr(0, bytes.size() / 2), std::string("x"), std::string()}) {
    WriteFileAtomically(exr, broken);
    EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { ReadScoreMap(exr); }), HasSubstr("map.exr"));
  }
}

}  // namespace
}  // namespace mirst
