// The files of other programs: MATLAB arrays, tar archives, runs of masks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "datasets/annotations/rle.h"
#include "datasets/layouts/convert.h"
#include "datasets/layouts/mat_file.h"
#include "datasets/layouts/tar_file.h"
#include "tests/support/layout_sets.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using testing::ElementsAre;
using testing::HasSubstr;

// ---- MATLAB

/// Bytes of one little-endian number.
template <class T>
std::string Bytes(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

/// A file with the 2 x 3 array Mix of doubles, uncompressed, put together from the format's description.
std::string HandMadeMat() {
  std::string matrix =
      Bytes<std::uint32_t>(6) + Bytes<std::uint32_t>(8) + Bytes<std::uint32_t>(6) + Bytes<std::uint32_t>(0);
  matrix += Bytes<std::uint32_t>(5) + Bytes<std::uint32_t>(8) + Bytes<std::int32_t>(2) + Bytes<std::int32_t>(3);
  matrix += Bytes<std::uint32_t>(3U << 16 | 1) + std::string("Mix\0", 4);  // a small element
  matrix += Bytes<std::uint32_t>(9) + Bytes<std::uint32_t>(48);
  for (const double value : {1.0, 2.0, 3.0, 4.0, 5.0, 6.5}) matrix += Bytes(value);
  std::string header = "MATLAB 5.0 MAT-file";
  header.resize(124, ' ');
  header += Bytes<std::uint16_t>(0x0100) + "IM";
  return header + Bytes<std::uint32_t>(14) + Bytes(static_cast<std::uint32_t>(matrix.size())) + matrix;
}

std::string MatError(const std::string& bytes, const std::string& name = "Mix") {
  return ErrorText(ErrorCode::kBadInput, [&] { DecodeMat(bytes, name); });
}

TEST(MatFile, AnUncompressedArrayOfDoublesIsReadAsTheFormatSays) {
  const MatArray array = DecodeMat(HandMadeMat(), "Mix");
  EXPECT_THAT(array.shape, ElementsAre(2, 3));
  EXPECT_THAT(array.values, ElementsAre(1, 2, 3, 4, 5, 6.5));
  EXPECT_EQ(array.type, MatClass::kDouble);
}

TEST(MatFile, AWrittenArrayComesBack) {
  for (const MatClass type : {MatClass::kDouble, MatClass::kSingle, MatClass::kUint8, MatClass::kUint16}) {
    const MatArray array{"Mix", type, {5, 2, 3}, std::vector<double>(30, 200)};
    EXPECT_EQ(DecodeMat(EncodeMat(array), "Mix"), array);
  }
}

TEST(MatFile, FilesThatAreNotOfVersionFiveAreNamed) {
  std::string file = HandMadeMat();
  file.replace(0, 10, "MATLAB 7.3");
  EXPECT_THAT(MatError(file), HasSubstr("version 7.3 (HDF5), expected version 5"));
  file = HandMadeMat();
  file.replace(0, 4, std::string(4, '\0'));
  EXPECT_THAT(MatError(file), HasSubstr("version 4"));
  file = HandMadeMat();
  file.replace(126, 2, "MI");
  EXPECT_THAT(MatError(file), HasSubstr("big-endian"));
  file = HandMadeMat();
  file[125] = 2;
  EXPECT_THAT(MatError(file), HasSubstr("version 0x0200, expected 0x0100"));
  EXPECT_THAT(MatError("MATLAB"), HasSubstr("no MATLAB file"));
  EXPECT_THAT(MatError(""), HasSubstr("no MATLAB file"));
}

TEST(MatFile, TruncatedAndMisleadingFilesAreRefused) {
  const std::string file = HandMadeMat();
  for (std::size_t size = 129; size < file.size(); ++size) EXPECT_NE(MatError(file.substr(0, size)), "") << size;
  EXPECT_THAT(MatError(file, "mix"), HasSubstr("holds no array 'mix'"));
  std::string wrong = file;
  wrong[136 + 8] = 4;  // class char
  EXPECT_THAT(MatError(wrong), HasSubstr("class 4, expected a numeric array"));
  wrong = file;
  wrong[136 + 24] = 3;  // 3 x 3
  EXPECT_THAT(MatError(wrong), HasSubstr("holds 6 values, its extents give 9"));
  const std::string packed = EncodeMat({"Mix", MatClass::kUint8, {5, 4, 4}, std::vector<double>(80, 7)});
  EXPECT_THAT(MatError(packed.substr(0, packed.size() - 3)), HasSubstr("truncated"));
  std::string corrupt = packed;
  corrupt[corrupt.size() - 1] = static_cast<char>(corrupt.back() ^ 0x55);
  EXPECT_THAT(MatError(corrupt), HasSubstr("corrupt"));
}

// ---- tar

class Tar : public testing::Test {
 protected:
  /// A shard of one member, its header changed by `change`, its checksum made right again.
  template <class Change>
  std::string ErrorOf(Change&& change) {
    TarWriter writer(path_);
    writer.Add("a/000000.png", "pixels");
    writer.Close();
    std::string bytes = ReadFile(path_);
    change(bytes);
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? 32U : static_cast<unsigned char>(bytes[i]);
    bytes.replace(148, 7, fmt::format("{:06o}", sum) + std::string(1, '\0'));
    WriteFileAtomically(path_, bytes);
    const std::string error = ErrorText(ErrorCode::kBadInput, [&] { ListTar(path_); });
    ConvertOptions options;
    options.to = "native";
    EXPECT_NE(
        ErrorText(ErrorCode::kBadInput, [&] { Convert(folder_.path() / "set", folder_.path() / "out", options); }), "");
    EXPECT_FALSE(fs::exists(folder_.path() / "out"));
    EXPECT_FALSE(fs::exists(folder_.path() / "evil.png"));
    return error;
  }

  TemporaryFolder folder_{"mirst-tar"};
  fs::path path_ = [this] {
    CreateFolder(folder_.path() / "set");
    return folder_.path() / "set/train-000000.tar";
  }();
};

TEST_F(Tar, MembersComeBackWithNamesAndBytes) {
  const std::string deep = std::string(80, 'd') + "/" + std::string(90, 'f') + ".png";
  TarWriter writer(path_);
  writer.Add("a/000000.json", "{}");
  writer.Add(deep, std::string(512, 'x'));
  writer.Add("a/empty.txt", "");
  writer.Close();
  const std::vector<TarMember> members = ListTar(path_);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[1].name, deep);
  EXPECT_EQ(ReadMember(path_, members[0]), "{}");
  EXPECT_EQ(ReadMember(path_, members[1]), std::string(512, 'x'));
  EXPECT_EQ(ReadMember(path_, members[2]), "");
  EXPECT_EQ(fs::file_size(path_) % 512, 0U);
  EXPECT_THAT(
      ErrorText(ErrorCode::kBadInput, [&] { TarWriter(folder_.path() / "x.tar").Add(std::string(300, 'n'), ""); }),
      HasSubstr("too long"));
}

