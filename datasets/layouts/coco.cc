// COCO and COCO-VID data sets: images/<split>/<seq>/<frame>.png and annotations/instances_<split>.json, whose file
// names are relative to images/<split>/. Sets of others keep their images in images/ or <split>/, or beside
// annotations/. In plain COCO the folders in the file names are the sequences; pictures without one belong together
// without order.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "datasets/annotations/coco.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> AnnotationFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder / "annotations")) return files;
  for (const fs::path& file : ListFiles(folder / "annotations")) {
    if (LowerExtension(file) == ".json") files.push_back(file);
  }
  return files;
}

std::string WhyNot(const fs::path& folder, CocoKind kind) {
  const std::vector<fs::path> files = AnnotationFiles(folder);
  if (files.empty()) return "no annotations/*.json";
  const std::string text = ReadFile(files.front());
  if (text.find("\"images\"") == std::string::npos)
    return fmt::format("{} has no key images", files.front().filename().string());
  const bool has_videos = text.find("\"videos\"") != std::string::npos;
  if (has_videos == (kind == CocoKind::kVideos)) return "";
  return has_videos ? "its annotations have videos" : "its annotations have no videos";
}

std::string SplitOfFile(const fs::path& file) {
  const std::string name = file.stem().string();
  for (const std::string_view split : kSplitNames) {
    if (name.find(split) != std::string::npos) return std::string(split);
  }
  return "";
}

fs::path FindImage(const fs::path& folder, const std::string& split, const CocoImage& image) {
  for (const fs::path& root : {fs::path("images") / split, fs::path("images"), fs::path(split), fs::path(".")}) {
    fs::path path = InContext("file_name", [&] { return PathBelow(folder / root, image.file_name); });
    if (fs::is_regular_file(path)) return path;
  }
  throw BadInput(fmt::format("the image {} is missing in images/{}, images/, {}/ and the folder itself",
                             image.file_name, split, split));
}

std::string SequenceOf(const CocoImage& image, const std::string& split) {
  std::string name = image.video.empty() ? fs::path(image.file_name).parent_path().string() : image.video;
  std::replace(name.begin(), name.end(), '/', '_');
  return name.empty() ? (split.empty() ? "pictures" : split) : name;
}

void AddFile(const fs::path& folder, const fs::path& file, std::map<std::string, ListedSequence>& sequences) {
  const std::string split = SplitOfFile(file);
  for (CocoImage& image : ParseCoco(ReadFile(file))) {
    const std::string name = SequenceOf(image, split);
    const bool is_ordered = !image.video.empty() || fs::path(image.file_name).has_parent_path();
    auto [sequence, is_new] = sequences.try_emplace(name, ListedSequence{name, split, is_ordered});
    const fs::path path = FindImage(folder, split, image);
    sequence->second.frames.push_back({path.stem().string(), path, {}, std::move(image.boxes)});
  }
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::map<std::string, ListedSequence> by_name;
  for (const fs::path& file : AnnotationFiles(folder))
    InContext(file.string(), [&] { AddFile(folder, file, by_name); });
  std::vector<ListedSequence> sequences;
  for (auto& [name, sequence] : by_name) sequences.push_back(std::move(sequence));
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const ListedSequence& a, const ListedSequence& b) { return NaturalLess(a.name, b.name); });
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class CocoSetWriter : public LayoutWriter {
 public:
  CocoSetWriter(fs::path folder, CocoKind kind) : folder_(std::move(folder)), kind_(kind) {}

  void Begin(const LayoutSequence& sequence) override {
    sequence_ = sequence;
    split_ = SplitOr(sequence);
    frames_ = 0;
    writers_.try_emplace(split_, folder_ / "annotations" / fmt::format("instances_{}.json", split_), kind_);
  }
  void Write(const LabelledFrame& frame) override {
    const std::string name = fmt::format("{}/{}", sequence_.name, frame.frame.name);
    WriteCounts(folder_ / "images" / split_ / name, frame.frame);
    writers_.at(split_).Add({name, frame.frame.pixels.width(), frame.frame.pixels.height(), sequence_.name, frames_++,
                             BoxesOf(frame, WithMasks::kYes)});
  }
  void Finish() override {
    for (auto& [split, writer] : writers_) writer.Finish();
  }

 private:
  fs::path folder_;
  CocoKind kind_;
  LayoutSequence sequence_;
  std::string split_;
  int frames_ = 0;
  std::map<std::string, CocoWriter> writers_;
};

template <CocoKind kKind>
std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<CocoSetWriter>(folder, kKind);
}

}  // namespace

Layout CocoLayout() {
  return {"coco",
          "images/<split>/, annotations/instances_<split>.json with masks as runs",
          {.classes = true},
          [](const fs::path& folder) { return WhyNot(folder, CocoKind::kImages); },
          Open,
          Create<CocoKind::kImages>};
}

Layout CocoVidLayout() {
  return {"coco_vid",
          "the same files with videos and instance ids",
          {.ids = true, .classes = true},
          [](const fs::path& folder) { return WhyNot(folder, CocoKind::kVideos); },
          Open,
          Create<CocoKind::kVideos>};
}

}  // namespace mirst
