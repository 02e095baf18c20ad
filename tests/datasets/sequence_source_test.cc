#include "datasets/sequence_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "tests/support/data_folder.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::AsFloat;
using test::ErrorText;
using test::NoiseImage;
using test::WriteBytes;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kHeight = 16;
constexpr int kWidth = 24;

std::vector<std::string> NamesOf(const std::vector<std::unique_ptr<SequenceSource>>& sources) {
  std::vector<std::string> names;
  for (const auto& source : sources) names.push_back(source->info().name);
  return names;
}

class SequenceSourceTest : public testing::Test {
 protected:
  fs::path Folder(const std::string& name) const {
    CreateFolder(folder_.path() / name);
    return folder_.path() / name;
  }
  // A folder of 8-bit noise frames; frame i of stream s has the pixels Noise(s, i).
  fs::path FrameFolder(const std::string& name, const std::vector<std::string>& files, std::uint32_t stream = 0) const {
    const fs::path folder = Folder(name);
    for (std::uint32_t i = 0; i < files.size(); ++i) WriteBytes(folder / files[i], EncodePng(Noise(stream, i), 8));
    return folder;
  }
  static Image<std::uint16_t> Noise(std::uint32_t stream, std::uint32_t index) {
    return NoiseImage(kHeight, kWidth, 8, 1000 * stream + index);
  }
  static std::string OpenError(const fs::path& folder) {
    return ErrorText(ErrorCode::kBadInput, [&] { OpenFolderSource(folder); });
  }
  // A lossless video (FFV1 in AVI) of Noise(stream, 0 ... count - 1), grey as three equal channels.
  fs::path Video(const std::string& name, std::uint32_t stream, int count, double frame_rate_hz = 30) const {
    const fs::path path = folder_.path() / name;
    cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('F', 'F', 'V', '1'), frame_rate_hz,
                           cv::Size(kWidth, kHeight), false);
    if (!writer.isOpened()) throw BadInput("this OpenCV writes no FFV1 video");
    for (int i = 0; i < count; ++i) {
      const Image<std::uint16_t> noise = Noise(stream, static_cast<std::uint32_t>(i));
      cv::Mat picture(kHeight, kWidth, CV_8UC1);
      std::transform(noise.begin(), noise.end(), picture.ptr<std::uint8_t>(),
                     [](std::uint16_t value) { return static_cast<std::uint8_t>(value); });
      writer.write(picture);
    }
    return path;
  }

  TemporaryFolder folder_{"mirst-sources"};
};

// ---- folders

TEST_F(SequenceSourceTest, FramesComeInNaturalOrderWithIndexTimeAndName) {
  const fs::path folder = FrameFolder("clip", {"f8.png", "f9.png", "f10.png", "f11.png"});
  WriteBytes(folder / "README.md", "text");
  const auto source = OpenFolderSource(folder);
  EXPECT_EQ(source->info().name, "clip");
  EXPECT_EQ(source->info().kind, SourceKind::kFolder);
  EXPECT_EQ(source->info().frame_count, 4);
  EXPECT_EQ(source->info().width, kWidth);
  EXPECT_EQ(source->info().height, kHeight);
  EXPECT_EQ(source->info().bit_depth, 8);
  EXPECT_EQ(source->info().frame_names_json, R"(["f8.png","f9.png","f10.png","f11.png"])");
  const std::vector<Frame> frames = source->Read(1, 3);
  ASSERT_EQ(frames.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const Frame& frame = frames[static_cast<std::size_t>(i)];
    EXPECT_EQ(frame.index, i + 1);
    EXPECT_DOUBLE_EQ(frame.time_s, (i + 1) / 25.0);
    EXPECT_EQ(frame.pixels, AsFloat(Noise(0, static_cast<std::uint32_t>(i + 1))));
  }
  EXPECT_EQ(frames[1].name, "f10.png");
}

