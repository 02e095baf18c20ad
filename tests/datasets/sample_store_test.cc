#include "datasets/sample_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::EntryOf;
using test::ErrorText;
using test::MakeSample;
using test::WriteBytes;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Paths of all files and folders below `folder`, sorted.
std::vector<std::string> Tree(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    paths.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void ExpectEqual(const LabelledFrame& a, const LabelledFrame& b) {
  EXPECT_EQ(a.frame, b.frame);
  EXPECT_EQ(a.mask, b.mask);
  EXPECT_EQ(a.coverage, b.coverage);
  EXPECT_EQ(a.ignore, b.ignore);
  EXPECT_EQ(a.instance, b.instance);
  EXPECT_EQ(a.background, b.background);
  EXPECT_EQ(a.annotation, b.annotation);
}

class SampleStore : public testing::Test {
 protected:
  std::string Write(const fs::path& folder, const std::vector<Sample>& samples,
                    Existing existing = Existing::kRefuse) const {
    SampleStoreWriter writer(folder, existing, 0);
    Manifest manifest;
    for (const Sample& sample : samples) {
      writer.WriteSequence(sample);
      manifest.sequences.push_back(EntryOf(sample, "train"));
    }
    return writer.Finish(manifest);
  }
  std::string WriterError(Existing existing, std::uintmax_t bytes = 0) const {
    return ErrorText(ErrorCode::kBadInput, [&] { SampleStoreWriter(set_, existing, bytes); });
  }
  std::string ReaderError() const {
    return ErrorText(ErrorCode::kBadInput, [&] { SampleStoreReader{set_}; });
  }

  TemporaryFolder folder_{"mirst-store"};
  fs::path set_ = folder_.path() / "Datensatz ü";
  std::vector<Sample> samples_ = {MakeSample("seq1", 8, 1), MakeSample("seq2", 16, 2)};
};

TEST_F(SampleStore, ASampleComesBackBitForBit) {
  Write(set_, samples_);
  const SampleStoreReader reader(set_);
  ASSERT_EQ(reader.manifest().sequences.size(), 2U);
  for (std::size_t s = 0; s < 2; ++s) {
    const ManifestSequence& sequence = reader.manifest().sequences[s];
    const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(sequence);
    ASSERT_EQ(annotations.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i)
      ExpectEqual(reader.ReadLabelledFrame(sequence, annotations[i]), samples_[s].frames[i]);
  }
}

TEST_F(SampleStore, TheFolderHoldsExactlyTheDocumentedFiles) {
  Write(set_, {samples_[0]});
  EXPECT_THAT(Tree(set_),
              ElementsAre("annotations", "annotations/seq1.jsonl",                        //
                          "background", "background/seq1", "background/seq1/000000.png",  //
                          "background/seq1/000001.png", "background/seq1/000002.png",     //
                          "coverage", "coverage/seq1", "coverage/seq1/000000.png", "coverage/seq1/000001.png", "ignore",
                          "ignore/seq1", "ignore/seq1/000001.png",  //
                          "image", "image/seq1", "image/seq1/000000.png", "image/seq1/000001.png",
                          "image/seq1/000002.png", "instance", "instance/seq1", "instance/seq1/000001.png",  //
                          "manifest.json", "mask", "mask/seq1", "mask/seq1/000000.png", "mask/seq1/000001.png",
                          "mask/seq1/000002.png", "test.txt", "train.txt", "val.txt"));
}

TEST_F(SampleStore, TheManifestListsTheHashOfEveryOtherFile) {
  Write(set_, samples_);
  std::map<std::string, std::string> found;
  for (const std::string& path : Tree(set_)) {
    if (fs::is_regular_file(set_ / path) && path != "manifest.json") found[path] = Sha256OfFile(set_ / path);
  }
  EXPECT_EQ(SampleStoreReader(set_).manifest().files, found);
}

TEST_F(SampleStore, ListsNameTheSequencesOfEachSplitInOrder) {
  SampleStoreWriter writer(set_, Existing::kRefuse, 0);
  Manifest manifest;
  for (const char* name : {"c", "a", "b"}) {
    const Sample sample = MakeSample(name, 8, 3);
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, *name == 'b' ? "val" : "train"));
  }
  writer.Finish(manifest);
  EXPECT_EQ(ReadFile(set_ / "train.txt"), "a\nc\n");
  EXPECT_EQ(ReadFile(set_ / "val.txt"), "b\n");
  EXPECT_EQ(ReadFile(set_ / "test.txt"), "");
}

// ---- dataset_id

