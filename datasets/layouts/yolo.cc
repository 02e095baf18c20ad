// YOLO data sets: images/<split>/<seq>/<frame>.png, labels/<split>/<seq>/<frame>.txt, data.yaml with the classes.
// Pictures directly in images/<split>/ belong together without order.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "datasets/annotations/yolo.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string WhyNot(const fs::path& folder) {
  for (const char* name : {"images", "labels"}) {
    if (!fs::is_directory(folder / name)) return fmt::format("no folder {}/", name);
  }
  return fs::is_regular_file(folder / "data.yaml") ? "" : "no data.yaml";
}

/// `names` of data.yaml, a list or a map from 0 on.
std::vector<std::string> ClassesOf(const fs::path& file) {
  try {
    const YAML::Node names = YAML::Load(ReadFile(file))["names"];
    std::vector<std::string> classes;
    for (std::size_t i = 0; i < names.size(); ++i) classes.push_back(names[i].as<std::string>());
    if (classes.empty()) throw BadInput(fmt::format("{} names no classes", file.string()));
    return classes;
  } catch (const YAML::Exception& error) {
    throw BadInput(fmt::format("{} is no usable YAML: {}", file.string(), error.what()));
  }
}

ListedSequence ReadSequence(const fs::path& images, const fs::path& labels, const std::vector<std::string>& classes) {
  ListedSequence sequence;
  for (auto& [name, image] : ImagesIn(images)) {
    ListedFrame frame{name, image, {}};
    const fs::path label = labels / (name + ".txt");
    if (fs::is_regular_file(label)) {  // a picture without target may have none
      const ImageFileInfo size = ReadImageInfo(image);
      frame.boxes =
          InContext(label.string(), [&] { return ParseYolo(ReadFile(label), size.width, size.height, classes); });
    }
    sequence.frames.push_back(std::move(frame));
  }
  return sequence;
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  const std::vector<std::string> classes = ClassesOf(folder / "data.yaml");
  std::vector<ListedSequence> sequences;
  const auto add = [&](const fs::path& below, std::string name, std::string_view split, bool is_ordered) {
    ListedSequence sequence = ReadSequence(folder / "images" / below, folder / "labels" / below, classes);
    if (sequence.frames.empty()) return;
    sequence.name = std::move(name);
    sequence.split = split;
    sequence.is_ordered = is_ordered;
    sequences.push_back(std::move(sequence));
  };
  for (const std::string_view split : kSplitNames) {
    if (!fs::is_directory(folder / "images" / split)) continue;
    add(split, std::string(split), split, false);
    for (const fs::path& path : ListFolders(folder / "images" / split))
      add(fs::path(split) / path.filename(), path.filename().string(), split, true);
  }
  add(".", "pictures", "", false);
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const ListedSequence& a, const ListedSequence& b) { return NaturalLess(a.name, b.name); });
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class YoloWriter : public LayoutWriter {
 public:
  explicit YoloWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override { below_ = fs::path(SplitOr(sequence)) / sequence.name; }
  void Write(const LabelledFrame& frame) override {
    const Image<float>& pixels = frame.frame.pixels;
    WriteCounts(folder_ / "images" / below_ / frame.frame.name, frame.frame);
    AppendText(folder_ / "labels" / below_ / (Stem(frame) + ".txt"),
               YoloLines(BoxesOf(frame, WithMasks::kNo), pixels.width(), pixels.height(), classes_));
  }
  void Finish() override {
    YAML::Emitter yaml;
    yaml << YAML::BeginMap << YAML::Key << "path" << YAML::Value << ".";
    for (const std::string_view split : kSplitNames) {
      const std::string name(split);
      if (fs::is_directory(folder_ / "images" / name)) yaml << YAML::Key << name << YAML::Value << "images/" + name;
    }
    yaml << YAML::Key << "names" << YAML::Value << YAML::BeginMap;
    if (classes_.names().empty()) classes_.Of("target");
    for (std::size_t i = 0; i < classes_.names().size(); ++i)
      yaml << YAML::Key << i << YAML::Value << classes_.names()[i];
    yaml << YAML::EndMap << YAML::EndMap;
    WriteFileAtomically(folder_ / "data.yaml", std::string(yaml.c_str()) + "\n");
  }

 private:
  fs::path folder_, below_;
  ClassNumbers classes_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<YoloWriter>(folder);
}

}  // namespace

Layout YoloLayout() {
  return {"yolo",
          "images/<split>/<seq>/, labels/<split>/<seq>/, data.yaml",
          {.masks = false, .classes = true},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
