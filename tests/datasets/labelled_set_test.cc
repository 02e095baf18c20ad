#include "datasets/labelled_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/videoio.hpp>

#include "core/file.h"
#include "datasets/preview.h"
#include "datasets/statistics.h"
#include "tests/support/checkerboard_samples.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Two targets: 4 px of level 140 (SCR 4), moving by (3, 4), and 8 px of level 70 (SCR 3), standing.
LabelledFrame TwoTargets(int index) {
  return test::CheckerFrame(index, {{{30 + 3 * index, 30 + 4 * index, 2, 2}, 140, 1}, {{70, 40, 4, 2}, 70, 2}});
}

class PlainFolder : public ::testing::Test {
 protected:
  fs::path Root() const { return temporary_.path() / "plain"; }
  void Write(const std::string& path, const std::string& bytes) const {
    CreateFolder((Root() / path).parent_path());
    WriteFileAtomically(Root() / path, bytes);
  }
  void WriteFrame(const std::string& image, const std::string& mask, int index) const {
    const LabelledFrame frame = TwoTargets(index);
    Write(image, EncodePng(CountsOf(frame.frame), 8));
    if (!mask.empty()) Write(mask, EncodePng(frame.mask));
  }
  void WriteSequences() const {
    for (int i = 0; i < 3; ++i) {
      const std::string name = std::to_string(i) + ".png";
      WriteFrame("image/s/" + name, "mask/s/" + name, i);
    }
  }
  std::string Refusal() const {
    return test::ErrorText(ErrorCode::kBadInput, [&] { LabelledSet set(Root()); });
  }
  TemporaryFolder temporary_;
};

TEST_F(PlainFolder, RegionsOfTheMaskBecomeTracksWithTheClosedFormsOfTheBoard) {
  WriteSequences();
  Write("test.txt", "s\n");
  const LabelledSet set(Root());
  EXPECT_EQ(set.layout(), SetLayout::kMasks);
  const DataSetStatistics statistics = MeasureDataSet(set);
  ASSERT_EQ(statistics.targets.size(), 6U);
  for (const TargetStatistics& t : statistics.targets) {
    const bool is_hot = t.area_px == 4;
    EXPECT_EQ(t.polarity, is_hot ? 1 : -1);
    EXPECT_NEAR(t.scr_measured, test::CheckerScr(is_hot ? 140 : 70), 1e-9);
    EXPECT_NEAR(t.scr.at("box20"), t.scr_measured, 0);
    EXPECT_NEAR(t.speed_px_per_frame.value(), is_hot ? 5 : 0, 1e-12);
    EXPECT_FALSE(t.scr_empty.has_value());
  }
  const GroupStatistics all = Summarise(statistics, "");
  EXPECT_EQ(all.track_frames.count, 2);
  EXPECT_EQ(all.track_frames.min, 3);
  EXPECT_EQ(all.frames_by_targets, (std::map<int, std::int64_t>{{2, 3}}));
  EXPECT_EQ(Summarise(statistics, "test").targets, 6);
  EXPECT_EQ(all.places[static_cast<std::size_t>(30 * kPlaceRows / 100 * kPlaceColumns + 30 * kPlaceColumns / 120)], 1);
  EXPECT_NEAR(statistics.sequences[0].entropy_bits, 1, 0.1);  // half dark, half bright, and few target pixels
}

TEST_F(PlainFolder, BackgroundsGiveWhatTheTargetAdds) {
  WriteSequences();
  for (int i = 0; i < 3; ++i)
    Write("background/s/" + std::to_string(i) + ".png", EncodePng(CountsOf(test::CheckerFrame(i, {}).frame), 8));
  for (const TargetStatistics& t : MeasureDataSet(LabelledSet(Root())).targets) {
    EXPECT_NEAR(t.scr_empty.value(), 0, 1e-9);  // as many dark as bright pixels under the mask
    EXPECT_NEAR(t.scr_delta.value(), t.polarity * t.scr_measured, 1e-9);
  }
}

TEST_F(PlainFolder, SinglePicturesHaveNoTracksAndNoSpeeds) {
  WriteFrame("images/Misc_1.png", "masks/Misc_1.png", 0);
  WriteFrame("images/Misc_7.png", "masks/Misc_7.png", 5);
  const DataSetStatistics statistics = MeasureDataSet(LabelledSet(Root()));
  const GroupStatistics all = Summarise(statistics, "");
  EXPECT_EQ(all.targets, 4);
  EXPECT_EQ(all.speed_px_per_frame.count, 0);
  EXPECT_EQ(all.track_frames.count, 0);
}

TEST_F(PlainFolder, BoxesAreTakenAsTargetsFromOneBasedCorners) {
  for (int i = 0; i < 2; ++i) WriteFrame("clip/" + std::to_string(i) + ".png", "", i);
  Write("clip/boxes.csv",
        "frame,class,x,y,width,height\n0.png,bird,31,31,2,2\n1.png,bird,34,35,2,2\n1.png,jet,71,41,4,2\n");
  const LabelledSet set(Root());
  EXPECT_EQ(set.layout(), SetLayout::kBoxes);
  const DataSetStatistics statistics = MeasureDataSet(set);
  ASSERT_EQ(statistics.targets.size(), 3U);
  EXPECT_EQ(statistics.targets[0].box, (PixelBox{30, 30, 2, 2}));
  EXPECT_EQ(statistics.targets[0].class_name, "bird");
  EXPECT_EQ(statistics.targets[1].speed_px_per_frame, 5);
  EXPECT_EQ(statistics.targets[2].class_name, "jet");
  EXPECT_NEAR(statistics.targets[0].scr_measured, 40 / (std::sqrt(100.0) + 1e-5), 0.5);
}

TEST_F(PlainFolder, WhatIsMissingIsSaidInOneSentence) {
  EXPECT_THAT(Refusal(), HasSubstr("plain is no folder"));
  CreateFolder(Root());
  EXPECT_THAT(Refusal(), HasSubstr("is no data set"));
  WriteSequences();
  fs::remove(Root() / "mask/s/1.png");
  EXPECT_THAT(Refusal(), HasSubstr("1.png has no mask"));
  WriteFrame("image/s/1.bmp.png", "mask/s/1.png", 0);
  EXPECT_THAT(Refusal(), HasSubstr("1.bmp.png has no mask"));
}

TEST_F(PlainFolder, ThePreviewPlaysItsSequencesAsAFilm) {
  WriteSequences();
  const LabelledSet set(Root());
  const fs::path film = temporary_.path() / "film.mp4";
  EXPECT_EQ(WritePreviewVideo(set, 4, {.frames = 10, .frames_per_s = 5}, film), 3);
  cv::VideoCapture capture(film.string());
  cv::Mat frame;
  int frames = 0;
  for (; capture.read(frame); ++frames) {
    EXPECT_EQ(frame.cols, SheetSizeOf(1).width);
    EXPECT_EQ(frame.rows, SheetSizeOf(1).height);
  }
  EXPECT_EQ(frames, 3);
  EXPECT_THAT(test::ErrorText(ErrorCode::kBadInput,
                              [&] { WritePreviewVideo(set, 4, {}, temporary_.path() / "none" / "film.mp4"); }),
              HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace mirst
