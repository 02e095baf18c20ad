// One data set, however it comes about: at once, in shards, merged from several folders, or gone on with after its end
// was cut off. And one frame of it, made again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "datasets/frame_io.h"
#include "datasets/merge_shards.h"
#include "generator/generate.h"
#include "generator/regenerate.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Resume : public ::testing::Test {
 protected:
  Resume() {
    SetProgressStyle(ProgressStyle::kQuiet);
    options.sequences = 5;
    options.frames = {6, 8};
    options.target.area_px = {2, 20};
    options.scr.range = {1, 4};
    options.backgrounds.procedural_sources = 3;
    options.backgrounds.procedural.width = 128;
    options.backgrounds.procedural.height = 96;
    options.backgrounds.procedural.frame_count = 10;
  }
  fs::path At(const std::string& name) const { return folder.path() / name; }
  std::string Whole() { return Generate(options, At("whole"), Existing::kRefuse).dataset_id; }
  void MakeShard(const std::string& name, int index, int count) {
    EXPECT_EQ(Generate(options, At(name), Existing::kRefuse, {index, count}).dataset_id, "");
  }
  std::string ErrorOf(const std::function<void()>& action) const {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      return error.what();
    }
    return "no error";
  }
  // As a kill between two sequences leaves it: those in `lost` have no record, and their files are half there.
  void CutOff(const std::string& name, const std::vector<std::string>& lost) {
    for (const std::string& sequence : lost) {
      fs::remove(At(name) / ".journal/sequences" / (sequence + ".json"));
      fs::remove_all(At(name) / "image" / sequence);
      CreateFolder(At(name) / ".partial" / sequence / "image");
      WriteFileAtomically(At(name) / ".partial" / sequence / "image/000000.png", "half");
    }
  }

  TemporaryFolder folder;
  GenerateOptions options;
};

TEST_F(Resume, ShardsInOneFolderMergeToTheSingleRunsManifest) {
  const std::string id = Whole();
  for (int i = 0; i < 3; ++i) MakeShard("shared", i, 3);
  EXPECT_FALSE(fs::exists(At("shared") / "manifest.json"));
  const MergeReport report = MergeShards({At("shared")}, At("shared"));
  EXPECT_EQ(report.dataset_id, id);
  EXPECT_EQ(report.moved, 0);
  EXPECT_EQ(ReadFile(At("shared") / "manifest.json"), ReadFile(At("whole") / "manifest.json"));
  EXPECT_FALSE(fs::exists(At("shared") / ".journal"));
  EXPECT_FALSE(fs::exists(At("shared") / ".mirst-unfinished"));
}

TEST_F(Resume, ShardsInFoldersOfTheirOwnMergeToTheSingleRunsManifestAndVanish) {
  const std::string id = Whole();
  MakeShard("a", 0, 2);
  MakeShard("b", 1, 2);
  const MergeReport report = MergeShards({At("a"), At("b")}, At("merged"));
  EXPECT_EQ(report.dataset_id, id);
  EXPECT_EQ(report.moved, 5);
  EXPECT_EQ(ReadFile(At("merged") / "manifest.json"), ReadFile(At("whole") / "manifest.json"));
  EXPECT_FALSE(fs::exists(At("a")));
  EXPECT_FALSE(fs::exists(At("b")));
}

TEST_F(Resume, AMergeThatWasCutOffGoesOn) {
  const std::string id = Whole();
  MakeShard("a", 0, 2);
  MakeShard("b", 1, 2);
  // Cut off while a sequence moved: its labels and masks are in the output, the rest and the record are not.
  CreateFolder(At("merged") / "mask");
  CreateFolder(At("merged") / "annotations");
  WriteFileAtomically(At("merged") / ".mirst-unfinished", "");
  fs::rename(At("a") / "mask/000000", At("merged") / "mask/000000");
  fs::rename(At("a") / "annotations/000000.jsonl", At("merged") / "annotations/000000.jsonl");
  EXPECT_EQ(MergeShards({At("a"), At("b")}, At("merged")).dataset_id, id);
}