TEST_F(Tar, NamesThatLeaveTheFolderAreRefused) {
  EXPECT_THAT(ErrorOf([](std::string& bytes) { bytes.replace(0, 14, "../../evil.png"); }),
              HasSubstr("'../../evil.png', allowed: one below"));
  EXPECT_THAT(ErrorOf([](std::string& bytes) { bytes.replace(0, 14, std::string("/tmp/evil.png\0", 14)); }),
              HasSubstr("allowed: one below"));
  EXPECT_THAT(ErrorOf([](std::string& bytes) { bytes.replace(345, 4, "a/.."); }), HasSubstr("'a/../a/000000.png'"));
}

TEST_F(Tar, LinksAndDevicesAreRefused) {
  for (const char type : {'1', '2', '3', '4', '6'})
    EXPECT_THAT(ErrorOf([type](std::string& bytes) { bytes[156] = type; }),
                HasSubstr("a/000000.png is a link or a device"))
        << type;
}

TEST_F(Tar, SizesAndChecksumsThatLieAreRefused) {
  EXPECT_THAT(ErrorOf([](std::string& bytes) { bytes.replace(124, 11, "00077777777"); }),
              HasSubstr("claims 16777215 bytes, the archive has"));
  EXPECT_THAT(ErrorOf([](std::string& bytes) { bytes[124] = '\x80'; }), HasSubstr("size is no octal number"));
  TarWriter writer(path_);
  writer.Add("a/000000.png", "pixels");
  writer.Close();
  std::string bytes = ReadFile(path_);
  bytes[3] = 'X';
  WriteFileAtomically(path_, bytes);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [&] { ListTar(path_); }), HasSubstr("wrong checksum"));
}