TEST_F(SampleStore, DatasetIdIsTheMerkleRootOverPathsAndHashes) {
  // RFC 6962 by hand, over three leaves in the order of their paths.
  const auto bytes = [](const std::string& hex) {
    std::string text;
    for (std::size_t i = 0; i < hex.size(); i += 2) text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return text;
  };
  const auto leaf = [&](const std::string& text) { return bytes(Sha256OfText(std::string(1, '\0') + text)); };
  const std::string h1(64, '1'), h2(64, '2'), h3(64, '3');
  const std::string left =
      bytes(Sha256OfText("\x01" + leaf("annotations/s.jsonl " + h3) + leaf("image/s/0.png " + h1)));
  const std::string root = Sha256OfText("\x01" + left + leaf("mask/s/0.png " + h2));
  EXPECT_EQ(DatasetId({{"image/s/0.png", h1}, {"mask/s/0.png", h2}, {"annotations/s.jsonl", h3}}), root);
}

TEST_F(SampleStore, DatasetIdIsOverDecodedPixelsAndCanonicalLines) {
  const std::string id = Write(set_, {samples_[1]});
  EXPECT_EQ(SampleStoreReader(set_).manifest().dataset_id, id);
  std::map<std::string, std::string> content;
  std::string lines;
  for (const LabelledFrame& labelled : samples_[1].frames) {
    const std::string end = "/seq2/" + labelled.frame.name;
    content["image" + end] = PixelHash(CountsOf(labelled.frame), 16);
    content["mask" + end] = PixelHash(labelled.mask);
    if (labelled.ignore) content["ignore" + end] = PixelHash(*labelled.ignore);
    if (labelled.instance) content["instance" + end] = PixelHash(*labelled.instance, 16);
    if (!labelled.coverage.empty()) content["coverage" + end] = PixelHash(labelled.coverage, 16);
    Frame background = labelled.frame;
    background.pixels = *labelled.background;
    content["background" + end] = PixelHash(CountsOf(background), 16);
    lines += ToJsonLine(labelled.annotation) + "\n";
  }
  content["annotations/seq2.jsonl"] = Sha256OfText(lines);
  EXPECT_EQ(id, DatasetId(content));
}

TEST_F(SampleStore, TheOrderOfWritingDoesNotChangeAByte) {
  const fs::path other = folder_.path() / "other";
  EXPECT_EQ(Write(set_, samples_), Write(other, {samples_[1], samples_[0]}));
  ASSERT_EQ(Tree(set_), Tree(other));
  for (const std::string& path : Tree(set_)) {
    if (!fs::is_regular_file(set_ / path)) continue;
    EXPECT_EQ(ReadFile(set_ / path), ReadFile(other / path)) << path;
  }
}

TEST_F(SampleStore, OneChangedPixelChangesTheId) {
  const std::string id = Write(set_, {samples_[0]});
  float& pixel = samples_[0].frames[2].frame.pixels(7, 7);
  pixel = pixel > 0 ? pixel - 1 : 1;
  EXPECT_NE(Write(folder_.path() / "other", {samples_[0]}), id);
}

TEST_F(SampleStore, SequencesAreWrittenFromManyThreads) {
  std::vector<Sample> samples;
  for (std::uint32_t i = 0; i < 12; ++i) samples.push_back(MakeSample("s" + std::to_string(i), 8, i));
  const std::string id = Write(set_, samples);
  SampleStoreWriter writer(folder_.path() / "parallel", Existing::kRefuse, 0);
  ParallelFor(samples.size(), [&](std::size_t i) { writer.WriteSequence(samples[i]); });
  Manifest manifest;
  for (const Sample& sample : samples) manifest.sequences.push_back(EntryOf(sample, "test"));
  EXPECT_EQ(writer.Finish(manifest), id);
}

// ---- failures while writing

TEST_F(SampleStore, AWriterThatEndsEarlyLeavesNothing) {
  { const SampleStoreWriter writer(set_, Existing::kRefuse, 0); }
  EXPECT_FALSE(fs::exists(set_));
  CreateFolder(set_);
  { const SampleStoreWriter writer(set_, Existing::kRefuse, 0); }
  EXPECT_THAT(Tree(set_), IsEmpty());
}

TEST_F(SampleStore, WithoutFinishTheSequencesStayAndTheSetIsCalledUnfinished) {
  {
    SampleStoreWriter writer(set_, Existing::kRefuse, 0);
    writer.WriteSequence(samples_[0]);
  }
  EXPECT_TRUE(fs::exists(set_ / "image/seq1/000002.png"));
  EXPECT_FALSE(fs::exists(set_ / ".partial"));
  EXPECT_THAT(ReaderError(), AllOf(HasSubstr("unfinished"), HasSubstr("manifest.json")));
  EXPECT_THAT(WriterError(Existing::kRefuse), HasSubstr("unfinished"));
  EXPECT_NE(Write(set_, {samples_[1]}, Existing::kReplace), "");
  EXPECT_FALSE(fs::exists(set_ / "image/seq1"));
}

