#include "datasets/layouts/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/json.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/convert.h"
#include "datasets/layouts/diff.h"
#include "datasets/layouts/layout_table.h"
#include "tests/support/layout_sets.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using test::WriteBytes;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class LayoutTest : public testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  ConvertReport To(const std::string& layout, const std::string& in, const std::string& out) const {
    ConvertOptions options;
    options.to = layout;
    return Convert(Path(in), Path(out), options);
  }
  std::string ConvertError(const std::string& in, const std::string& from = "") const {
    ConvertOptions options;
    options.from = from;
    options.to = "native";
    const std::string error = ErrorText(ErrorCode::kBadInput, [&] { Convert(Path(in), Path("out"), options); });
    EXPECT_FALSE(fs::exists(Path("out")));
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path()))
      EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr(".partial")));
    return error;
  }
  static std::string Text(const fs::path& path) { return ReadFile(path); }

  TemporaryFolder folder_{"mirst-layout"};
};

class EveryLayout : public LayoutTest, public testing::WithParamInterface<std::string> {};

TEST_P(EveryLayout, GivesBackTheFramesMasksAndBoxesThatItTook) {
  test::WriteNativeSet(Path("set"));
  const ConvertReport report = To(GetParam(), "set", "other");
  EXPECT_EQ(report.frames, 9);
  EXPECT_EQ(report.targets, 9);
  EXPECT_EQ(DetectLayout(Path("other")).name, GetParam());
  const DiffReport there = DiffSets(Path("set"), Path("other"), {});
  EXPECT_TRUE(there.equal()) << there.worst << testing::PrintToString(there.structure);
  EXPECT_EQ(there.frames, 9);
  const ConvertReport back = To("native", "other", "again");
  EXPECT_EQ(back.from, GetParam());
  const DiffReport round = DiffSets(Path("other"), Path("again"), {});
  EXPECT_TRUE(round.equal()) << round.worst << testing::PrintToString(round.structure);
}

TEST_P(EveryLayout, WritesTheSameBytesTwice) {
  test::WriteNativeSet(Path("set"));
  To(GetParam(), "set", "one");
  To(GetParam(), "set", "two");
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Path("one"))) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(Text(entry.path()), Text(Path("two") / entry.path().lexically_relative(Path("one")))) << entry.path();
  }
  EXPECT_GT(files, 3U);
}

TEST_P(EveryLayout, KeepsSixteenBitsOrRefusesThem) {
  test::WriteNativeSet(Path("set"), 16);
  if (FindLayout(GetParam()).holds.sixteen_bit) {
    To(GetParam(), "set", "other");
    const DiffReport report = DiffSets(Path("set"), Path("other"), {});
    EXPECT_TRUE(report.equal()) << report.worst;
  } else {
    EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { To(GetParam(), "set", "other"); }),
                HasSubstr("16 bits, allowed: 8"));
    EXPECT_FALSE(fs::exists(Path("other")));
  }
}

TEST_P(EveryLayout, SeesAChangedPixelAndAMaskThatIsGone) {
  test::WriteNativeSet(Path("set"));
  To(GetParam(), "set", "other");
  Image<std::uint16_t> image = ReadImage(Path("set") / "image/b/000001.png");
  const std::uint16_t before = image(11, 17);
  image(11, 17) = static_cast<std::uint16_t>(before < 250 ? before + 3 : before - 3);
  WriteFileAtomically(Path("set") / "image/b/000001.png", EncodePng(image, 8));
  const DiffReport pixels = DiffSets(Path("set"), Path("other"), {});
  EXPECT_EQ(pixels.pixels, 1);
  EXPECT_EQ(pixels.largest, 3);
  EXPECT_THAT(pixels.worst, HasSubstr(fmt::format("sequence b, frame 000001, x 17, y 11: {} counts", image(11, 17))));
  DiffOptions tolerant;
  tolerant.tolerance = 3;
  EXPECT_TRUE(DiffSets(Path("set"), Path("other"), tolerant).equal());
  WriteFileAtomically(Path("set") / "mask/a/000000.png", EncodePng(Mask(20, 24)));
  const DiffReport masks = DiffSets(Path("set"), Path("other"), tolerant);
  EXPECT_EQ(masks.masks, FindLayout(GetParam()).holds.masks ? 1 : 0);
}