TEST_F(SequenceSourceTest, FolderHashIsOverNamesAndFileHashesInOrder) {
  const fs::path folder =
      FrameFolder("clip", {"2.png", "10.png", "9.png", "8.png", "7.png", "6.png", "5.png", "4.png", "3.png"});
  std::string lines;
  for (int i = 2; i <= 10; ++i) {
    const std::string name = std::to_string(i) + ".png";
    lines += name + " " + Sha256OfText(ReadFile(folder / name)) + "\n";
  }
  EXPECT_EQ(OpenFolderSource(folder)->info().sha256, Sha256OfText(lines));
}

TEST_F(SequenceSourceTest, SourcesAreReadFromManyThreads) {
  const std::vector<std::unique_ptr<SequenceSource>> sources = [&] {
    std::vector<std::unique_ptr<SequenceSource>> opened;
    opened.push_back(OpenFolderSource(FrameFolder("clip", {"0.png", "1.png", "2.png", "3.png", "4.png", "5.png"})));
    opened.push_back(OpenVideoSource(Video("clip.avi", 0, 6)));
    return opened;
  }();
  std::atomic<int> wrong{0};
  ParallelFor(64, [&](std::size_t task) {
    const int index = static_cast<int>(task * 5 % 6);
    const std::vector<Frame> frames = sources[task % 2]->Read(index, 1);
    if (frames.size() != 1 || frames[0].pixels != AsFloat(Noise(0, static_cast<std::uint32_t>(index)))) ++wrong;
  });
  EXPECT_EQ(wrong, 0);
}

TEST_F(SequenceSourceTest, AGapInTheNumbersIsNamed) {
  EXPECT_THAT(OpenError(FrameFolder("a", {"s_0003.png", "s_0005.png", "s_0006.png"})),
              AllOf(HasSubstr("gap"), HasSubstr("s_0003.png"), HasSubstr("s_0005.png"), HasSubstr("number 4")));
  EXPECT_THAT(OpenError(FrameFolder("b", {"98.png", "99.png", "101.png"})),
              AllOf(HasSubstr("99.png"), HasSubstr("101.png")));
  EXPECT_THAT(OpenError(FrameFolder("c", {"1.png", "01.png"})), HasSubstr("gap"));
  EXPECT_EQ(OpenError(FrameFolder("d", {"1799i.png", "1800i.png", "1801i.png"})), "");
  EXPECT_EQ(OpenError(FrameFolder("e", {"098.png", "099.png", "100.png"})), "");
}

TEST_F(SequenceSourceTest, NamesWithoutOneNumberingAreTakenAsTheyAre) {
  const auto source = OpenFolderSource(FrameFolder("a", {"S1_1.png", "S2_7.png", "Best.png"}));
  EXPECT_EQ(source->info().frame_names_json, R"(["Best.png","S1_1.png","S2_7.png"])");
}

TEST_F(SequenceSourceTest, MixedSizesAndDepthsNameBothFiles) {
  const fs::path sizes = FrameFolder("sizes", {"0.png", "1.png"});
  WriteBytes(sizes / "2.png", EncodePng(NoiseImage(kHeight, kWidth + 1, 8, 3), 8));
  EXPECT_THAT(OpenError(sizes), AllOf(HasSubstr("0.png is 24 x 16"), HasSubstr("2.png is 25 x 16")));
  const fs::path depths = FrameFolder("depths", {"0.png", "1.png"});
  WriteBytes(depths / "2.png", EncodePng(NoiseImage(kHeight, kWidth, 16, 3), 16));
  EXPECT_THAT(OpenError(depths),
              AllOf(HasSubstr("0.png"), HasSubstr("8 bits"), HasSubstr("2.png"), HasSubstr("16 bits")));
}

TEST_F(SequenceSourceTest, UnusableFoldersAreNamed) {
  EXPECT_THAT(OpenError(Folder("empty")), AllOf(HasSubstr("empty"), HasSubstr("no images")));
  EXPECT_THAT(OpenError(folder_.path() / "missing"), HasSubstr("missing"));
  const fs::path broken = FrameFolder("broken", {"0.png", "1.png"});
  WriteBytes(broken / "0.png", EncodePng(Noise(0, 0), 8).substr(0, 80));
  EXPECT_THAT(OpenError(broken), HasSubstr("0.png"));
}