TEST_F(Resume, AMergeRefusesWhatDoesNotBelongTogether) {
  MakeShard("a", 0, 2);
  EXPECT_THAT(ErrorOf([&] { MergeShards({At("a")}, At("merged")); }),
              HasSubstr("2 of 5 sequences are missing: 000001, 000003"));
  MakeShard("again", 0, 2);
  EXPECT_THAT(ErrorOf([&] {
                MergeShards({At("a"), At("again")}, At("merged"));
              }),
              HasSubstr("sequence 000000 is there twice"));
  EXPECT_THAT(ErrorOf([&] { MergeShards({At("a"), At("a")}, At("merged")); }), HasSubstr("named twice"));
  EXPECT_THAT(ErrorOf([&] { MergeShards({At("a"), At("nowhere")}, At("merged")); }), HasSubstr("holds no shard"));
  options.seed = 1;
  MakeShard("b", 1, 2);
  EXPECT_THAT(ErrorOf([&] {
                MergeShards({At("a"), At("b")}, At("merged"));
              }),
              testing::AllOf(HasSubstr("different jobs"), HasSubstr("seed is 1 there and 0 here")));
  options.seed = 0;
  fs::remove_all(At("b"));
  MakeShard("b", 1, 2);
  WriteFileAtomically(At("b") / "mask/000001/000002.png", "other");
  EXPECT_THAT(ErrorOf([&] {
                MergeShards({At("a"), At("b")}, At("merged"));
              }),
              HasSubstr("mask/000001/000002.png is not as it was written"));
  EXPECT_TRUE(fs::exists(At("a") / "image/000000"));  // nothing was moved
}

TEST_F(Resume, WhatWasCutOffIsMadeAndTheRestIsKept) {
  const std::string id = Whole();
  MakeShard("cut", 0, 2);  // 0, 2, 4
  CutOff("cut", {"000002"});
  const auto kept = fs::last_write_time(At("cut") / "image/000000/000000.png");
  const GenerateReport report = Generate(options, At("cut"), Existing::kResume);
  EXPECT_EQ(report.dataset_id, id);
  EXPECT_EQ(report.found_sequences, 2);
  EXPECT_EQ(report.sequences, 3);
  EXPECT_EQ(fs::last_write_time(At("cut") / "image/000000/000000.png"), kept);
  EXPECT_EQ(ReadFile(At("cut") / "manifest.json"), ReadFile(At("whole") / "manifest.json"));
  EXPECT_FALSE(fs::exists(At("cut") / ".partial"));
}

TEST_F(Resume, ASequenceWhoseFilesChangedIsMadeAnew) {
  const std::string id = Whole();
  MakeShard("cut", 0, 2);
  std::ofstream(At("cut") / "image/000004/000001.png", std::ios::app) << "x";
  fs::resize_file(At("cut") / ".journal/sequences/000002.json", 40);  // a record torn by a power cut
  const GenerateReport report = Generate(options, At("cut"), Existing::kResume);
  EXPECT_EQ(report.found_sequences, 1);
  EXPECT_EQ(report.dataset_id, id);
}

TEST_F(Resume, AWholeSetIsLeftAsItIs) {
  const std::string id = Whole();
  const std::string manifest = ReadFile(At("whole") / "manifest.json");
  WriteFileAtomically(At("whole") / ".mirst-unfinished", "");  // killed after the last step
  for (const Shard& shard : {Shard{}, Shard{1, 3}}) {
    const GenerateReport report = Generate(options, At("whole"), Existing::kResume, shard);
    EXPECT_EQ(report.dataset_id, id);
    EXPECT_EQ(report.sequences, 0);
  }
  EXPECT_FALSE(fs::exists(At("whole") / ".mirst-unfinished"));
  EXPECT_EQ(ReadFile(At("whole") / "manifest.json"), manifest);
}

TEST_F(Resume, OtherOptionsAreRefusedInOneSentence) {
  MakeShard("cut", 0, 2);
  options.scr.range = {1, 5};
  const auto resume = [&] { Generate(options, At("cut"), Existing::kResume); };
  EXPECT_THAT(ErrorOf(resume),
              HasSubstr("begun by another job: config.scr.range is [1.0,4.0] there and [1.0,5.0] here"));
  EXPECT_THAT(ErrorOf([&] { Generate(options, At("cut"), Existing::kRefuse, {1, 2}); }), HasSubstr("another job"));
  options.scr.range = {1, 4};
  EXPECT_THAT(ErrorOf([&] { Generate(options, At("cut"), Existing::kRefuse); }), HasSubstr("unfinished"));
  EXPECT_NO_THROW(resume());
}

