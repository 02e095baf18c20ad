#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "datasets/frame_io.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

using Sources = std::vector<std::unique_ptr<SequenceSource>>;

bool IsVideoFile(const fs::path& path) {
  static constexpr std::string_view kExtensions[] = {".avi", ".mp4", ".m4v",  ".mov", ".mkv", ".webm",
                                                     ".mpg", ".ts",  ".mpeg", ".wmv", ".mjpg"};
  return std::find(std::begin(kExtensions), std::end(kExtensions), LowerExtension(path)) != std::end(kExtensions);
}

void OpenFolderOfSources(const fs::path& folder, Sources& sources) {
  std::vector<fs::path> entries = ListFolders(folder);
  for (const fs::path& file : ListFiles(folder)) {
    if (IsVideoFile(file)) entries.push_back(file);
  }
  std::sort(entries.begin(), entries.end(), [](const fs::path& a, const fs::path& b) {
    return NaturalLess(a.filename().string(), b.filename().string());
  });
  for (const fs::path& entry : entries) {
    if (!fs::is_directory(entry)) {
      sources.push_back(OpenVideoSource(entry));
    } else if (ListImages(entry).empty()) {
      LogWarning(fmt::format("{}: left out, the folder holds no images", entry.string()));
    } else {
      try {
        sources.push_back(OpenFolderSource(entry));
      } catch (const MixedImagesError& error) {
        LogWarning(fmt::format("{}: left out, {}", entry.string(), error.message()));
      }
    }
  }
}

void OpenPath(const fs::path& path, Sources& sources) {
  std::error_code error;
  if (!fs::exists(path, error)) throw BadInput(fmt::format("{}: no such file or folder", path.string()));
  if (!fs::is_directory(path)) {
    if (IsImageFile(path)) {
      throw BadInput(
          fmt::format("{}: a single image; allowed: a folder of images, a video, or a folder of such", path.string()));
    }
    sources.push_back(OpenVideoSource(path));
  } else if (!ListImages(path).empty()) {
    sources.push_back(OpenFolderSource(path));
  } else {
    OpenFolderOfSources(path, sources);
  }
}

// The same frames under two names would let a split by source put them on both sides.
void LeaveOutCopies(Sources& sources) {
  std::map<std::string, fs::path> path_of_content;
  const auto is_copy = [&](const std::unique_ptr<SequenceSource>& source) {
    const SourceInfo& info = source->info();
    const auto [known, inserted] = path_of_content.emplace(info.sha256, info.path);
    if (!inserted) {
      LogWarning(
          fmt::format("{}: left out, it holds the same frames as {}", info.path.string(), known->second.string()));
    }
    return !inserted;
  };
  Sources kept;
  for (std::unique_ptr<SequenceSource>& source : sources) {
    if (!is_copy(source)) kept.push_back(std::move(source));
  }
  sources = std::move(kept);
}

void MakeNamesUnique(const Sources& sources) {
  std::set<std::string> taken;
  for (const auto& source : sources) {
    const std::string name = source->info().name;
    for (int copy = 2; !taken.insert(source->info().name).second; ++copy)
      source->Rename(fmt::format("{}-{}", name, copy));
  }
}

}  // namespace

void CheckRange(const SourceInfo& info, int first, int count) {
  if (first < 0 || count < 0 || first > info.frame_count - count) {
    throw InternalError(fmt::format("{}: frames {} to {} were asked for, it has {}", info.name, first,
                                    first + count - 1, info.frame_count));
  }
}

std::string SourceName(const fs::path& path) {
  const fs::path absolute = fs::absolute(path / "").lexically_normal().parent_path();
  return absolute.has_filename() ? absolute.filename().string() : "root";
}

void SequenceSource::AddKnownTargets(const std::vector<KnownTarget>& targets) {
  known_targets_.insert(known_targets_.end(), targets.begin(), targets.end());
  std::stable_sort(known_targets_.begin(), known_targets_.end(),
                   [](const KnownTarget& a, const KnownTarget& b) { return a.frame < b.frame; });
}

Sources OpenSources(const std::vector<fs::path>& paths) {
  Sources sources;
  for (const fs::path& path : paths) OpenPath(path, sources);
  LeaveOutCopies(sources);
  MakeNamesUnique(sources);
  if (sources.empty()) {
    std::string list;
    for (const fs::path& path : paths) list += (list.empty() ? "" : ", ") + path.string();
    throw BadInput(fmt::format("no sequence of frames in {}", list));
  }
  return sources;
}

std::string ToString(SourceKind kind) {
  switch (kind) {
    case SourceKind::kFolder:
      return "folder";
    case SourceKind::kVideo:
      return "video";
    case SourceKind::kProcedural:
      return "procedural";
  }
  throw InternalError("unknown kind of source");
}

}  // namespace mirst
