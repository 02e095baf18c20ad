#include "datasets/packed_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "datasets/sample_store.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using test::WriteBytes;
using testing::AllOf;
using testing::HasSubstr;

void ExpectEqual(const LabelledFrame& a, const LabelledFrame& b) {
  EXPECT_EQ(a.frame, b.frame);
  EXPECT_EQ(a.mask, b.mask);
  EXPECT_EQ(a.coverage, b.coverage);
  EXPECT_EQ(a.ignore, b.ignore);
  EXPECT_EQ(a.instance, b.instance);
  EXPECT_EQ(a.background, b.background);
  EXPECT_EQ(a.linear, b.linear);
  EXPECT_EQ(a.display, b.display);
  EXPECT_EQ(a.annotation, b.annotation);
}

// A set of two depths, in which some frames lack some kinds of picture, and one sequence is kept linear and displayed.
class PackedStoreTest : public testing::Test {
 protected:
  PackedStoreTest() {
    SetProgressStyle(ProgressStyle::kQuiet);
    std::vector<Sample> samples = {test::MakeSample("seq1", 8, 1), test::MakeSample("seq2", 16, 2)};
    for (LabelledFrame& labelled : samples[0].frames) {
      labelled.linear = labelled.frame;
      labelled.linear->bit_depth = 16;
      labelled.linear->pixels(2, 3) = 40000;
      labelled.display = labelled.frame;
    }
    SampleStoreWriter writer(set_, Existing::kRefuse, 0);
    Manifest manifest;
    for (const Sample& sample : samples) {
      writer.WriteSequence(sample);
      manifest.sequences.push_back(test::EntryOf(sample, "train"));
    }
    writer.Finish(manifest);
  }
  std::string OpenError() const {
    return ErrorText(ErrorCode::kBadInput, [&] { PackedStore{packed_}; });
  }

  TemporaryFolder folder_{"mirst-packed"};
  fs::path set_ = folder_.path() / "set", packed_ = folder_.path() / "gepackt ü";
};

TEST_F(PackedStoreTest, GivesTheVeryFramesLabelsAndManifestOfTheFiles) {
  EXPECT_EQ(PackDataSet(set_, packed_).frames, 6);
  const auto files = OpenLabelledFrames(set_), packed = OpenLabelledFrames(packed_);
  EXPECT_EQ(packed->manifest(), files->manifest());
  EXPECT_EQ(packed->folder(), packed_);
  for (const ManifestSequence& sequence : files->manifest().sequences) {
    const std::vector<FrameAnnotation> annotations = files->ReadAnnotations(sequence);
    EXPECT_EQ(packed->ReadAnnotations(sequence), annotations);
    for (const FrameAnnotation& annotation : annotations)
      ExpectEqual(packed->ReadLabelledFrame(sequence, annotation), files->ReadLabelledFrame(sequence, annotation));
  }
}

TEST_F(PackedStoreTest, OnlyANewOrEmptyFolderIsWrittenTo) {
  CreateFolder(packed_);
  WriteBytes(packed_ / "other.txt", "x");
  for (const Existing existing : {Existing::kRefuse, Existing::kReplace}) {
    EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { PackDataSet(set_, packed_, existing); }),
                HasSubstr("holds files"));
  }
  EXPECT_FALSE(IsPackedStore(packed_));
}

TEST_F(PackedStoreTest, APackedStoreIsReplacedWhenThatIsAllowed) {
  PackDataSet(set_, packed_);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { PackDataSet(set_, packed_); }), HasSubstr("holds files"));
  EXPECT_EQ(PackDataSet(set_, packed_, Existing::kReplace).frames, 6);
  EXPECT_EQ(OpenError(), "");
}

TEST_F(PackedStoreTest, AMissingFileEndsPackingWithoutAnIndex) {
  fs::remove(set_ / "mask/seq2/000001.png");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { PackDataSet(set_, packed_); }),
              AllOf(HasSubstr("seq2"), HasSubstr("000001.png")));
  EXPECT_FALSE(IsPackedStore(packed_));
}

TEST_F(PackedStoreTest, DamageIsNamed) {
  PackDataSet(set_, packed_);
  const fs::path array = packed_ / "image/seq2.npy", index = packed_ / "packed.json";
  const std::string bytes = ReadFile(array), text = ReadFile(index);
  for (const std::size_t length : {std::size_t{0}, std::size_t{5}, std::size_t{100}, bytes.size() - 1}) {
    WriteBytes(array, bytes.substr(0, length));
    EXPECT_THAT(OpenError(), HasSubstr("seq2.npy")) << length;
  }
  std::string other_shape = bytes;
  other_shape.replace(other_shape.find("(3, 20, 24)"), 11, "(3, 24, 20)");
  WriteBytes(array, other_shape);
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("seq2.npy"), HasSubstr("3 x 20 x 24")));
  fs::remove(array);
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("seq2.npy"), HasSubstr("No such file")));
  WriteBytes(array, bytes);
  EXPECT_EQ(OpenError(), "");

  for (std::size_t length = 0; length < text.size() - 2; length += 7) {
    WriteBytes(index, text.substr(0, length));
    EXPECT_THAT(OpenError(), HasSubstr("packed.json")) << length;
  }
  std::string later = text;
  later.replace(later.find("\"version\": 1"), 12, "\"version\": 2");
  WriteBytes(index, later);
  EXPECT_THAT(OpenError(), HasSubstr("version 2"));
}

TEST_F(PackedStoreTest, AFrameOutsideIsRefused) {
  PackDataSet(set_, packed_);
  const PackedStore store(packed_);
  ManifestSequence sequence = store.manifest().sequences[0];
  FrameAnnotation annotation = store.ReadAnnotations(sequence)[0];
  for (const int index : {-1, 3}) {
    annotation.index = index;
    EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { store.ReadLabelledFrame(sequence, annotation); }), "");
  }
  sequence.name = "other";
  annotation.index = 0;
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { store.ReadLabelledFrame(sequence, annotation); }), "");
}

}  // namespace
}  // namespace mirst