TEST_F(Tar, AMemberThatComesTwiceOrLacksItsMaskIsRefused) {
  ConvertOptions options;
  options.to = "native";
  const auto error = [&] {
    return ErrorText(ErrorCode::kBadInput, [&] { Convert(folder_.path() / "set", folder_.path() / "out", options); });
  };
  TarWriter twice(path_);
  twice.Add("a/0.png", "pixels");
  twice.Add("a/0.png", "pixels");
  twice.Close();
  EXPECT_THAT(error(), HasSubstr("the member a/0.png comes twice"));
  TarWriter alone(path_);
  alone.Add("a/0.cls", "1");
  alone.Close();
  EXPECT_THAT(error(), HasSubstr("sequence a, frame 0: the sample has no member .png"));
}

// ---- runs

TEST(Rle, RunsGoColumnByColumnAndBeginWithZeros) {
  Mask mask(2, 3);
  mask(0, 0) = mask(1, 0) = mask(1, 2) = 255;
  EXPECT_THAT(EncodeRle(mask), ElementsAre(0, 2, 3, 1));
  EXPECT_EQ(DecodeRle({0, 2, 3, 1}, 2, 3), mask);
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput,
                        [] {
                          DecodeRle({0, 2, 3}, 2, 3);
                        }),
              HasSubstr("5 pixels, expected 3 x 2"));
}

TEST(Rle, PackedRunsAreUnpackedAsTheFormatSays) {
  // By hand: 6 -> '6'; 1 -> '1'; 40 = 8 + 32 -> 'X1'; 4 - 1 = 3 -> '3'; 5 - 40 = -35 -> 'mN'.
  EXPECT_THAT(UnpackRle("61X13mN"), ElementsAre(6, 1, 40, 4, 5));
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [] { UnpackRle("X"); }), HasSubstr("ends within a number"));
  EXPECT_THAT(ErrorText(ErrorCode::kBadInput, [] { UnpackRle("6 "); }), HasSubstr("no digit"));
}

// ---- metadata

TEST(Metadata, TheCroissantFileListsEveryFileWithItsHashAndTheSetsOrigin) {
  const TemporaryFolder folder("mirst-croissant");
  const std::string id = test::WriteNativeSet(folder.path() / "set");
  ConvertOptions options;
  options.to = "webdataset";
  options.metadata = Publication{"CC-BY-4.0", "A. Name", "https://example.org/set", "2025-01-31"};
  Convert(folder.path() / "set", folder.path() / "shards", options);
  const Json json = ParseJson(ReadFile(folder.path() / "shards/croissant.json"));
  EXPECT_EQ(json["conformsTo"][0], "http://mlcommons.org/croissant/1.1");
  for (const char* key : {"@context", "@type", "name", "description", "license", "url", "creator", "datePublished",
                          "rai:dataCollection", "rai:dataLimitations", "prov:wasGeneratedBy", "prov:wasDerivedFrom"})
    EXPECT_TRUE(json.contains(key)) << key;
  std::map<std::string, std::string> hashes;
  for (const Json& entry : json["distribution"]) {
    if (entry["@type"] == "cr:FileObject") hashes[entry["@id"]] = entry["sha256"];
  }
  for (const char* name : {"train-000000.tar", "val-000000.tar", "test-000000.tar"})
    EXPECT_EQ(hashes[name], Sha256OfFile(folder.path() / "shards" / name));
  EXPECT_THAT(json["prov:wasGeneratedBy"]["description"].get<std::string>(), HasSubstr(id));
  const std::string card = ReadFile(folder.path() / "shards/README.md");
  EXPECT_THAT(card, testing::StartsWith("---\nlicense: CC-BY-4.0\n"));
  EXPECT_THAT(card, HasSubstr("| train | 1 | 3 |"));
  EXPECT_THAT(ReadFile(folder.path() / "shards/DATASHEET.md"), HasSubstr("## Composition\n\n3 sequences"));
}

}  // namespace
}  // namespace mirst
