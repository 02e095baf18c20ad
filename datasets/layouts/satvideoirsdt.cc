// SatVideoIRSDT: <split>/<seq>/img/*.png and <split>/<seq>/mask/*.png with split train, val or test; a pixel of the
// mask above 0 belongs to a target. The list files of the published set are not needed: the folders say the same.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string WhyNot(const fs::path& folder) {
  for (const std::string_view split : kSplitNames) {
    if (!fs::is_directory(folder / split)) continue;
    for (const fs::path& sequence : ListFolders(folder / split)) {
      if (fs::is_directory(sequence / "img") && fs::is_directory(sequence / "mask")) return "";
    }
  }
  return "no train/<seq>/img/ with a mask/ beside it";
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::vector<ListedSequence> sequences;
  for (const std::string_view split : kSplitNames) {
    if (!fs::is_directory(folder / split)) continue;
    for (const fs::path& path : ListFolders(folder / split)) {
      if (!fs::is_directory(path / "img")) throw BadInput(fmt::format("{} has no folder img/", path.string()));
      sequences.push_back(
          {path.filename().string(), std::string(split), true, PairWithMasks(path / "img", path / "mask")});
    }
  }
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const ListedSequence& a, const ListedSequence& b) { return NaturalLess(a.name, b.name); });
  return OpenListed(std::move(sequences), MaskValues::kNonZero);
}

class SatVideoWriter : public LayoutWriter {
 public:
  explicit SatVideoWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override {
    const std::string split = SplitOr(sequence);
    sequence_folder_ = folder_ / split / sequence.name;
    AppendText(folder_ / (split + ".txt"), sequence.name + "\n");
  }
  void Write(const LabelledFrame& frame) override {
    WriteCounts(sequence_folder_ / "img" / frame.frame.name, frame.frame);
    WriteMask(sequence_folder_ / "mask" / frame.frame.name, frame.mask);
  }

 private:
  fs::path folder_, sequence_folder_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<SatVideoWriter>(folder);
}

}  // namespace

Layout SatVideoIrsdtLayout() {
  return {"satvideoirsdt", "<split>/<seq>/img/ and mask/", {.boxes = false}, WhyNot, Open, Create};
}

}  // namespace mirst
