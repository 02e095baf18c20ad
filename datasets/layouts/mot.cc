// MOT Challenge: <split>/<seq>/img1/000001.png, <split>/<seq>/gt/gt.txt, seqinfo.ini; gt/labels.txt names the classes.
// Sequences directly in the folder are read, too.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "datasets/annotations/mot.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kFramesPerSecond = 25;  // what mirst assumes of folders of frames

bool IsSequence(const fs::path& folder) {
  return fs::is_directory(folder / "img1") && fs::is_regular_file(folder / "gt" / "gt.txt");
}

/// (folder, split)
std::vector<std::pair<fs::path, std::string>> Sequences(const fs::path& folder) {
  std::vector<std::pair<fs::path, std::string>> found;
  for (const fs::path& path : ListFolders(folder)) {
    if (IsSequence(path)) found.emplace_back(path, "");
    const std::string name = path.filename().string();
    if (std::find(kSplitNames.begin(), kSplitNames.end(), name) == kSplitNames.end()) continue;
    for (const fs::path& sequence : ListFolders(path)) {
      if (IsSequence(sequence)) found.emplace_back(sequence, name);
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return NaturalLess(a.first.filename().string(), b.first.filename().string());
  });
  return found;
}

std::string WhyNot(const fs::path& folder) { return Sequences(folder).empty() ? "no <seq>/img1/ with gt/gt.txt" : ""; }

ListedSequence ReadSequence(const fs::path& folder, const std::string& split) {
  const fs::path gt = folder / "gt" / "gt.txt", labels = folder / "gt" / "labels.txt";
  const std::vector<std::string> classes = fs::is_regular_file(labels) ? ReadLines(labels) : std::vector<std::string>{};
  MotTruth truth = InContext(gt.string(), [&] { return ParseMot(ReadFile(gt), classes); });
  ListedSequence sequence{folder.filename().string(), split};
  for (auto& [name, image] : ImagesIn(folder / "img1")) {
    const auto number = WholeNumber(name);
    if (!number || *number < 1) throw BadInput(fmt::format("{} is no number from 1", image.string()));
    ListedFrame frame{name, image, {}};
    if (const auto boxes = truth.boxes.find(static_cast<int>(*number)); boxes != truth.boxes.end()) {
      frame.boxes = std::move(boxes->second);
      truth.boxes.erase(boxes);
    }
    if (truth.left_out > 0) frame.notes.emplace_back("boxes that gt.txt flags as not to be evaluated are left out");
    sequence.frames.push_back(std::move(frame));
  }
  if (!truth.boxes.empty())
    throw BadInput(
        fmt::format("{} names the frame {}, which img1/ does not hold", gt.string(), truth.boxes.begin()->first));
  return sequence;
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::vector<ListedSequence> sequences;
  for (const auto& [path, split] : Sequences(folder)) sequences.push_back(ReadSequence(path, split));
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class MotWriter : public LayoutWriter {
 public:
  explicit MotWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override {
    sequence_ = sequence;
    sequence_folder_ = folder_ / SplitOr(sequence) / sequence.name;
    frames_ = 0;
    AppendText(sequence_folder_ / "gt" / "gt.txt", "");
    folders_.push_back(sequence_folder_);
  }
  void Write(const LabelledFrame& frame) override {
    const Image<float>& pixels = frame.frame.pixels;
    if (++frames_ == 1) WriteSequenceInfo(pixels.width(), pixels.height());
    WriteCounts(sequence_folder_ / "img1" / fmt::format("{:06}.png", frames_), frame.frame);
    AppendText(sequence_folder_ / "gt" / "gt.txt", MotLines(BoxesOf(frame, WithMasks::kNo), frames_, classes_));
  }
  void Finish() override {
    std::string names;
    for (const std::string& name : classes_.names()) names += name + "\n";
    for (const fs::path& folder : folders_) WriteFileAtomically(folder / "gt" / "labels.txt", names);
  }

 private:
  void WriteSequenceInfo(int width, int height) const {
    WriteFileAtomically(
        sequence_folder_ / "seqinfo.ini",
        fmt::format(
            "[Sequence]\nname={}\nimDir=img1\nframeRate={}\nseqLength={}\nimWidth={}\nimHeight={}\nimExt=.png\n",
            sequence_.name, kFramesPerSecond, sequence_.frames.size(), width, height));
  }

  fs::path folder_, sequence_folder_;
  LayoutSequence sequence_;
  int frames_ = 0;
  ClassNumbers classes_;
  std::vector<fs::path> folders_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<MotWriter>(folder);
}

}  // namespace

Layout MotLayout() {
  return {"mot",
          "<split>/<seq>/img1/, gt/gt.txt, seqinfo.ini",
          {.masks = false, .ids = true, .classes = true, .names = false},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
