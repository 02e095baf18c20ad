#include "datasets/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "datasets/validate_labels.h"
#include "tests/support/textured_set.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

auto Is(const std::string& check, const std::string& file, const std::string& reason) {
  return AllOf(Field("check", &Finding::check, check), Field("file", &Finding::file, file),
               Field("reason", &Finding::reason, HasSubstr(reason)));
}

Mask Shifted(const Mask& mask, int dx, int dy) {
  Mask shifted(mask.height(), mask.width());
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (mask(y, x) > 127) shifted(y + dy, x + dx) = 255;
    }
  }
  return shifted;
}

void Swap(const fs::path& a, const fs::path& b) {
  const std::string bytes = ReadFile(a);
  WriteFileAtomically(a, ReadFile(b));
  WriteFileAtomically(b, bytes);
}

/// The header of a grey PNG of 65000 x 65000 px, with its CRC, and an empty end.
std::string HugePng() {
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xfd\xe8\0\0\xfd\xe8\x08\0\0\0\0\x87\x3c\x86\xd6\0\0\0\0IEND\xae\x42\x60\x82"s;
}

/// A faultless native set of WriteTexturedSet.
class Native : public ::testing::Test {
 protected:
  Native() { test::WriteTexturedSet(folder()); }
  fs::path folder() const { return temporary_.path() / "set"; }
  fs::path File(const std::string& name) const { return folder() / name; }
  std::vector<Finding> Findings() const { return ValidateDataSet(folder()).findings; }
  TemporaryFolder temporary_;
};

/// The same images and masks without anything else.
class Plain : public Native {
 protected:
  Plain() {
    for (const char* name : {"annotations", "coverage", "manifest.json", "train.txt", "val.txt", "test.txt"})
      fs::remove_all(File(name));
  }
};

// ---- native

TEST_F(Native, AFaultlessSetHasNoFindings) {
  const ValidationReport report = ValidateDataSet(folder());
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.sequences, 3);
  EXPECT_EQ(report.frames, 18);
  EXPECT_EQ(report.images_decoded, 3 * 18);  // image, mask, coverage
}

TEST_F(Native, ATruncatedImageIsNamedWithTheReadersReason) {
  const std::string bytes = ReadFile(File("image/a/000002.png"));
  WriteFileAtomically(File("image/a/000002.png"), bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(Findings(), UnorderedElementsAre(Is("hash", "image/a/000002.png", "was changed"),
                                               Is("decode", "image/a/000002.png", "truncated")));
}

TEST_F(Native, ARenamedImageIsNamedWithItsOldName) {
  fs::rename(File("image/a/000005.png"), File("image/a/000009.png"));
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings, Contains(Is("manifest", "image/a/000005.png", "the file is missing")));
  EXPECT_THAT(findings,
              Contains(Is("manifest", "image/a/000009.png", "the bytes of the missing image/a/000005.png (renamed)")));
  EXPECT_THAT(findings, Contains(Is("name", "mask/a/000005.png", "the mask has no image")));
  EXPECT_THAT(findings, Contains(Is("name", "image/a/000009.png", "the image has no mask")));
  EXPECT_THAT(findings, Contains(Is("order", "a/000009", "3 frames are missing")));
  EXPECT_THAT(findings, Contains(Is("annotation", "annotations/a.jsonl:6", "the frame 000005.png has no image")));
}

TEST_F(Native, AnImageOfAnotherSizeIsNamedWithBothSizes) {
  WriteFileAtomically(File("image/b/000001.png"), EncodePng(Image<std::uint8_t>(10, 12)));
  EXPECT_THAT(Findings(),
              UnorderedElementsAre(Is("hash", "image/b/000001.png", "was changed"),
                                   Is("size", "image/b/000001.png", "12 x 10 px, the manifest says 96 x 80")));
}

TEST_F(Native, TwoSwappedImagesAreNamedByTheirBytesAndByTheirTargets) {
  Swap(File("image/a/000002.png"), File("image/a/000003.png"));
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings, Contains(Is("hash", "image/a/000002.png", "holds the bytes of image/a/000003.png (swapped")));
  EXPECT_THAT(findings, Contains(Is("hash", "image/a/000003.png", "holds the bytes of image/a/000002.png (swapped")));
  EXPECT_THAT(findings, Contains(Is("order", "image/a/000003.png", "swapped with image/a/000002.png")));
}

TEST_F(Native, AMaskShiftedByOnePixelDisagreesWithBoxCoverageAndScr) {
  WriteFileAtomically(File("mask/c/000004.png"), EncodePng(Shifted(ReadMask(File("mask/c/000004.png")), 0, 1)));
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings, Contains(Is("hash", "mask/c/000004.png", "was changed")));
  EXPECT_THAT(findings, Contains(Is("mask", "image/c/000004.png", "target 1: the annotated box is")));
  EXPECT_THAT(findings, Contains(Is("coverage", "image/c/000004.png", "0,-1 px beside the mask")));
  EXPECT_THAT(findings, Contains(Is("annotation", "image/c/000004.png", "target 1: the annotated box20 is")));
  EXPECT_THAT(findings, Contains(Is("offset", "image/c/000004.png", "0,-1 px beside")));
}