INSTANTIATE_TEST_SUITE_P(Layouts, EveryLayout, testing::ValuesIn(test::ForeignLayouts()),
                         [](const auto& layout) { return layout.param; });

TEST_F(LayoutTest, NativeAndShardsKeepTheDataSetId) {
  const std::string id = test::WriteNativeSet(Path("set"), 16);
  To("native", "set", "copy");
  To("webdataset", "set", "shards");
  To("native", "shards", "back");
  EXPECT_EQ(SampleStoreReader(Path("copy")).manifest().dataset_id, id);
  EXPECT_EQ(SampleStoreReader(Path("back")).manifest().dataset_id, id);
  EXPECT_THAT(To("webdataset", "set", "lossless").losses, IsEmpty());
}

TEST_F(LayoutTest, AShardEndsAtItsSizeAndKeepsFramesWhole) {
  test::WriteNativeSet(Path("set"));
  ConvertOptions options;
  options.to = "webdataset";
  options.shard_bytes = 1;
  Convert(Path("set"), Path("shards"), options);
  for (const char* name : {"train-000002.tar", "val-000000.tar", "test-000001.tar"})
    EXPECT_TRUE(fs::exists(Path("shards") / name)) << name;
  EXPECT_TRUE(DiffSets(Path("set"), Path("shards"), {}).equal());
}

TEST_F(LayoutTest, WhatALayoutCannotHoldIsListed) {
  test::WriteNativeSet(Path("set"));
  const std::vector<std::string> mot = To("mot", "set", "mot").losses;
  EXPECT_THAT(mot, Contains(StartsWith("exact masks")));
  EXPECT_THAT(mot, Contains(StartsWith("ignore masks")));
  EXPECT_THAT(mot, Contains(StartsWith("SCR")));
  EXPECT_THAT(mot, testing::Not(Contains(StartsWith("ids"))));
  const std::vector<std::string> single = To("basicirstd", "set", "single").losses;
  EXPECT_THAT(single, Contains(StartsWith("sequences")));
  EXPECT_THAT(single, Contains(StartsWith("classes")));
  const Json record = ParseJson(Text(Path("mot") / "conversion.json"));
  EXPECT_EQ(record["losses"].get<std::vector<std::string>>(), mot);
  EXPECT_EQ(record["sequences"][1]["name"], "b");
}

TEST_F(LayoutTest, NumbersThatAreNoTracksAreCalledSo) {
  test::WriteNativeSet(Path("set"), 16);
  EXPECT_THAT(To("mot", "set", "tracks").notes, testing::Not(Contains(HasSubstr("no tracks"))));
  EXPECT_THAT(To("irdst_real", "set", "real").notes, Contains(StartsWith("frames of 16 bits stay so")));
  const std::vector<std::string> notes = To("mot", "real", "mot").notes;
  EXPECT_THAT(notes, Contains("the set tells no ids: targets are numbered in each frame anew and are no tracks"));
  EXPECT_THAT(notes, Contains("the set has no split: all of it stands in train"));
}

TEST_F(LayoutTest, OneSplitAloneIsTaken) {
  test::WriteNativeSet(Path("set"));
  ConvertOptions options;
  options.to = "coco";
  options.split = "val";
  EXPECT_EQ(Convert(Path("set"), Path("val"), options).sequences, 1);
  EXPECT_TRUE(fs::exists(Path("val") / "annotations/instances_val.json"));
  EXPECT_FALSE(fs::exists(Path("val") / "annotations/instances_train.json"));
}