TEST_F(SequenceSourceTest, ACorruptOrChangedFrameIsNamedWhenItIsRead) {
  const fs::path folder = FrameFolder("clip", {"0.png", "1.png", "2.png", "3.png"});
  WriteBytes(folder / "1.png", EncodePng(Noise(0, 1), 8).substr(0, 80));
  const auto source = OpenFolderSource(folder);
  const auto read_error = [&](int index) { return ErrorText(ErrorCode::kBadInput, [&] { source->Read(index, 1); }); };
  EXPECT_THAT(read_error(1), HasSubstr("1.png"));
  WriteBytes(folder / "2.png", EncodePng(NoiseImage(5, 5, 8, 1), 8));
  EXPECT_THAT(read_error(2), AllOf(HasSubstr("2.png"), HasSubstr("5 x 5")));
  fs::remove(folder / "3.png");
  EXPECT_THAT(read_error(3), HasSubstr("3.png"));
  EXPECT_EQ(read_error(0), "");
}

TEST_F(SequenceSourceTest, ReadingOutsideASourceIsADefect) {
  const auto source = OpenFolderSource(FrameFolder("clip", {"0.png", "1.png"}));
  for (const auto& [first, count] :
       std::vector<std::pair<int, int>>{{-1, 1}, {1, 2}, {2, 1}, {0, -1}, {2147483647, 2147483647}}) {
    EXPECT_NE(ErrorText(ErrorCode::kInternal, [&, first = first, count = count] { source->Read(first, count); }), "")
        << first;
  }
  EXPECT_TRUE(source->Read(2, 0).empty());
}

// ---- boxes.csv

class KnownTargets : public SequenceSourceTest {
 protected:
  fs::path folder = FrameFolder("clip", {"0.png", "1.png", "2.png"});
  std::string WithBoxes(const std::string& text) const {
    WriteBytes(folder / "boxes.csv", text);
    return OpenError(folder);
  }
};

TEST_F(KnownTargets, CornersAreOneBasedAndBoxesGrowToWholePixels) {
  ASSERT_EQ(WithBoxes("frame,class,x,y,width,height\r\n"
                      "2.png,bird,1.00,1.00,2.00,3.00\r\n"
                      "\r\n"
                      "0.png,aeroplane,4.30,5.91,9.09,2.09\r\n"
                      "0.png,bird,23.5,-3,10,5\r\n"
                      "1.png,bird,30,2,3,3\r\n"),
            "");
  const auto source = OpenFolderSource(folder);
  const std::vector<KnownTarget>& targets = source->known_targets();
  ASSERT_EQ(targets.size(), 3U);  // the last box lies beside the image
  EXPECT_EQ(targets[0].frame, 0);
  EXPECT_EQ(targets[0].class_name, "aeroplane");
  EXPECT_EQ(targets[0].box, (PixelBox{3, 4, 10, 3}));  // [3.30, 12.39) x [4.91, 7.00)
  EXPECT_EQ(targets[1].box, (PixelBox{22, 0, 2, 1}));  // [22.5, 32.5) x [-4, 1), clipped at 24 columns
  EXPECT_EQ(targets[2].frame, 2);
  EXPECT_EQ(targets[2].box, (PixelBox{0, 0, 2, 3}));
}

TEST_F(KnownTargets, FaultsNameFileAndLine) {
  const std::string header = "frame,class,x,y,width,height\n";
  EXPECT_THAT(WithBoxes(""), HasSubstr("boxes.csv:1"));
  EXPECT_THAT(WithBoxes("frame,x,y,w,h\n"), HasSubstr("boxes.csv:1"));
  EXPECT_THAT(WithBoxes(header + "0.png,a,1,1,2,2\n9.png,a,1,1,2,2\n"),
              AllOf(HasSubstr("boxes.csv:3"), HasSubstr("9.png")));
  EXPECT_THAT(WithBoxes(header + "0.png,a,1,1,2\n"), AllOf(HasSubstr("boxes.csv:2"), HasSubstr("5 columns")));
  for (const std::string number : {"x1", "1x", "", "nan", "inf", "1e9"}) {
    EXPECT_THAT(WithBoxes(header + "0.png,a,1," + number + ",2,2\n"),
                AllOf(HasSubstr("boxes.csv:2"), HasSubstr("y is '" + number)));
  }
  EXPECT_THAT(WithBoxes(header + "0.png,a,1,1,0,2\n"), AllOf(HasSubstr("boxes.csv:2"), HasSubstr("width")));
}

