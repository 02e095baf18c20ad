#include "core/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include "core/error.h"
#include "core/random.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;

template <class Function>
std::string MessageOfBadInput(Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    return error.message();
  }
  return "no error";
}

std::vector<std::string> AllNames(const fs::path& folder) {  // hidden ones too
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// No file may grow beyond `bytes` while this lives: the same failure in the middle of a write as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(WriteFileAtomically, WritesEveryByteAndReplacesTheOlderFile) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "größe 1.bin";
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i % 251);
  WriteFileAtomically(path, bytes);
  EXPECT_EQ(ReadFile(path), bytes);
  WriteFileAtomically(path, "");
  EXPECT_EQ(ReadFile(path), "");
  EXPECT_EQ(AllNames(folder.path()), std::vector<std::string>{"größe 1.bin"});
}

TEST(WriteFileAtomically, AFailureInTheMiddleLeavesTheOlderFileAndNoOther) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "frame.png";
  WriteFileAtomically(path, "older");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = MessageOfBadInput([&] { WriteFileAtomically(path, std::string(5000, 'x')); });
  }
  EXPECT_EQ(message, "cannot write " + path.string() + ": File too large");
  EXPECT_EQ(ReadFile(path), "older");
  EXPECT_EQ(AllNames(folder.path()), std::vector<std::string>{"frame.png"});
}

TEST(WriteFileAtomically, AFailedRenameLeavesNothingBehind) {
  const TemporaryFolder folder;
  CreateFolder(folder.path() / "taken" / "inside");
  EXPECT_EQ(MessageOfBadInput([&] { WriteFileAtomically(folder.path() / "taken", "x"); }),
            "cannot write " + (folder.path() / "taken").string() + ": Is a directory");
  EXPECT_EQ(AllNames(folder.path()), std::vector<std::string>{"taken"});
}

TEST(WriteFileAtomically, NamesAFolderThatDoesNotExist) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "none" / "file";
  EXPECT_EQ(MessageOfBadInput([&] { WriteFileAtomically(path, "x"); }),
            "cannot write " + path.string() + ": No such file or directory");
}

TEST(ReadFile, NamesPathAndReasonOfWhatItCannotRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(MessageOfBadInput([&] { ReadFile(folder.path() / "none"); }),
            "cannot read " + (folder.path() / "none").string() + ": No such file or directory");
  EXPECT_EQ(MessageOfBadInput([&] { ReadFile(folder.path()); }),
            "cannot read " + folder.path().string() + ": Is a directory");
  WriteFileAtomically(folder.path() / "file", "x");
  EXPECT_EQ(MessageOfBadInput([&] { ReadFile(folder.path() / "file" / "below"); }),
            "cannot read " + (folder.path() / "file" / "below").string() + ": Not a directory");
}

TEST(ReadFile, ReadsFilesThatTellNoSize) { EXPECT_FALSE(ReadFile("/proc/self/status").empty()); }

TEST(CreateFolder, MakesParentsAndRefusesAPathThroughAFile) {
  const TemporaryFolder folder;
  CreateFolder(folder.path() / "a" / "b");
  CreateFolder(folder.path() / "a" / "b");
  EXPECT_TRUE(fs::is_directory(folder.path() / "a" / "b"));
  WriteFileAtomically(folder.path() / "file", "x");
  EXPECT_EQ(MessageOfBadInput([&] { CreateFolder(folder.path() / "file" / "c"); }),
            "cannot create the folder " + (folder.path() / "file" / "c").string() + ": Not a directory");
}

TEST(NaturalLess, ComparesRunsOfDigitsAsNumbers) {
  EXPECT_TRUE(NaturalLess("frame2", "frame10"));
  EXPECT_FALSE(NaturalLess("frame10", "frame2"));
  EXPECT_TRUE(NaturalLess("a9b", "a10a"));
  EXPECT_TRUE(NaturalLess("99999999999999999999998", "99999999999999999999999"));  // beyond 64 bits
  EXPECT_TRUE(NaturalLess("a", "a0"));
  EXPECT_TRUE(NaturalLess("a2", "a02b"));
  EXPECT_TRUE(NaturalLess("Z", "a"));
}

TEST(NaturalLess, IsATotalOrder) {
  RandomStream stream({.seed = 1});
  std::vector<std::string> names;
  for (int i = 0; i < 90; ++i) {
    std::string name;
    for (std::uint32_t length = stream.Integer(5); length > 0; --length) name += "0012ab.\xc3"[stream.Integer(8)];
    names.push_back(name);
  }
  for (const std::string& a : names) {
    for (const std::string& b : names) {
      ASSERT_EQ(NaturalLess(a, b) + NaturalLess(b, a) + (a == b), 1) << a << " " << b;
      if (!NaturalLess(a, b)) continue;
      for (const std::string& c : names)
        ASSERT_TRUE(!NaturalLess(b, c) || NaturalLess(a, c)) << a << " " << b << " " << c;
    }
  }
}

TEST(ListFiles, GivesVisibleRegularFilesInNaturalOrder) {
  const TemporaryFolder folder;
  for (const char* name : {"10.png", "9.png", "été.png", ".hidden", "1.png"})
    WriteFileAtomically(folder.path() / name, "");
  CreateFolder(folder.path() / "seq10");
  CreateFolder(folder.path() / "seq9");
  fs::create_symlink(folder.path() / "nowhere", folder.path() / "broken");
  std::vector<std::string> files, folders;
  for (const fs::path& path : ListFiles(folder.path())) files.push_back(path.filename().string());
  for (const fs::path& path : ListFolders(folder.path())) folders.push_back(path.filename().string());
  EXPECT_EQ(files, (std::vector<std::string>{"1.png", "9.png", "10.png", "été.png"}));
  EXPECT_EQ(folders, (std::vector<std::string>{"seq9", "seq10"}));
}

TEST(ListFiles, RefusesWhatIsNoFolder) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "file", "");
  EXPECT_EQ(MessageOfBadInput([&] { ListFiles(folder.path() / "none"); }),
            "cannot read the folder " + (folder.path() / "none").string() + ": No such file or directory");
  EXPECT_EQ(MessageOfBadInput([&] { ListFolders(folder.path() / "file"); }),
            "cannot read the folder " + (folder.path() / "file").string() + ": Not a directory");
}

TEST(LowerExtension, KeepsTheDot) {
  EXPECT_EQ(LowerExtension("a/b.PnG"), ".png");
  EXPECT_EQ(LowerExtension("a.b/c"), "");
}

TEST(FreeBytes, OfAPathThatIsNotThereYetIsThatOfItsParent) {
  const TemporaryFolder folder;
  const auto here = static_cast<double>(FreeBytes(folder.path()));
  EXPECT_GT(here, 0);
  // Others write to the same disk meanwhile: 1 GiB.
  EXPECT_NEAR(static_cast<double>(FreeBytes(folder.path() / "not" / "there")), here, 1073741824.0);
}

TEST(TemporaryFolder, GoesWithAllItHolds) {
  fs::path path;
  {
    const TemporaryFolder folder("mirst-test");
    path = folder.path();
    CreateFolder(path / "a");
    WriteFileAtomically(path / "a" / "b", "x");
    EXPECT_TRUE(path.filename().string().starts_with("mirst-test-"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFolder, ABadTmpdirIsBadInput) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/nowhere", 1);
  EXPECT_EQ(MessageOfBadInput([] { const TemporaryFolder folder; }),
            "TMPDIR names no folder for temporary files: No such file or directory");
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace mirst