TEST_F(Resume, OtherInputsAreRefused) {
  const fs::path source = At("source");
  CreateFolder(source);
  for (const Frame& frame : OpenProceduralSource(options.backgrounds.procedural, {})->Read(0, 10))
    WriteFileAtomically(source / frame.name, EncodePng(CountsOf(frame), 8));
  options.backgrounds.paths = {source.string()};
  options.sequences = 2;
  MakeShard("cut", 0, 2);
  fs::copy_file(source / "000003.png", source / "000004.png", fs::copy_options::overwrite_existing);
  EXPECT_THAT(ErrorOf([&] { Generate(options, At("cut"), Existing::kResume); }),
              HasSubstr("inputs.background.source is"));
}

TEST_F(Resume, AFrameMadeAgainIsTheWrittenOne) {
  options.pairs = true;
  options.target.count = {2, 2};
  Whole();
  EXPECT_THAT(RegenerateFrame(At("whole"), "000003", "000004").differences, testing::IsEmpty());
  EXPECT_THAT(RegenerateFrame(At("whole"), "000001", "000000.png").differences, testing::IsEmpty());
  EXPECT_THAT(ErrorOf([&] { RegenerateFrame(At("whole"), "000009", "000000"); }), HasSubstr("no sequence '000009'"));
  EXPECT_THAT(ErrorOf([&] { RegenerateFrame(At("whole"), "000001", "9"); }), HasSubstr("no frame '9'"));
}

TEST_F(Resume, AChangedPixelAndAChangedLabelAreNamed) {
  Whole();
  const fs::path file = At("whole") / "image/000002/000001.png";
  int bit_depth = 0;
  Image<std::uint16_t> counts = ReadImage(file, &bit_depth);
  counts(7, 11) = static_cast<std::uint16_t>(counts(7, 11) ^ 1);
  WriteFileAtomically(file, EncodePng(counts, bit_depth));
  const fs::path labels = At("whole") / "annotations/000002.jsonl";
  std::string text = ReadFile(labels);
  const std::size_t second = text.find('\n') + 1, at = text.find("\"polarity\":", second) + 11;
  text.replace(at, text.find(',', at) - at, "0");
  WriteFileAtomically(labels, text);
  const RegenerateReport report = RegenerateFrame(At("whole"), "000002", "000001");
  ASSERT_EQ(report.differences.size(), 2U);
  EXPECT_THAT(report.differences[0], testing::AllOf(HasSubstr("image: 1 of 12288 pixels"), HasSubstr("x 11, y 7")));
  EXPECT_THAT(report.differences[1], HasSubstr("targets.0.polarity is 0 as written"));
  WriteFrame(report.frame, At("frame"));
  counts(7, 11) = static_cast<std::uint16_t>(counts(7, 11) ^ 1);
  EXPECT_EQ(ReadImage(At("frame") / "image.png", &bit_depth), counts);
}

TEST_F(Resume, LabelsTellTheRadiometryBehindTheirTargets) {
  options.scene.atmosphere = "none";
  Whole();
  const SampleStoreReader reader(At("whole"));
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    for (const FrameAnnotation& frame : reader.ReadAnnotations(sequence)) {
      ASSERT_TRUE(frame.random_key.has_value());
      EXPECT_EQ(SequenceName(static_cast<int>(frame.random_key->sequence)), sequence.name);
      EXPECT_EQ(static_cast<int>(frame.random_key->frame), frame.index);
      const TargetRadiometry& r = frame.targets.at(0).radiometry.value();
      EXPECT_EQ(r.transmission, 1);
      // A black body of 270 K between 8 and 14 um: 33.1802 W m-2 sr-1 (Planck's law by the trapezoidal rule).
      EXPECT_NEAR(r.background_radiance, 33.1802, 1e-4);
      EXPECT_NEAR(r.contrast, r.transmission * (r.target_radiance - r.background_radiance),
                  1e-8 * r.background_radiance);
      EXPECT_GT(r.coverage_px, 0);
    }
  }
}

}  // namespace
}  // namespace mirst