// ---- videos

TEST_F(SequenceSourceTest, ALosslessVideoGivesItsFramesExactlyInAnyOrder) {
  const fs::path file = Video("Flug ü.avi", 7, 12);
  const auto source = OpenVideoSource(file);
  EXPECT_EQ(source->info().name, "Flug ü");
  EXPECT_EQ(source->info().kind, SourceKind::kVideo);
  EXPECT_EQ(source->info().frame_count, 12);
  EXPECT_EQ(source->info().width, kWidth);
  EXPECT_EQ(source->info().height, kHeight);
  EXPECT_DOUBLE_EQ(source->info().frame_rate_hz, 30);
  EXPECT_EQ(source->info().sha256, Sha256OfFile(file));
  for (const int first : {0, 3, 9, 2, 0}) {
    const std::vector<Frame> frames = source->Read(first, 3);
    ASSERT_EQ(frames.size(), 3U);
    for (int i = 0; i < 3; ++i) {
      const Frame& frame = frames[static_cast<std::size_t>(i)];
      EXPECT_EQ(frame.index, first + i);
      EXPECT_DOUBLE_EQ(frame.time_s, (first + i) / 30.0);
      EXPECT_EQ(frame.pixels, AsFloat(Noise(7, static_cast<std::uint32_t>(first + i)))) << first + i;
    }
  }
}

TEST_F(SequenceSourceTest, OnlyFramesThatCanBeDecodedAreCounted) {
  const fs::path file = Video("clip.avi", 8, 40);
  const std::string bytes = ReadFile(file);
  WriteBytes(file, std::string_view(bytes).substr(0, bytes.size() / 2));
  const auto source = OpenVideoSource(file);
  EXPECT_GT(source->info().frame_count, 10);
  EXPECT_LT(source->info().frame_count, 21);
  const int last = source->info().frame_count - 1;
  EXPECT_EQ(source->Read(0, last + 1).size(), static_cast<std::size_t>(last + 1));
}

TEST_F(SequenceSourceTest, FilesThatAreNoVideoAreNamed) {
  const auto video_error = [](const fs::path& file) {
    return ErrorText(ErrorCode::kBadInput, [&] { OpenVideoSource(file); });
  };
  WriteBytes(folder_.path() / "text.avi", "hello");
  WriteBytes(folder_.path() / "empty.avi", "");
  for (const char* name : {"text.avi", "empty.avi", "missing.avi"}) {
    EXPECT_THAT(video_error(folder_.path() / name), HasSubstr(name));
  }
}

TEST_F(SequenceSourceTest, AVideoThatVanishesIsNamedWhenItIsRead) {
  const fs::path file = Video("clip.avi", 9, 3);
  const auto source = OpenVideoSource(file);
  fs::remove(file);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { source->Read(0, 1); }), HasSubstr("clip.avi"));
}

// ---- several paths

TEST_F(SequenceSourceTest, AFolderOfSourcesIsTakenInNaturalOrder) {
  FrameFolder("all/seq10", {"0.png"}, 1);
  FrameFolder("all/seq9", {"0.png"}, 2);
  Folder("all/notes");
  Folder("all/.hidden");
  const fs::path stills = FrameFolder("all/stills", {"a.png", "b.png"}, 3);
  WriteBytes(stills / "c.png", EncodePng(NoiseImage(3, 3, 8, 1), 8));
  fs::rename(Video("clip.avi", 4, 2), folder_.path() / "all/seq2.avi");
  EXPECT_THAT(NamesOf(OpenSources({folder_.path() / "all"})), ElementsAre("seq2", "seq9", "seq10"));
}

