// Relabelling: masks that follow from the coverage, and labels that follow from the masks.
#include "datasets/relabel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/file.h"
#include "metrics/scr.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

// Two blobs of coverage side by side: full in the middle, half and a fifth at the rims; targets 1 (left) and 2.
LabelledFrame TwoBlobs() {
  Sample sample = test::MakeSample("two", 8, 1);
  LabelledFrame frame = std::move(sample.frames[1]);
  frame.coverage = Image<std::uint16_t>(20, 24);
  frame.mask.Fill(0);
  frame.instance->Fill(0);
  const std::array<double, 5> row = {0.2, 0.5, 1, 0.5, 0.2};
  for (int id : {1, 2}) {
    for (int i = 0; i < 5; ++i)
      frame.coverage(6, 5 * id + i) = static_cast<std::uint16_t>(65535 * row[static_cast<std::size_t>(i)] + 0.5);
    frame.mask(6, 5 * id + 2) = 255;
    (*frame.instance)(6, 5 * id + 2) = static_cast<std::uint16_t>(id);
    Annotation& target = frame.annotation.targets[static_cast<std::size_t>(id - 1)];
    target.box = {5 * id + 2, 6, 1, 1};
    target.area_px = 1;
  }
  return frame;
}

TEST(Relabel, MasksBoxesAndInstancesFollowTheCoverageOfEachTarget) {
  // Blob 1 covers columns 5 to 9, blob 2 10 to 14: they touch, and every pixel goes to its own target.
  const std::map<std::string, int> widths = {{"half_max", 3},
                                             {"coverage:0.1", 5},
                                             {"coverage:0.6", 1},
                                             {"energy:0.41", 1},
                                             {"energy:0.8", 3}};  // of 2.4 in all: 1, 2
  for (const auto& [rule, width] : widths) {
    LabelledFrame frame = TwoBlobs();
    Relabel(frame, ParseRelabelRule(rule), &*frame.background);
    for (const Annotation& target : frame.annotation.targets) {
      EXPECT_EQ(target.area_px, width) << rule;
      EXPECT_EQ(target.box, (PixelBox{5 * target.id + 2 - width / 2, 6, width, 1})) << rule;
      const auto own = std::count(frame.instance->begin(), frame.instance->end(), target.id);
      EXPECT_EQ(own, width) << rule;
      Mask mask(20, 24);
      std::transform(frame.instance->begin(), frame.instance->end(), mask.begin(),
                     [&](std::uint16_t id) -> std::uint8_t { return id == target.id ? 255 : 0; });
      const ScrMeasurement measured =
          MeasureBox20(frame.frame.pixels, mask, frame.mask, Box20Rule::ForBitDepth(frame.frame.bit_depth));
      EXPECT_EQ(target.scr.at("box20"), measured.scr) << rule;
      EXPECT_EQ(target.scr_delta, ScrDelta(frame.frame.pixels, *frame.background, mask, measured.sigma_background));
      EXPECT_TRUE(target.scr_float.empty());
    }
    EXPECT_EQ(CountPixels(frame.mask), 2 * width) << rule;
  }
}

TEST(Relabel, WithoutABackgroundTheFormerMaskIsNamed) {
  LabelledFrame frame = TwoBlobs();
  frame.annotation.targets[0].scr_empty = 0.25;
  Relabel(frame, ParseRelabelRule("half_max"), nullptr);
  const Flag* flag = frame.annotation.targets[0].FindFlag("former_mask");
  ASSERT_NE(flag, nullptr);
  EXPECT_EQ(flag->value, 1);
  EXPECT_EQ(frame.annotation.targets[0].scr_empty, 0.25);
}