TEST_F(LayoutTest, OnlyAFormerConversionIsReplaced) {
  test::WriteNativeSet(Path("set"));
  ConvertOptions options;
  options.to = "yolo";
  Convert(Path("set"), Path("out"), options);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { Convert(Path("set"), Path("out"), options); }),
              HasSubstr("already holds a conversion"));
  options.existing = Existing::kReplace;
  options.to = "mot";
  Convert(Path("set"), Path("out"), options);
  EXPECT_EQ(DetectLayout(Path("out")).name, "mot");
  CreateFolder(Path("mine"));
  WriteBytes(Path("mine") / "thesis.txt", "years of work");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { Convert(Path("set"), Path("mine"), options); }),
              HasSubstr("holds what is no conversion"));
  EXPECT_EQ(Text(Path("mine") / "thesis.txt"), "years of work");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { Convert(Path("set"), Path("set/inside"), options); }),
              HasSubstr("lies inside the data set"));
}

TEST_F(LayoutTest, AMixHoldsTheFrameLastAndItsFourPredecessors) {
  test::WriteNativeSet(Path("set"));
  To("nudt_mirsdt", "set", "nudt");
  EXPECT_EQ(Text(Path("nudt") / "train.txt"),
            "Sequence1/Mix/00001.mat\nSequence1/Mix/00002.mat\nSequence1/Mix/00003.mat\n");
  const Mask centroid = ReadMask(Path("nudt") / "Sequence1/masks_centroid/00001.png");
  EXPECT_EQ(CountPixels(centroid), 1);  // the target's centroid (4.1, 6.33), rounded
  EXPECT_EQ(centroid(6, 4), 255);
}

TEST_F(LayoutTest, ExportedNumbersFollowEachFormatsConvention) {
  // The target of frame 0 covers x 4 ... 5, y 6, in an image of 24 x 20 px.
  test::WriteNativeSet(Path("set"));
  for (const char* layout : {"mot", "voc", "yolo", "coco_vid", "daub", "boxes_csv", "irdst"}) To(layout, "set", layout);
  EXPECT_THAT(Text(Path("mot/train/a/gt/gt.txt")),
              StartsWith("1,1,5,7,2,1,1,1,1\n2,1,5,7,2,1,1,1,1\n2,2,9,7,2,1,1,1,1\n"));
  EXPECT_THAT(Text(Path("voc/Annotations/a_000000.xml")),
              HasSubstr("<xmin>5</xmin><ymin>7</ymin><xmax>6</xmax><ymax>7</ymax>"));
  const std::string label = Text(Path("yolo/labels/train/a/000000.txt"));
  EXPECT_EQ(label, fmt::format("0 {} {} {} {}\n", 5.0 / 24, 6.5 / 20, 2.0 / 24, 1.0 / 20));
  const Json coco = ParseJson(Text(Path("coco_vid/annotations/instances_train.json")));
  EXPECT_EQ(coco["annotations"][0]["bbox"], Json({4, 6, 2, 1}));
  EXPECT_EQ(coco["annotations"][0]["segmentation"]["counts"], Json({4 * 20 + 6, 1, 19, 1, 18 * 20 + 13}));
  EXPECT_EQ(coco["annotations"][2]["instance_id"], 2);
  EXPECT_EQ(coco["images"][1]["frame_id"], 1);
  EXPECT_THAT(Text(Path("daub/train.txt")),
              StartsWith("images/a/000000.png 4,6,6,7,0\nimages/a/000001.png 4,6,6,7,0 8,6,10,7,0\n"));
  EXPECT_THAT(Text(Path("boxes_csv/a/boxes.csv")), HasSubstr("000000.png,quadrotor,5,7,2,1\n"));
  EXPECT_EQ(Text(Path("irdst/boxes/00000000.txt")), "4,6,2,1\n");
}

// ---- sets of others

TEST_F(LayoutTest, AFolderInNoLayoutIsToldWhatEachWouldNeed) {
  CreateFolder(Path("set"));
  const std::string error = ConvertError("set");
  EXPECT_THAT(error, HasSubstr("is in no known layout"));
  EXPECT_THAT(error, HasSubstr("native: no manifest.json"));
  EXPECT_THAT(error, HasSubstr("mot: no <seq>/img1/ with gt/gt.txt"));
  EXPECT_THAT(ConvertError("none"), HasSubstr("none is no folder"));
  EXPECT_THAT(ErrorText(ErrorCode::kUsage, [] { FindLayout("kitti"); }), HasSubstr("allowed: native, webdataset"));
}