// Files of this process may not grow beyond `bytes` while it lives: writing fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit{bytes, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*old_handler_)(int);
  rlimit old_limit_{};
};

TEST_F(SampleStore, AFailedWriteLeavesNothingOfTheSequence) {
  SampleStoreWriter writer(set_, Existing::kRefuse, 0);
  writer.WriteSequence(samples_[0]);
  const std::vector<std::string> before = Tree(set_);
  std::string text;
  {
    const FileSizeLimit limit(300);  // some masks fit, the noise does not
    text = ErrorText(ErrorCode::kBadInput, [&] { writer.WriteSequence(samples_[1]); });
  }
  EXPECT_THAT(text, AllOf(HasSubstr("sequence seq2"), HasSubstr("cannot write"), HasSubstr("too large")));
  std::vector<std::string> after = Tree(set_);
  after.erase(std::remove(after.begin(), after.end(), ".partial"), after.end());
  std::vector<std::string> expected = before;
  expected.erase(std::remove(expected.begin(), expected.end(), ".partial"), expected.end());
  EXPECT_EQ(after, expected);
  writer.WriteSequence(samples_[1]);  // when there is room again
  Manifest manifest;
  for (const Sample& sample : samples_) manifest.sequences.push_back(EntryOf(sample, "train"));
  EXPECT_EQ(writer.Finish(manifest), Write(folder_.path() / "other", samples_));
}

TEST_F(SampleStore, AFailedMoveIntoPlaceLeavesNothingOfTheSequence) {
  SampleStoreWriter writer(set_, Existing::kRefuse, 0);
  WriteBytes(set_ / "image", "in the way");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { writer.WriteSequence(samples_[0]); }), HasSubstr("image"));
  for (const std::string& path : Tree(set_)) EXPECT_EQ(path.find("seq1"), std::string::npos) << path;
}

TEST_F(SampleStore, TooLittleSpaceNamesBothNumbersAndTouchesNothing) {
  EXPECT_THAT(WriterError(Existing::kRefuse, std::uintmax_t{1} << 60),
              AllOf(HasSubstr("1048576.0 TiB"), HasSubstr("free")));
  EXPECT_FALSE(fs::exists(set_));
  const std::string id = Write(set_, samples_);
  EXPECT_NE(WriterError(Existing::kReplace, std::uintmax_t{1} << 60), "");
  EXPECT_EQ(SampleStoreReader(set_).manifest().dataset_id, id);
}

// ---- what may be replaced

TEST_F(SampleStore, ADataSetIsReplacedOnlyWhenAllowed) {
  Write(set_, samples_);
  EXPECT_THAT(WriterError(Existing::kRefuse), HasSubstr("already holds a data set"));
  WriteBytes(set_ / "notes.txt", "mine");
  const std::string id = Write(set_, {samples_[1]}, Existing::kReplace);
  EXPECT_EQ(id, Write(folder_.path() / "other", {samples_[1]}));
  EXPECT_FALSE(fs::exists(set_ / "image/seq1"));
  EXPECT_EQ(ReadFile(set_ / "notes.txt"), "mine");
}

TEST_F(SampleStore, FoldersOfOthersAreNeverTouched) {
  CreateFolder(set_ / "image/holiday");
  WriteBytes(set_ / "image/holiday/0.jpg", "mine");
  for (const char* manifest : {"", "{}", R"({"program": {"name": "other"}})"}) {
    if (*manifest != '\0') WriteBytes(set_ / "manifest.json", manifest);
    for (const Existing existing : {Existing::kRefuse, Existing::kReplace}) {
      EXPECT_THAT(WriterError(existing), HasSubstr("no data set of mirst"));
    }
  }
  EXPECT_EQ(ReadFile(set_ / "image/holiday/0.jpg"), "mine");
  WriteBytes(folder_.path() / "file", "mine");
  EXPECT_THAT(
      ErrorText(ErrorCode::kBadInput, [&] { SampleStoreWriter(folder_.path() / "file", Existing::kReplace, 0); }),
      HasSubstr("is a file"));
}

