// SHU-MIRST: image/<seq>/<frame>.png, mask/<seq>/<frame>.png, lists of sequences train.txt, val.txt and test.txt. The
// published set calls its test lists val_all.txt and val_hard.txt; the second is a part of the first.
#include <fmt/format.h>

#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::pair<std::string_view, std::string_view> kLists[] = {
    {"train.txt", "train"}, {"val.txt", "val"}, {"test.txt", "test"}, {"val_all.txt", "test"}};

std::string WhyNot(const fs::path& folder) {
  if (fs::exists(folder / "manifest.json") || fs::exists(folder / ".mirst-unfinished")) return "it has a manifest.json";
  if (!fs::is_directory(folder / "image") || !fs::is_directory(folder / "mask")) return "no folders image/ and mask/";
  return ListFolders(folder / "image").empty() ? "no sequences in image/" : "";
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  std::map<std::string, std::string> split_of;
  for (const auto& [list, split] : kLists) {
    if (!fs::is_regular_file(folder / list)) continue;
    for (const std::string& name : ReadLines(folder / list)) {
      const fs::path sequence = InContext((folder / list).string(), [&] { return PathBelow(folder / "image", name); });
      if (!fs::is_directory(sequence))
        throw BadInput(fmt::format("{} names the sequence {}, which has no folder {}", (folder / list).string(), name,
                                   sequence.string()));
      split_of.emplace(name, split);
    }
  }
  std::vector<ListedSequence> sequences;
  for (const fs::path& path : ListFolders(folder / "image")) {
    const std::string name = path.filename().string();
    const auto split = split_of.find(name);
    sequences.push_back(
        {name, split == split_of.end() ? "" : split->second, true, PairWithMasks(path, folder / "mask" / name)});
  }
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class ShuMirstWriter : public LayoutWriter {
 public:
  explicit ShuMirstWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override {
    sequence_ = sequence.name;
    if (!sequence.split.empty()) AppendText(folder_ / (sequence.split + ".txt"), sequence.name + "\n");
  }
  void Write(const LabelledFrame& frame) override {
    WriteCounts(folder_ / "image" / sequence_ / frame.frame.name, frame.frame);
    WriteMask(folder_ / "mask" / sequence_ / frame.frame.name, frame.mask);
  }

 private:
  fs::path folder_;
  std::string sequence_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<ShuMirstWriter>(folder);
}

}  // namespace

Layout ShuMirstLayout() {
  return {"shu_mirst", "image/<seq>/, mask/<seq>/, lists of sequences", {.boxes = false}, WhyNot, Open, Create};
}

}  // namespace mirst
