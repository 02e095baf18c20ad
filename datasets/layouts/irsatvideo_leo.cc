// IRSatVideo-LEO: images/<seq>/0000.png, masks/<seq>/0000.png (the value is the target's id),
// video_idx/{train,test}.txt with one sequence a line, img_idx/<seq>.txt with one frame a line.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string WhyNot(const fs::path& folder) {
  for (const char* name : {"images", "masks", "video_idx"}) {
    if (!fs::is_directory(folder / name)) return fmt::format("no folder {}/", name);
  }
  return "";
}

/// The frames that img_idx/<seq>.txt names, in its order; without that list all of the folder.
std::vector<ListedFrame> FramesOf(const fs::path& folder, const std::string& name) {
  const std::vector<ListedFrame> all = PairWithMasks(folder / "images" / name, folder / "masks" / name);
  const fs::path list = folder / "img_idx" / (name + ".txt");
  if (!fs::is_regular_file(list)) return all;
  std::vector<ListedFrame> frames;
  for (const std::string& line : ReadLines(list)) {
    const std::string stem = IsImageFile(line) ? fs::path(line).stem().string() : fs::path(line).filename().string();
    const auto found = std::find_if(all.begin(), all.end(), [&](const ListedFrame& f) { return f.name == stem; });
    if (found == all.end())
      throw BadInput(fmt::format("{} names the frame {}, which images/{} does not hold", list.string(), line, name));
    frames.push_back(*found);
  }
  return frames;
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::vector<ListedSequence> sequences;
  for (const std::string_view split : kSplitNames) {
    const fs::path list = folder / "video_idx" / fmt::format("{}.txt", split);
    if (!fs::is_regular_file(list)) continue;
    for (const std::string& name : ReadLines(list)) {
      const fs::path images = InContext(list.string(), [&] { return PathBelow(folder / "images", name); });
      if (!fs::is_directory(images))
        throw BadInput(
            fmt::format("{} names the sequence {}, which has no folder {}", list.string(), name, images.string()));
      sequences.push_back({name, std::string(split), true, FramesOf(folder, name)});
    }
  }
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const ListedSequence& a, const ListedSequence& b) { return NaturalLess(a.name, b.name); });
  return OpenListed(std::move(sequences), MaskValues::kInstance);
}

class LeoWriter : public LayoutWriter {
 public:
  explicit LeoWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override {
    sequence_ = sequence.name;
    AppendText(folder_ / "video_idx" / (SplitOr(sequence) + ".txt"), sequence.name + "\n");
  }
  void Write(const LabelledFrame& frame) override {
    WriteCounts(folder_ / "images" / sequence_ / frame.frame.name, frame.frame);
    WriteIds(folder_ / "masks" / sequence_ / frame.frame.name, frame);
    AppendText(folder_ / "img_idx" / (sequence_ + ".txt"), Stem(frame) + "\n");
  }

 private:
  fs::path folder_;
  std::string sequence_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<LeoWriter>(folder);
}

}  // namespace

Layout IrSatVideoLeoLayout() {
  return {"irsatvideo_leo",
          "images/<seq>/, masks/<seq>/ with ids, video_idx/, img_idx/",
          {.ids = true},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
