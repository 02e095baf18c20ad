#include "datasets/set_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/manifest.h"
#include "datasets/frame_io.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// DIR/image or DIR/images, whichever is there.
fs::path FolderOf(const fs::path& set, std::string_view kind) {
  const fs::path plural = set / (std::string(kind) + "s");
  return (kind == "image" || kind == "mask") && fs::is_directory(plural) ? plural : set / kind;
}

bool NaturalOrder(const std::string& a, const std::string& b) { return NaturalLess(a, b); }

void AddImages(const fs::path& folder, std::string_view kind, SequenceFiles& sequence) {
  if (!fs::is_directory(folder)) return;
  auto& files = sequence.kinds[std::string(kind)];
  for (const fs::path& path : ListFiles(folder)) {
    if (IsImageFile(path) && !files.emplace(path.stem().string(), path).second) sequence.twins.push_back(path);
  }
}

bool HoldsImages(const fs::path& folder) {
  const std::vector<fs::path> files = ListFiles(folder);
  return std::any_of(files.begin(), files.end(), IsImageFile);
}

void ListKinds(SetFiles& set) {
  std::set<std::string> names;
  bool is_flat = false;
  for (const std::string_view kind : kImageKinds) {
    const fs::path folder = FolderOf(set.folder, kind);
    if (!fs::is_directory(folder)) continue;
    for (const fs::path& path : ListFolders(folder)) names.insert(path.filename().string());
    is_flat = is_flat || (set.layout == SetLayout::kMasks && HoldsImages(folder));
  }
  if (is_flat) {
    SequenceFiles pictures{fs::absolute(set.folder / ".").parent_path().filename().string(), false, {}, {}, {}};
    for (const std::string_view kind : kImageKinds) AddImages(FolderOf(set.folder, kind), kind, pictures);
    set.sequences.push_back(std::move(pictures));
  }
  for (const std::string& name : names) {
    SequenceFiles sequence{name, true, {}, {}, {}};
    for (const std::string_view kind : kImageKinds) AddImages(FolderOf(set.folder, kind) / name, kind, sequence);
    set.sequences.push_back(std::move(sequence));
  }
}

void ListBoxes(SetFiles& set) {
  const auto add = [&](const fs::path& folder, std::string name) {
    if (!fs::is_regular_file(folder / "boxes.csv")) return;
    SequenceFiles sequence{std::move(name), true, {}, {}, folder / "boxes.csv"};
    AddImages(folder, "image", sequence);
    set.sequences.push_back(std::move(sequence));
  };
  add(set.folder, fs::absolute(set.folder / ".").parent_path().filename().string());
  for (const fs::path& path : ListFolders(set.folder)) add(path, path.filename().string());
}

void ReadSplitLists(SetFiles& set) {
  for (const std::string_view split : kSplitNames) {
    const fs::path path = set.folder / (std::string(split) + ".txt");
    if (!fs::is_regular_file(path)) continue;
    const std::string text = ReadFile(path);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::string name = text.substr(begin, end - begin);
      if (name.ends_with('\r')) name.pop_back();
      if (!name.empty()) set.split_of_name.emplace(std::move(name), split);
      begin = end + 1;
    }
  }
}

}  // namespace

std::string_view NameOf(SetLayout layout) {
  switch (layout) {
    case SetLayout::kNative:
      return "native";
    case SetLayout::kMasks:
      return "images and masks";
    case SetLayout::kBoxes:
      return "images and boxes";
  }
  throw InternalError("an unknown layout");
}

std::vector<std::string> SequenceFiles::Stems() const {
  std::set<std::string> stems;
  for (const std::string_view kind : {"image", "mask"}) {
    const auto files = kinds.find(kind);
    if (files == kinds.end()) continue;
    for (const auto& [stem, path] : files->second) stems.insert(stem);
  }
  std::vector<std::string> ordered(stems.begin(), stems.end());
  std::stable_sort(ordered.begin(), ordered.end(), NaturalOrder);
  return ordered;
}

fs::path SequenceFiles::Find(std::string_view kind, const std::string& stem) const {
  const auto files = kinds.find(kind);
  if (files == kinds.end()) return {};
  const auto found = files->second.find(stem);
  return found == files->second.end() ? fs::path() : found->second;
}

SetFiles ListSet(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder", folder.string()));
  SetFiles set;
  set.folder = folder;
  if (fs::exists(folder / "manifest.json") || fs::exists(folder / ".mirst-unfinished")) {
    set.layout = SetLayout::kNative;
    ListKinds(set);
  } else if (fs::is_directory(FolderOf(folder, "mask"))) {
    set.layout = SetLayout::kMasks;
    ListKinds(set);
  } else {
    set.layout = SetLayout::kBoxes;
    ListBoxes(set);
    if (set.sequences.empty()) {
      throw BadInput(fmt::format(
          "{} is no data set: it holds neither manifest.json, nor a folder mask/ or masks/, nor a boxes.csv (in itself "
          "or in a sub-folder)",
          folder.string()));
    }
  }
  std::stable_sort(set.sequences.begin(), set.sequences.end(),
                   [](const SequenceFiles& a, const SequenceFiles& b) { return NaturalLess(a.name, b.name); });
  ReadSplitLists(set);
  return set;
}

}  // namespace mirst