TEST(Relabel, RefusesAnEmptyMaskAndAMissingCoverage) {
  LabelledFrame frame = TwoBlobs();
  for (std::uint16_t& value : frame.coverage) value /= 2;
  EXPECT_NE(test::ErrorText(ErrorCode::kBadInput, [&] { Relabel(frame, ParseRelabelRule("coverage:0.6"), nullptr); })
                .find("leaves target 1 without a pixel (its largest coverage is 0.500)"),
            std::string::npos);
  frame.coverage = {};
  EXPECT_THROW(Relabel(frame, ParseRelabelRule("half_max"), nullptr), Error);
  for (const char* bad : {"halfmax", "coverage", "energy:0", "coverage:1.5", ""})
    EXPECT_NE(test::ErrorText(ErrorCode::kUsage, [&] { ParseRelabelRule(bad); }), "") << bad;
}

class RelabelSet : public ::testing::Test {
 protected:
  // One sequence of frames like TwoBlobs.
  void Write(const fs::path& path, bool with_coverage = true) const {
    Sample sample = test::MakeSample("two", 8, 1);
    for (std::size_t i = 0; i < sample.frames.size(); ++i) {
      LabelledFrame frame = TwoBlobs();
      if (!with_coverage && i == 2) frame.coverage = {};
      frame.frame.index = frame.annotation.index = static_cast<int>(i);
      frame.frame.name = frame.annotation.frame = "00000" + std::to_string(i) + ".png";
      sample.frames[i] = std::move(frame);
    }
    SampleStoreWriter writer(path, Existing::kRefuse, 0);
    writer.WriteSequence(sample);
    Manifest manifest;
    manifest.sequences = {test::EntryOf(sample, "train")};
    writer.Finish(manifest);
  }
  TemporaryFolder folder;
};

TEST_F(RelabelSet, TwiceByTheSameRuleIsOnceAndImagesStay) {
  Write(folder.path() / "a");
  const SampleStoreReader a(folder.path() / "a");
  const auto rule = ParseRelabelRule("energy:0.9");
  const std::string id = RelabelDataSet(a, rule, folder.path() / "b", Existing::kRefuse).dataset_id;
  const SampleStoreReader b(folder.path() / "b");
  EXPECT_EQ(b.manifest().mask_convention, "energy:0.9");
  EXPECT_NE(id, a.manifest().dataset_id);
  EXPECT_EQ(RelabelDataSet(b, rule, folder.path() / "c", Existing::kRefuse).dataset_id, id);
  for (const auto& [path, hash] : a.manifest().files) {
    const bool label = path.starts_with("mask") || path.starts_with("instance") || path.starts_with("annotations");
    if (!label) {
      EXPECT_EQ(b.manifest().files.at(path), hash) << path;
    }
  }
}

TEST_F(RelabelSet, InPlaceGivesTheSameSetAndKeepsOtherFiles) {
  Write(folder.path() / "a");
  CreateFolder(folder.path() / "a" / "stats");
  const auto rule = ParseRelabelRule("coverage:0.1");
  const std::string id =
      RelabelDataSet(SampleStoreReader(folder.path() / "a"), rule, folder.path() / "b", Existing::kRefuse).dataset_id;
  EXPECT_EQ(RelabelInPlace(folder.path() / "a", rule).dataset_id, id);
  const SampleStoreReader a(folder.path() / "a");
  EXPECT_EQ(a.manifest().files, SampleStoreReader(folder.path() / "b").manifest().files);
  EXPECT_TRUE(fs::exists(folder.path() / "a" / "stats"));
  EXPECT_FALSE(fs::exists(folder.path() / "a" / ".relabel"));
}

TEST_F(RelabelSet, AFaultLeavesNothingAndTheOldSetWhole) {
  Write(folder.path() / "a", false);
  const auto rule = ParseRelabelRule("half_max");
  EXPECT_THROW(RelabelDataSet(SampleStoreReader(folder.path() / "a"), rule, folder.path() / "b", Existing::kRefuse),
               Error);
  EXPECT_FALSE(fs::exists(folder.path() / "b"));
  EXPECT_THROW(RelabelInPlace(folder.path() / "a", rule), Error);
  EXPECT_NO_THROW(SampleStoreReader(folder.path() / "a"));
  EXPECT_FALSE(fs::exists(folder.path() / "a" / ".relabel"));
}

}  // namespace
}  // namespace mirst