TEST(CheckLabels, AHiddenTargetHasNoPixelAndOneWithPixelsIsNotHidden) {
  Sample sample = test::TexturedSample("a", 1, 1);
  LabelledFrame& frame = sample.frames[0];
  Annotation& target = frame.annotation.targets[0];
  target.box = {};
  target.area_px = 0;
  target.visibility = 0;
  target.scr.clear();
  target.scr_float.clear();
  const auto findings = [&] {
    return CheckLabels({"a/0.png", 8, frame.frame.pixels, frame.mask, {}, {}}, frame.annotation);
  };
  EXPECT_THAT(findings(), UnorderedElementsAre(Is("mask", "a/0.png", "says that it is hidden, the mask holds")));
  frame.mask.Fill(0);
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(Native, AFrameCopiedIntoAnotherSplitIsADuplicate) {
  fs::copy_file(File("image/a/000001.png"), File("image/c/000003.png"), fs::copy_options::overwrite_existing);
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings, Contains(AllOf(Is("duplicate", "image/c/000003.png", "has the pixels of image/a/000001.png"),
                                       Field(&Finding::severity, Severity::kFault))));
  // The other frames of "a" show the same background: nearly equal.
  EXPECT_THAT(findings, Contains(Is("duplicate", "image/c/000003.png", "holds the bytes")).Times(0));
}

TEST_F(Native, AFrameOfOneSourceInTwoSplitsIsNearlyADuplicate) {
  // The same scene, other noise: what a second recording of one video frame looks like.
  Frame frame = test::TexturedSample("x", 'a', 7).frames[6].frame;
  WriteFileAtomically(File("image/c/000000.png"), EncodePng(CountsOf(frame), 8));
  EXPECT_THAT(Findings(), Contains(AllOf(Is("duplicate", "image/c/000000.png", "is nearly image/a/00000"),
                                         Field(&Finding::severity, Severity::kWarning))));
}

TEST_F(Native, HalfAJsonLineIsNamedWithItsNumberAndTheOthersAreStillChecked) {
  const std::string text = ReadFile(File("annotations/a.jsonl"));
  std::size_t third = 0;
  for (int i = 0; i < 2; ++i) third = text.find('\n', third) + 1;
  const std::size_t end = text.find('\n', third);
  WriteFileAtomically(File("annotations/a.jsonl"), text.substr(0, (third + end) / 2) + text.substr(end));
  WriteFileAtomically(File("mask/a/000005.png"), EncodePng(Mask(test::kTexturedHeight, test::kTexturedWidth)));
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings, Contains(Is("annotation", "annotations/a.jsonl:3", "not valid JSON")));
  EXPECT_THAT(findings, Contains(Is("annotation", "image/a/000002.png", "no annotation names the frame")));
  EXPECT_THAT(findings, Contains(Is("mask", "image/a/000005.png", "no pixel of the mask belongs to it")));
}

TEST_F(Native, AHeaderOf65000PixelsIsRefusedWithoutTheMemoryForIt) {
  WriteFileAtomically(File("image/b/000003.png"), HugePng());
  const std::string sentence = "it is 65000 x 65000 px, the largest size allowed is 16384 x 16384";
  EXPECT_THAT(Findings(), Contains(Is("decode", "image/b/000003.png", sentence)));
  EXPECT_EQ(test::ErrorText(ErrorCode::kBadInput, [&] { ReadImage(File("image/b/000003.png")); }),
            File("image/b/000003.png").string() + ": " + sentence);
}

TEST_F(Native, HalfAManifestIsNamedAndTheImagesAreStillDecoded) {
  const std::string manifest = ReadFile(File("manifest.json"));
  WriteFileAtomically(File("manifest.json"), manifest.substr(0, manifest.size() / 2));
  WriteFileAtomically(File("image/b/000003.png"), "");
  EXPECT_THAT(Findings(), UnorderedElementsAre(Is("manifest", "manifest.json", "not valid JSON"),
                                               Is("decode", "image/b/000003.png", "the file is empty")));
}

TEST_F(Native, AModelInTwoSplitsIsNamedWhereModelsAreHeldOut) {
  Manifest manifest = ParseManifest(ReadFile(File("manifest.json")));
  for (ManifestSequence& sequence : manifest.sequences) sequence.models = {{"jet.obj", "0123"}};
  WriteFileAtomically(File("manifest.json"), ToJson(manifest));
  EXPECT_THAT(Findings(), IsEmpty());
  manifest.config_json = R"({"split": {"models": "held_out"}})";
  WriteFileAtomically(File("manifest.json"), ToJson(manifest));
  EXPECT_THAT(Findings(),
              Contains(Is("split", "manifest.json", "the model jet.obj lies in the splits test and train")));
}

