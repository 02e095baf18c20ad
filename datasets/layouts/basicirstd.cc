// BasicIRSTD (single pictures): images/*.png, masks/*.png, img_idx/{train,test}_<set>.txt with one picture a line. A
// set without img_idx/ is read, too. A sequence's frames become pictures <seq>_<frame>.
#include <fmt/format.h>

#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string WhyNot(const fs::path& folder) {
  for (const char* name : {"images", "masks"}) {
    if (!fs::is_directory(folder / name)) return fmt::format("no folder {}/", name);
  }
  if (fs::is_directory(folder / "boxes")) return "it has a folder boxes/";
  return ImagesIn(folder / "images").empty() ? "no images directly in images/" : "";
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::vector<ListedFrame> all = PairWithMasks(folder / "images", folder / "masks");
  std::map<std::string, const ListedFrame*> by_name;
  for (const ListedFrame& frame : all) by_name.emplace(frame.name, &frame);
  std::vector<ListedSequence> sequences;
  for (const std::string_view split : kSplitNames) {
    ListedSequence pictures{std::string(split), std::string(split), false, {}};
    const fs::path lists = folder / "img_idx";
    for (const fs::path& list : fs::is_directory(lists) ? ListFiles(lists) : std::vector<fs::path>{}) {
      if (!list.filename().string().starts_with(split)) continue;
      for (const std::string& line : ReadLines(list)) {
        const auto found = by_name.find(IsImageFile(line) ? fs::path(line).stem().string() : line);
        if (found == by_name.end())
          throw BadInput(fmt::format("{} names the picture {}, which images/ does not hold", list.string(), line));
        pictures.frames.push_back(*found->second);
      }
    }
    if (!pictures.frames.empty()) sequences.push_back(std::move(pictures));
  }
  if (sequences.empty()) sequences.push_back({"pictures", "", false, std::move(all)});
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class BasicIrstdWriter : public LayoutWriter {
 public:
  explicit BasicIrstdWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override { sequence_ = sequence; }
  void Write(const LabelledFrame& frame) override {
    const std::string name = sequence_.is_ordered ? fmt::format("{}_{}", sequence_.name, Stem(frame)) : Stem(frame);
    WriteCounts(folder_ / "images" / (name + ".png"), frame.frame);
    WriteMask(folder_ / "masks" / (name + ".png"), frame.mask);
    AppendText(folder_ / "img_idx" / (SplitOr(sequence_) + "_mirst.txt"), name + "\n");
  }

 private:
  fs::path folder_;
  LayoutSequence sequence_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<BasicIrstdWriter>(folder);
}

}  // namespace

Layout BasicIrstdLayout() {
  return {"basicirstd",
          "images/*.png, masks/*.png, img_idx/: single pictures",
          {.boxes = false, .sequences = false},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
