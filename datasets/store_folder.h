// The folder of a data set in the native layout (docs/formats.md): the names of its parts, what may be replaced, and
// the locks that keep writers apart. Internal to sample_store and what writes through it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/sample_store.h"

namespace mirst {

inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kStagingFolder = ".partial";
inline constexpr std::string_view kJournalFolder = ".journal";
/// Present from a writer's first moment until the manifest is in place.
inline constexpr std::string_view kUnfinishedFile = ".mirst-unfinished";
inline constexpr std::string_view kAnnotationsFolder = "annotations";
/// In the order of moving into place: who sees a sequence's frames sees its labels too.
inline constexpr std::array<std::string_view, 8> kImageFolders = {"mask",       "ignore", "instance", "coverage",
                                                                  "background", "linear", "display",  "image"};

/// Neither empty nor hidden, without slashes and control characters.
bool IsPlainName(std::string_view name);
std::string PathOf(std::string_view folder, std::string_view sequence, std::string_view frame);
std::string AnnotationsPath(std::string_view sequence);
std::string ListPath(std::string_view split);

/// Whether the folder holds a manifest that mirst wrote, or a set that it has not finished.
bool HoldsDataset(const std::filesystem::path& folder);
bool HoldsUnfinishedDataset(const std::filesystem::path& folder);

/// The parts of a data set that `folder` may hold; whatever else lies beside them is not ours to remove. The manifest
/// comes first: without it nobody takes what is left for a whole data set.
std::vector<std::filesystem::path> PartsOf(const std::filesystem::path& folder);

/// What they hold, bytes.
std::uintmax_t BytesOf(const std::vector<std::filesystem::path>& parts);

/// Throws kBadInput unless a data set may be written into the existing `folder`.
void CheckReplaceable(const std::filesystem::path& folder, Existing existing);

/// Throws kBadInput with the system's reason.
void Rename(const std::filesystem::path& from, const std::filesystem::path& to);

/// Clearing up after an error must not hide it, so failures are passed over.
void RemoveQuietly(const std::filesystem::path& path);

/// An advisory lock on a file, made where it is missing, held until destruction or the process's end. File systems that
/// know no locks grant it with a warning.
class FileLock {
 public:
  enum class Kind { kShared, kExclusive };
  /// Throws kBadInput "another process is <busy>" where a lock of somebody else is in the way.
  FileLock(std::filesystem::path file, Kind kind, const std::string& busy);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

  void RemoveFile() const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace mirst