TEST_F(LayoutTest, ListsThatNameMissingFramesAreRefused) {
  test::WriteNativeSet(Path("set"));
  To("nudt_mirsdt", "set", "nudt");
  AppendText(Path("nudt/test.txt"), "Sequence3/Mix/00009.mat\n");
  EXPECT_THAT(ConvertError("nudt"), HasSubstr("names the frame Sequence3/Mix/00009.mat, which is missing"));
  To("irdst_dtum", "set", "dtum");
  AppendText(Path("dtum/img_idx/train_mirst.txt"), "a/7\n");
  EXPECT_THAT(ConvertError("dtum"), HasSubstr("names the frame a/7, which has no image"));
  To("basicirstd", "set", "basic");
  AppendText(Path("basic/img_idx/test_mirst.txt"), "x\n");
  EXPECT_THAT(ConvertError("basic"), HasSubstr("names the picture x, which images/ does not hold"));
  To("irsatvideo_leo", "set", "leo");
  AppendText(Path("leo/img_idx/a.txt"), "0077\n");
  EXPECT_THAT(ConvertError("leo"), HasSubstr("names the frame 0077, which images/a does not hold"));
  To("mot", "set", "mot");
  AppendText(Path("mot/train/a/gt/gt.txt"), "9,1,5,7,2,1,1,1,1\n");
  EXPECT_THAT(ConvertError("mot"), HasSubstr("names the frame 9, which img1/ does not hold"));
  To("daub", "set", "daub");
  AppendText(Path("daub/val.txt"), "images/b/9.png 1,2,3,4,0\n");
  EXPECT_THAT(ConvertError("daub"), HasSubstr("val.txt:4: it names the frame images/b/9.png, which is missing"));
}

TEST_F(LayoutTest, ListsThatLeaveTheFolderAreRefused) {
  test::WriteNativeSet(Path("set"));
  To("nudt_mirsdt_png", "set", "nudt");
  AppendText(Path("nudt/test.txt"), "../set/image/a/000000.png\n");
  EXPECT_THAT(ConvertError("nudt"), HasSubstr("found the path '../set/image/a/000000.png', allowed: one below"));
  To("daub", "set", "daub");
  AppendText(Path("daub/val.txt"), (Path("set") / "image/a/000000.png 1,2,3,4,0\n").string());
  EXPECT_THAT(ConvertError("daub"), HasSubstr("allowed: one below the set's own folder"));
  To("coco", "set", "coco");
  std::string text = Text(Path("coco/annotations/instances_val.json"));
  text.replace(text.find("b/000000.png"), 12, "../../../a.p");
  WriteFileAtomically(Path("coco/annotations/instances_val.json"), text);
  EXPECT_THAT(ConvertError("coco"), HasSubstr("allowed: one below the set's own folder"));
}

TEST_F(LayoutTest, BoxesOutsideTheImageAreRefusedAndThoseAtItsEdgeClipped) {
  test::WriteNativeSet(Path("set"));
  To("mot", "set", "mot");
  WriteFileAtomically(Path("mot/train/a/gt/gt.txt"), "1,1,24,20,5,5,1,1,1\n");
  ConvertOptions options;
  options.to = "native";
  EXPECT_THAT(Convert(Path("mot"), Path("clipped"), options).notes,
              Contains("boxes that reach beyond the image are clipped at its edge (1 frames)"));
  const auto reader = FindLayout("native").open(Path("clipped"));
  EXPECT_EQ(reader->Read(0, 0).labelled.annotation.targets[0].box, (PixelBox{23, 19, 1, 1}));
  WriteFileAtomically(Path("mot/train/a/gt/gt.txt"), "1,1,25,1,5,5,1,1,1\n");
  EXPECT_THAT(ConvertError("mot"),
              HasSubstr("sequence a, frame 000001: the box [24, 0, 5, 5] lies outside the image of 24 x 20 px"));
  WriteFileAtomically(Path("mot/train/a/gt/gt.txt"), "1,1,2,1,-5,5,1,1,1\n");
  EXPECT_THAT(ConvertError("mot"), HasSubstr("has no extent"));
  WriteFileAtomically(Path("mot/train/a/gt/gt.txt"), "1,1,2,1,5,5\n1,1,2,1,5,5\n");
  EXPECT_THAT(ConvertError("mot"), HasSubstr("the target 1 comes twice in one frame"));
  WriteFileAtomically(Path("mot/train/a/gt/gt.txt"), "1,1,2,x,5,5\n");
  EXPECT_THAT(ConvertError("mot"), HasSubstr("gt.txt: line 1: found 'x', expected a number"));
}