TEST_F(Native, ASourceInTwoSplitsAndAListThatDisagreesAreNamed) {
  Manifest manifest = ParseManifest(ReadFile(File("manifest.json")));
  manifest.sequences[2].background.source = "a";
  WriteFileAtomically(File("manifest.json"), ToJson(manifest));
  WriteFileAtomically(File("train.txt"), "a\n");
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings,
              Contains(Is("split", "manifest.json", "the background source a lies in the splits test and train")));
  EXPECT_THAT(findings, Contains(Is("split", "train.txt", "lacks the sequence b")));
}

TEST_F(Native, AnotherDatasetIdIsNamed) {
  Manifest manifest = ParseManifest(ReadFile(File("manifest.json")));
  manifest.dataset_id = std::string(64, '0');
  WriteFileAtomically(File("manifest.json"), ToJson(manifest));
  EXPECT_THAT(Findings(), UnorderedElementsAre(Is("hash", "manifest.json", "dataset_id is 000000000000")));
}

TEST_F(Native, ResultsDoNotDependOnTheNumberOfThreads) {
  Swap(File("image/a/000002.png"), File("image/b/000003.png"));
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return Findings();
  };
  EXPECT_EQ(with(1), with(4));
}

TEST_F(Native, JsonHoldsEveryFinding) {
  fs::remove(File("mask/a/000000.png"));
  const ValidationReport report = ValidateDataSet(folder());
  const Json json = ParseJson(ValidationJson(report));
  EXPECT_EQ(json["findings"].size(), report.findings.size());
  EXPECT_EQ(json["faults"], report.faults());
  EXPECT_GT(report.faults(), 0);
}

// ---- plain folders

TEST_F(Plain, AFaultlessFolderHasNoFaults) { EXPECT_THAT(Findings(), IsEmpty()); }

TEST_F(Plain, SwappedNeighboursAreFoundByTheirTargets) {
  Swap(File("image/a/000002.png"), File("image/a/000003.png"));
  EXPECT_THAT(Findings(), Contains(Is("order", "image/a/000003.png", "swapped with image/a/000002.png")));
}

TEST_F(Plain, MasksShiftedByOnePixelAreFoundByTheirContrast) {
  for (const fs::path& path : ListFiles(File("mask/b")))
    WriteFileAtomically(path, EncodePng(Shifted(ReadMask(path), 1, 0)));
  EXPECT_THAT(Findings(), UnorderedElementsAre(Is("offset", "b", "the targets lie -1,0 px beside")));
}

TEST_F(Plain, OneShiftedMaskIsNamedAlone) {
  const fs::path path = File("mask/b/000002.png");
  WriteFileAtomically(path, EncodePng(Shifted(ReadMask(path), 0, -1)));
  EXPECT_THAT(Findings(), UnorderedElementsAre(Is("offset", "image/b/000002.png", "0,1 px beside")));
}

TEST_F(Plain, GapsTwinsSizesAndTruncatedFilesAreNamed) {
  fs::remove(File("image/a/000003.png"));
  fs::remove(File("mask/a/000003.png"));
  fs::copy_file(File("image/a/000001.png"), File("image/a/000001.PNG"));
  WriteFileAtomically(File("mask/b/000001.png"), EncodePng(Mask(10, 12)));
  WriteFileAtomically(File("image/c/000001.png"), ReadFile(File("image/c/000001.png")).substr(0, 100));
  const std::vector<Finding> findings = Findings();
  EXPECT_THAT(findings, Contains(Is("order", "a/000004", "a gap: it follows 000002, 1 frames are missing")));
  EXPECT_THAT(findings, Contains(Field(&Finding::reason, "a second file of the same frame")));
  EXPECT_THAT(findings, Contains(Is("size", "mask/b/000001.png", "12 x 10 px, the image is 96 x 80")));
  EXPECT_THAT(findings, Contains(Is("decode", "image/c/000001.png", "truncated")));
}

TEST_F(Plain, AFrozenFrameIsAWarning) {
  fs::copy_file(File("image/a/000002.png"), File("image/a/000003.png"), fs::copy_options::overwrite_existing);
  EXPECT_THAT(Findings(), Contains(AllOf(Is("order", "image/a/000003.png", "it repeats image/a/000002.png"),
                                         Field(&Finding::severity, Severity::kWarning))));
}

TEST(ValidateDataSet, RefusesAFolderThatIsNoDataSet) {
  const TemporaryFolder folder;
  EXPECT_THAT(test::ErrorText(ErrorCode::kBadInput, [&] { ValidateDataSet(folder.path()); }),
              HasSubstr("is no data set: it holds neither manifest.json"));
  EXPECT_THAT(test::ErrorText(ErrorCode::kBadInput, [&] { ValidateDataSet(folder.path() / "none"); }),
              HasSubstr("none is no folder"));
}

TEST(ValidateDataSet, NamesTheLineOfABrokenBoxFile) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "000000.png", EncodePng(Image<std::uint8_t>(40, 50, 7)));
  WriteFileAtomically(folder.path() / "boxes.csv", "frame,class,x,y,width,height\n000000.png,bird,3,4,-2,5\n");
  EXPECT_THAT(ValidateDataSet(folder.path()).findings,
              UnorderedElementsAre(Is("annotation", "boxes.csv:2", "width is -2, allowed: above 0")));
}

}  // namespace
}  // namespace mirst