TEST_F(SampleStore, AnOutputFolderIsCheckedWithoutBeingTouched) {
  CheckOutputFolder(set_, Existing::kRefuse);
  EXPECT_FALSE(fs::exists(set_));
  Write(set_, {samples_[0]});
  const std::vector<std::string> before = Tree(set_);
  EXPECT_NE(ErrorText(ErrorCode::kBadInput, [&] { CheckOutputFolder(set_, Existing::kRefuse); }), "");
  CheckOutputFolder(set_, Existing::kReplace);
  EXPECT_EQ(Tree(set_), before);
}

TEST_F(SampleStore, TwoWritersDoNotShareAFolder) {
  SampleStoreWriter writer(set_, Existing::kRefuse, 0);
  writer.WriteSequence(samples_[0]);
  for (const Existing existing : {Existing::kRefuse, Existing::kReplace}) EXPECT_NE(WriterError(existing), "");
  EXPECT_THAT(WriterError(Existing::kReplace), HasSubstr("another process is writing"));
  Manifest manifest;
  manifest.sequences.push_back(EntryOf(samples_[0], "train"));
  writer.Finish(manifest);
  SampleStoreReader reader(set_);
  ExpectEqual(reader.ReadLabelledFrame(manifest.sequences[0], samples_[0].frames[1].annotation), samples_[0].frames[1]);
}

// ---- defects of the caller

TEST_F(SampleStore, SamplesThatBreakTheirInvariantsAreDefects) {
  SampleStoreWriter writer(set_, Existing::kRefuse, 0);
  const auto defect = [&](const std::function<void(Sample&)>& spoil) {
    Sample sample = samples_[0];
    spoil(sample);
    return ErrorText(ErrorCode::kInternal, [&] { writer.WriteSequence(sample); });
  };
  EXPECT_THAT(defect([](Sample& s) { s.name = "../up"; }), HasSubstr("plain folder name"));
  EXPECT_THAT(defect([](Sample& s) { s.frames.clear(); }), HasSubstr("no frames"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].frame.name = "a/b.png"; }), HasSubstr("plain file name"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].frame.name = "000000.png"; }), HasSubstr("one name"));
  EXPECT_THAT(defect([](Sample& s) { std::swap(s.frames[0], s.frames[1]); }), HasSubstr("index"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].annotation.frame = "x.png"; }), HasSubstr("annotation"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].mask = Mask(3, 3); }), HasSubstr("size"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].mask(0, 0) = 7; }), HasSubstr("0 and 255"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].instance.reset(); }), HasSubstr("instance"));
  EXPECT_THAT(defect([](Sample& s) { s.frames[1].frame.pixels(0, 0) = 0.5F; }), HasSubstr("whole numbers"));
  EXPECT_EQ(defect([](Sample&) {}), "");
  EXPECT_THAT(defect([](Sample&) {}), HasSubstr("before"));
}

TEST_F(SampleStore, ManifestsThatDoNotMatchWhatWasWrittenAreDefects) {
  SampleStoreWriter writer(set_, Existing::kRefuse, 0);
  for (const Sample& sample : samples_) writer.WriteSequence(sample);
  const ManifestSequence a = EntryOf(samples_[0], "train"), b = EntryOf(samples_[1], "val");
  const auto defect = [&](std::vector<ManifestSequence> sequences) {
    Manifest manifest;
    manifest.sequences = std::move(sequences);
    return ErrorText(ErrorCode::kInternal, [&] { writer.Finish(manifest); });
  };
  ManifestSequence longer = b, unwritten = b, leaking = b;
  longer.frames = 4;
  unwritten.name = "seq3";
  leaking.background.source = a.background.source;
  EXPECT_THAT(defect({a}), HasSubstr("lacks"));
  EXPECT_THAT(defect({a, a}), HasSubstr("twice"));
  EXPECT_THAT(defect({a, longer}), HasSubstr("differ"));
  EXPECT_THAT(defect({a, unwritten}), HasSubstr("not written"));
  EXPECT_THAT(defect({a, leaking}), AllOf(HasSubstr("train"), HasSubstr("val")));
  EXPECT_EQ(defect({a, b}), "");
}

// ---- broken data sets

TEST_F(SampleStore, MissingAndBrokenManifestsAreNamed) {
  EXPECT_THAT(ReaderError(), HasSubstr("no such folder"));
  CreateFolder(set_);
  EXPECT_THAT(ReaderError(), AllOf(HasSubstr("no data set"), HasSubstr("manifest.json")));
  Write(set_, {samples_[0]});
  const std::string manifest = ReadFile(set_ / "manifest.json");
  WriteBytes(set_ / "manifest.json", manifest.substr(0, manifest.size() / 2));
  EXPECT_THAT(ReaderError(), AllOf(HasSubstr("manifest.json"), HasSubstr("JSON")));
  std::string newer = manifest;
  newer.replace(newer.find("\"schema_version\": 1"), 19, "\"schema_version\": 9");
  WriteBytes(set_ / "manifest.json", newer);
  EXPECT_THAT(ReaderError(), AllOf(HasSubstr("manifest.json"), HasSubstr("schema_version 9")));
}