TEST_F(LayoutTest, MasksThatDoNotFitAreRefused) {
  test::WriteNativeSet(Path("set"));
  To("shu_mirst", "set", "shu");
  WriteFileAtomically(Path("shu/mask/a/000001.png"), EncodePng(Mask(20, 23)));
  EXPECT_THAT(ConvertError("shu"), HasSubstr("000001.png is 23 x 20 px, its image 24 x 20"));
  fs::remove(Path("shu/mask/a/000001.png"));
  EXPECT_THAT(ConvertError("shu"), HasSubstr("has no mask in"));
  To("satvideoirsdt", "set", "sat");
  fs::remove(Path("sat/val/b/img/000001.png"));
  EXPECT_THAT(ConvertError("sat"), HasSubstr("has no image in"));
  WriteFileAtomically(Path("sat/val/b/img/000001.png"), EncodePng(Mask(20, 24)));
  WriteFileAtomically(Path("sat/val/b/img/000001.bmp"), "BM");
  EXPECT_THAT(ConvertError("sat"), HasSubstr("holds two images named 000001"));
}

TEST_F(LayoutTest, InstanceMasksOfSatelliteVideosNumberTheTargets) {
  test::WriteNativeSet(Path("set"));
  To("irsatvideo_leo", "set", "leo");
  Image<std::uint16_t> ids(20, 24);
  for (int x = 3; x < 9; ++x) ids(5, x) = x < 6 ? 7 : 2;  // two targets that touch
  WriteFileAtomically(Path("leo/masks/a/000000.png"), EncodePng(ids, 8));
  const LayoutFrame frame = FindLayout("irsatvideo_leo").open(Path("leo"))->Read(0, 0);
  ASSERT_EQ(frame.labelled.annotation.targets.size(), 2U);
  EXPECT_EQ(frame.labelled.annotation.targets[0].id, 2);
  EXPECT_EQ(frame.labelled.annotation.targets[0].box, (PixelBox{6, 5, 3, 1}));
  EXPECT_EQ(frame.labelled.annotation.targets[1].id, 7);
}

TEST_F(LayoutTest, ACocoSetOfOthersIsReadWithItsPolygons) {
  CreateFolder(Path("set/annotations"));
  CreateFolder(Path("set/val2017"));
  WriteFileAtomically(Path("set/1.png"), EncodePng(Mask(6, 8)));
  WriteFileAtomically(Path("set/annotations/val.json"),
                      R"({"images": [{"id": 3, "file_name": "1.png", "width": 8, "height": 6}],
    "categories": [{"id": 9, "name": "bird"}],
    "annotations": [{"id": 1, "image_id": 3, "category_id": 9, "bbox": [2, 1, 3, 2], "iscrowd": 0,
                     "segmentation": [[2, 1, 5, 1, 5, 3, 2, 3]]}]})");
  const LayoutFrame frame = FindLayout("coco").open(Path("set"))->Read(0, 0);
  EXPECT_EQ(CountPixels(frame.labelled.mask), 6);
  EXPECT_EQ(BoundingBox(frame.labelled.mask), (PixelBox{2, 1, 3, 2}));
  EXPECT_EQ(frame.labelled.annotation.targets[0].class_name, "bird");
}

}  // namespace
}  // namespace mirst
