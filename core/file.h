// Files and folders: whole-file reading, atomic writing, natural order of names. Every failure is an Error that names
// the path and the system's reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

/// The file's bytes. Throws kBadInput.
std::string ReadFile(const std::filesystem::path& path);

/// Writes under a temporary name in the same folder and renames, so that no reader ever sees a part. Replaces an older
/// file. Throws kBadInput (full disk, no permission) and leaves nothing behind.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);

/// Creates the folder and its parents. Throws kBadInput.
void CreateFolder(const std::filesystem::path& path);

/// "frame2" before "frame10": runs of digits compare as numbers, all else byte by byte.
bool NaturalLess(std::string_view a, std::string_view b);

/// Regular files (not folders) directly inside `folder`, hidden ones left out, in natural order of their names.
/// Throws kBadInput when it is no readable folder.
std::vector<std::filesystem::path> ListFiles(const std::filesystem::path& folder);
/// The same for its sub-folders.
std::vector<std::filesystem::path> ListFolders(const std::filesystem::path& folder);

/// Lower-case extension with its dot, ".png".
std::string LowerExtension(const std::filesystem::path& path);

/// Bytes that this user can still write on the file system of `path` (of its nearest existing parent).
std::uintmax_t FreeBytes(const std::filesystem::path& path);

/// Removes itself and all it holds when it goes out of scope.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::string_view prefix = "mirst");
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mirst
