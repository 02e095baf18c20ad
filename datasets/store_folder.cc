#include "datasets/store_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> EntriesOf(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  fs::directory_iterator it(folder, error);
  if (error) throw BadInput(fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  for (const fs::directory_entry& entry : it) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsOurManifest(const fs::path& file) {
  try {
    return Get<std::string>(Get<Json>(ParseJson(ReadFile(file)), "program"), "name") == "mirst";
  } catch (const Error&) {
    return false;
  }
}

std::string Reason(int error_number) { return std::generic_category().message(error_number); }

bool KnowsNoLocks(int error_number) {
  return error_number == ENOSYS || error_number == ENOTSUP || error_number == EOPNOTSUPP || error_number == ENOLCK;
}

}  // namespace

bool IsPlainName(std::string_view name) {
  return !name.empty() && !name.starts_with('.') &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || (c >= 0 && c < ' '); });
}

std::string PathOf(std::string_view folder, std::string_view sequence, std::string_view frame) {
  return fmt::format("{}/{}/{}", folder, sequence, frame);
}

std::string AnnotationsPath(std::string_view sequence) {
  return fmt::format("{}/{}.jsonl", kAnnotationsFolder, sequence);
}

std::string ListPath(std::string_view split) { return fmt::format("{}.txt", split); }

bool HoldsDataset(const fs::path& folder) { return IsOurManifest(folder / kManifestFile); }

bool HoldsUnfinishedDataset(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kUnfinishedFile, ignored);
}

std::vector<fs::path> PartsOf(const fs::path& folder) {
  std::vector<fs::path> parts = {folder / kManifestFile, folder / "plan.json", folder / kStagingFolder,
                                 folder / kJournalFolder, folder / kAnnotationsFolder};
  for (const std::string_view split : kSplitNames) parts.push_back(folder / ListPath(split));
  for (const std::string_view name : kImageFolders) parts.push_back(folder / name);
  return parts;
}

std::uintmax_t BytesOf(const std::vector<fs::path>& parts) {
  std::error_code error;
  std::uintmax_t bytes = 0;
  for (const fs::path& part : parts) {
    if (fs::is_regular_file(part, error)) bytes += fs::file_size(part, error);
    if (!fs::is_directory(part, error)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(part, error)) {
      if (entry.is_regular_file(error)) bytes += entry.file_size(error);
    }
  }
  return bytes;
}

void CheckReplaceable(const fs::path& folder, Existing existing) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw BadInput(fmt::format("{} is a file, expected a folder", folder.string()));
  const std::vector<fs::path> entries = EntriesOf(folder);
  if (entries.empty()) return;
  const bool finished = HoldsDataset(folder);
  if (!finished && !HoldsUnfinishedDataset(folder)) {
    throw BadInput(fmt::format("{} holds files that are no data set of mirst ({}); name an empty or a new folder",
                               folder.string(), entries.front().filename().string()));
  }
  if (existing == Existing::kRefuse) {
    throw BadInput(finished ? fmt::format("{} already holds a data set; name another folder or allow replacing it",
                                          folder.string())
                            : fmt::format("{} already holds an unfinished data set; resume it, name another folder or "
                                          "allow replacing it",
                                          folder.string()));
  }
}

void Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw BadInput(fmt::format("cannot write {}: {}", to.string(), error.message()));
}

void RemoveQuietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

FileLock::FileLock(fs::path file, Kind kind, const std::string& busy) : path_(std::move(file)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw BadInput(fmt::format("cannot write {}: {}", path_.string(), Reason(errno)));
  const auto fail = [&](const std::string& message) {
    ::close(descriptor_);
    throw BadInput(message);
  };
  if (::flock(descriptor_, (kind == Kind::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    const int reason = errno;
    if (reason == EWOULDBLOCK) fail(fmt::format("another process is {}", busy));
    if (!KnowsNoLocks(reason)) fail(fmt::format("cannot lock {}: {}", path_.string(), Reason(reason)));
    LogWarning(fmt::format("{} cannot be locked ({}): nothing keeps two runs from writing here at once", path_.string(),
                           Reason(reason)));
  }
  // Between open and flock another writer may have finished and removed the file that we hold.
  struct stat held = {};
  struct stat named = {};
  if (::fstat(descriptor_, &held) != 0 || ::stat(path_.c_str(), &named) != 0 || held.st_ino != named.st_ino)
    fail(fmt::format("another process was {} a moment ago", busy));
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

void FileLock::RemoveFile() const { ::unlink(path_.c_str()); }

}  // namespace mirst