TEST_F(SequenceSourceTest, NamesAreMadeUnique) {
  const fs::path a = FrameFolder("x/a", {"0.png"}, 1), b = FrameFolder("y/a", {"0.png"}, 2);
  const fs::path c = FrameFolder("z/a-2", {"0.png"}, 3), d = FrameFolder("w/a", {"0.png"}, 4);
  EXPECT_THAT(NamesOf(OpenSources({a, b, c, d})), ElementsAre("a", "a-2", "a-2-2", "a-3"));
}

TEST_F(SequenceSourceTest, TheSameFramesAreTakenOnce) {
  const fs::path a = FrameFolder("all/a", {"0.png"}, 1);
  FrameFolder("all/copy-of-a", {"0.png"}, 1);
  EXPECT_THAT(NamesOf(OpenSources({folder_.path() / "all", a, a / "../a/"})), ElementsAre("a"));
}

TEST_F(SequenceSourceTest, NamesComeFromFoldersHoweverTheyAreWritten) {
  const fs::path a = FrameFolder("a", {"0.png"}, 1);
  for (const fs::path& path : {a, a / "", a / ".", Folder("b") / "../a"}) {
    EXPECT_EQ(OpenFolderSource(path)->info().name, "a") << path;
  }
}

TEST_F(SequenceSourceTest, PathsWithoutSequencesAreErrors) {
  const fs::path image = FrameFolder("a", {"0.png"}, 1) / "0.png";
  const auto sources_error = [](const fs::path& path) {
    return ErrorText(ErrorCode::kBadInput, [&] { OpenSources({path}); });
  };
  EXPECT_THAT(sources_error(Folder("empty")), HasSubstr("empty"));
  EXPECT_THAT(sources_error(folder_.path() / "missing"), HasSubstr("missing"));
  EXPECT_THAT(sources_error(image), AllOf(HasSubstr("0.png"), HasSubstr("single image")));
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [] { OpenSources({}); }), "");
}

TEST_F(SequenceSourceTest, AGapInAFolderOfSourcesIsAnErrorNotAnOmission) {
  FrameFolder("all/a", {"0.png"}, 1);
  FrameFolder("all/b", {"0.png", "2.png"}, 2);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { OpenSources({folder_.path() / "all"}); }), HasSubstr("gap"));
}

// ---- real sequences

TEST(RealSequences, OpenWithKnownShapesAndTargets) {
  const fs::path root = test::DataFolder() / "backgrounds";
  MIRST_REQUIRE_PATH(root);
  const auto sea = OpenFolderSource(root / "hdd-sea-horizon");
  EXPECT_EQ(sea->info().frame_count, 120);
  EXPECT_EQ(sea->info().width, 320);
  EXPECT_EQ(sea->info().height, 256);
  EXPECT_EQ(sea->info().bit_depth, 8);
  EXPECT_FALSE(sea->known_targets().empty());
  for (const KnownTarget& target : sea->known_targets()) {
    EXPECT_TRUE(PixelBox({0, 0, 320, 256}).Contains(target.box));
    EXPECT_FALSE(target.class_name.empty());
  }
  const auto lawn = OpenFolderSource(root / "cptv16-lawn");
  EXPECT_EQ(lawn->info().frame_count, 161);
  EXPECT_EQ(lawn->info().width, 160);
  EXPECT_EQ(lawn->info().height, 120);
  EXPECT_EQ(lawn->info().bit_depth, 16);
  EXPECT_TRUE(lawn->known_targets().empty());
  const std::vector<Frame> frames = lawn->Read(0, 161);
  const auto [low, high] = std::minmax_element(frames[80].pixels.begin(), frames[80].pixels.end());
  EXPECT_GT(*low, 255);  // raw counts of a 14-bit core
  EXPECT_LT(*high, 16384);
}

}  // namespace
}  // namespace mirst