TEST_F(SampleStore, FaultsInAnnotationsNameFileAndLine) {
  Write(set_, {samples_[0]});
  const SampleStoreReader reader(set_);
  const ManifestSequence& sequence = reader.manifest().sequences[0];
  const std::string good = ReadFile(set_ / "annotations/seq1.jsonl");
  const auto error_of = [&](const std::string& lines) {
    WriteBytes(set_ / "annotations/seq1.jsonl", lines);
    return ErrorText(ErrorCode::kBadInput, [&] { reader.ReadAnnotations(sequence); });
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string lines = good;
    return lines.replace(lines.find(from), from.size(), to);
  };
  ASSERT_EQ(error_of(good), "");
  EXPECT_THAT(error_of(with("\"index\":1", "\"index\":2")), AllOf(HasSubstr("seq1.jsonl:2"), HasSubstr("expected 1")));
  EXPECT_THAT(error_of(with("000001.png", "../../up.png")), AllOf(HasSubstr("seq1.jsonl:2"), HasSubstr("plain")));
  EXPECT_THAT(error_of(with("000001.png", "000000.png")), AllOf(HasSubstr("seq1.jsonl:2"), HasSubstr("twice")));
  EXPECT_THAT(error_of(with("\"targets\"", "\"target\"")), AllOf(HasSubstr("seq1.jsonl:1"), HasSubstr("targets")));
  EXPECT_THAT(error_of(good.substr(0, good.size() / 2)), HasSubstr("seq1.jsonl:"));
  EXPECT_THAT(error_of(good.substr(0, good.find('\n') + 1)),
              AllOf(HasSubstr("seq1.jsonl"), HasSubstr("1 frames"), HasSubstr("says 3")));
  EXPECT_THAT(error_of(""), HasSubstr("0 frames"));
  fs::remove(set_ / "annotations/seq1.jsonl");
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { reader.ReadAnnotations(sequence); }), HasSubstr("seq1.jsonl"));
}

TEST_F(SampleStore, MissingAndForeignImagesAreNamed) {
  Write(set_, {samples_[0]});
  const SampleStoreReader reader(set_);
  const ManifestSequence& sequence = reader.manifest().sequences[0];
  const FrameAnnotation& annotation = samples_[0].frames[1].annotation;
  const auto error_now = [&] {
    return ErrorText(ErrorCode::kBadInput, [&] { reader.ReadLabelledFrame(sequence, annotation); });
  };
  for (const std::string kind : {"image", "mask", "ignore", "instance", "coverage", "background"}) {
    const fs::path file = set_ / kind / "seq1/000001.png";
    const std::string good = ReadFile(file);
    const int other_depth = kind == "instance" || kind == "coverage" ? 8 : 16;
    WriteBytes(file, good.substr(0, good.size() - 5));
    EXPECT_THAT(error_now(), AllOf(HasSubstr(file.string()), HasSubstr("truncated")));
    WriteBytes(file, EncodePng(Image<std::uint16_t>(20, 25), other_depth == 8 ? 16 : 8));
    EXPECT_THAT(error_now(), AllOf(HasSubstr(file.string()), HasSubstr("25 x 20"), HasSubstr("24 x 20")));
    WriteBytes(file, EncodePng(Image<std::uint16_t>(20, 24), other_depth));
    EXPECT_THAT(error_now(), AllOf(HasSubstr(file.string()), HasSubstr("bits")));
    fs::remove(file);
    EXPECT_THAT(error_now(), HasSubstr(file.string()));
    WriteBytes(file, good);
  }
  EXPECT_EQ(error_now(), "");
}

TEST_F(SampleStore, FramesOutsideTheSequenceAreRefused) {
  Write(set_, {samples_[0]});
  const SampleStoreReader reader(set_);
  for (const auto& [name, index] :
       std::vector<std::pair<std::string, int>>{{"../seq1/000000.png", 0}, {"000000.png", 3}, {"000000.png", -1}}) {
    FrameAnnotation annotation;
    annotation.frame = name;
    annotation.index = index;
    EXPECT_NE(
        ErrorText(ErrorCode::kBadInput, [&] { reader.ReadLabelledFrame(reader.manifest().sequences[0], annotation); }),
        "");
  }
}

}  // namespace
}  // namespace mirst
