// DAUB as SSTNet lists it: train.txt, val.txt and test.txt with one frame a line, "path x1,y1,x2,y2,class ..."; x1, y1
// is the upper left pixel from 0, x2 = x1 + width, y2 = y1 + height. Paths are relative to the set's folder and a
// frame's folder is its sequence. classes.txt names the classes. Beside the lists of val and test lies the same truth
// as COCO JSON, instances_<split>.json, for SSTNet's scores; reading takes the lists.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/annotations/coco.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

bool IsListLine(const std::string& line) {
  const std::vector<std::string> words = Split(line, ' ');
  return words.size() > 1 && IsImageFile(words[0]) && Split(words[1], ',').size() == 5;
}

std::string WhyNot(const fs::path& folder) {
  for (const std::string_view split : kSplitNames) {
    const fs::path list = folder / fmt::format("{}.txt", split);
    if (!fs::is_regular_file(list)) continue;
    const std::vector<std::string> lines = ReadLines(list);
    if (std::any_of(lines.begin(), lines.end(), IsListLine)) return "";
  }
  return "no list with lines 'path x1,y1,x2,y2,class'";
}

TargetBox ParseBox(const std::string& word, const std::vector<std::string>& classes) {
  const std::vector<std::string> parts = Split(word, ',');
  std::vector<double> numbers;
  for (const std::string& part : parts) {
    if (const auto number = RealNumber(part)) numbers.push_back(*number);
  }
  if (numbers.size() != 5 || parts.size() != 5)
    throw BadInput(fmt::format("found '{}', expected x1,y1,x2,y2,class", word));
  const double index = numbers[4];
  const bool is_named = index >= 0 && index < static_cast<double>(classes.size());
  TargetBox box{0, is_named ? classes[static_cast<std::size_t>(index)] : fmt::format("class {}", index)};
  box.x = numbers[0];
  box.y = numbers[1];
  box.width = numbers[2] - numbers[0];
  box.height = numbers[3] - numbers[1];
  return box;
}

/// The folders between the set and the frame; "images" at their head is left out.
std::string SequenceOf(const std::string& path) {
  std::string name = fs::path(path).parent_path().string();
  if (name.starts_with("images/")) name.erase(0, 7);
  std::replace(name.begin(), name.end(), '/', '_');
  return name.empty() ? "pictures" : name;
}

ListedFrame ParseLine(const fs::path& folder, const std::vector<std::string>& words,
                      const std::vector<std::string>& classes) {
  const fs::path path = PathBelow(folder, words[0]);
  if (!fs::is_regular_file(path)) throw BadInput(fmt::format("it names the frame {}, which is missing", words[0]));
  ListedFrame frame{path.stem().string(), path, {}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].empty()) frame.boxes.push_back(ParseBox(words[i], classes));
  }
  return frame;
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  const bool has_classes = fs::is_regular_file(folder / "classes.txt");
  const std::vector<std::string> classes =
      has_classes ? ReadLines(folder / "classes.txt") : std::vector<std::string>{"target"};
  std::map<std::string, ListedSequence> by_name;
  for (const std::string_view split : kSplitNames) {
    const fs::path list = folder / fmt::format("{}.txt", split);
    if (!fs::is_regular_file(list)) continue;
    const std::vector<std::string> lines = ReadLines(list);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      InContext(fmt::format("{}:{}", list.string(), i + 1), [&] {
        const std::vector<std::string> words = Split(lines[i], ' ');
        const std::string name = SequenceOf(words[0]);
        auto [sequence, is_new] = by_name.try_emplace(name, ListedSequence{name, std::string(split)});
        if (sequence->second.split != split)
          throw BadInput(fmt::format("the sequence {} stands in {}.txt, too", name, sequence->second.split));
        sequence->second.frames.push_back(ParseLine(folder, words, classes));
      });
    }
  }
  std::vector<ListedSequence> sequences;
  for (auto& [name, sequence] : by_name) sequences.push_back(std::move(sequence));
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const ListedSequence& a, const ListedSequence& b) { return NaturalLess(a.name, b.name); });
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class DaubWriter : public LayoutWriter {
 public:
  explicit DaubWriter(fs::path folder) : folder_(std::move(folder)) {}

  void Begin(const LayoutSequence& sequence) override {
    if (sequence.name.find(' ') != std::string::npos)
      throw BadInput(
          fmt::format("the sequence '{}' has a blank in its name, which ends a path in the lists", sequence.name));
    sequence_ = sequence.name;
    split_ = SplitOr(sequence);
    if (split_ != "train")
      coco_.try_emplace(split_, folder_ / fmt::format("instances_{}.json", split_), CocoKind::kImages);
  }

  void Write(const LabelledFrame& frame) override {
    const std::string path = fmt::format("images/{}/{}", sequence_, frame.frame.name);
    if (frame.frame.name.find(' ') != std::string::npos)
      throw BadInput(fmt::format("the frame '{}' has a blank in its name, which ends a path in the lists", path));
    WriteCounts(folder_ / path, frame.frame);
    const std::vector<TargetBox> boxes = BoxesOf(frame, WithMasks::kNo);
    std::string line = path;
    for (const TargetBox& box : boxes) {
      line += fmt::format(" {},{},{},{},{}", box.x, box.y, box.x + box.width, box.y + box.height,
                          classes_.Of(box.class_name));
    }
    AppendText(folder_ / (split_ + ".txt"), line + "\n");
    if (const auto coco = coco_.find(split_); coco != coco_.end())
      coco->second.Add({path, frame.frame.pixels.width(), frame.frame.pixels.height(), "", 0, boxes});
  }

  void Finish() override {
    std::string names;
    for (const std::string& name : classes_.names()) names += name + "\n";
    AppendText(folder_ / "classes.txt", names);
    for (auto& [split, writer] : coco_) writer.Finish();
  }

 private:
  fs::path folder_;
  std::string sequence_, split_;
  ClassNumbers classes_;
  std::map<std::string, CocoWriter> coco_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<DaubWriter>(folder);
}

}  // namespace

Layout DaubLayout() {
  return {"daub",
          "<split>.txt with lines 'path x1,y1,x2,y2,class ...', COCO JSON of val and test",
          {.masks = false, .classes = true},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
