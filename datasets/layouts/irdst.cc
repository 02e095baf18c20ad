// IRDST in three forms. `irdst`, as published: images/00000000.png, masks/, boxes/ and center/ (a line "x,y,w,h" or
// "x,y" a target), train.txt and test.txt with one picture a line, no sequences. `irdst_dtum`, as DTUM takes it:
// images/<seq>/<frame>.bmp, masks/<seq>/..., img_idx/{train,test}_<set>.txt with lines "<seq>/<frame>". `irdst_real`,
// the later form: images/<seq>/<frame>.png, masks/<seq>/<frame>.png, no lists.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string NoFolder(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (!fs::is_directory(folder / name)) return fmt::format("no folder {}/", name);
  }
  return "";
}

bool HasSequences(const fs::path& folder) {
  return fs::is_directory(folder / "images") && !ListFolders(folder / "images").empty();
}

// ---- as published

std::string WhyNotPublished(const fs::path& folder) {
  const std::string missing = NoFolder(folder, {"images", "masks", "boxes"});
  if (!missing.empty()) return missing;
  return ImagesIn(folder / "images").empty() ? "no images directly in images/" : "";
}

/// The split of a picture, where a list names it. Throws kBadInput for a name that images/ does not hold.
std::map<std::string, std::string> SplitsOf(const fs::path& folder, const std::vector<ListedFrame>& frames) {
  std::set<std::string> names;
  for (const ListedFrame& frame : frames) names.insert(frame.name);
  std::map<std::string, std::string> split_of;
  for (const std::string_view split : kSplitNames) {
    const fs::path list = folder / fmt::format("{}.txt", split);
    if (!fs::is_regular_file(list)) continue;
    for (const std::string& line : ReadLines(list)) {
      const std::string name = IsImageFile(line) ? fs::path(line).stem().string() : line;
      if (!names.contains(name))
        throw BadInput(fmt::format("{} names the picture {}, which images/ does not hold", list.string(), line));
      split_of.emplace(name, split);
    }
  }
  return split_of;
}

std::unique_ptr<LayoutReader> OpenPublished(const fs::path& folder) {
  const std::vector<ListedFrame> frames = PairWithMasks(folder / "images", folder / "masks");
  const std::map<std::string, std::string> split_of = SplitsOf(folder, frames);
  std::map<std::string, ListedSequence> by_split;
  for (const ListedFrame& frame : frames) {
    const auto split = split_of.find(frame.name);
    const std::string name = split == split_of.end() ? "" : split->second;
    auto [sequence, is_new] = by_split.try_emplace(name, ListedSequence{name.empty() ? "pictures" : name, name, false});
    sequence->second.frames.push_back(frame);
  }
  std::vector<ListedSequence> sequences;
  for (auto& [split, sequence] : by_split) sequences.push_back(std::move(sequence));
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class PublishedWriter : public LayoutWriter {
 public:
  explicit PublishedWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override { split_ = SplitOr(sequence); }
  void Write(const LabelledFrame& frame) override {
    const std::string name = fmt::format("{:08}", pictures_++);
    WriteCounts(folder_ / "images" / (name + ".png"), frame.frame);
    WriteMask(folder_ / "masks" / (name + ".png"), frame.mask);
    std::string boxes, centres;
    for (const Annotation& target : frame.annotation.targets) {
      if (!target.seen()) continue;
      boxes += fmt::format("{},{},{},{}\n", target.box.x, target.box.y, target.box.width, target.box.height);
      centres += fmt::format("{},{}\n", target.centroid_xy.x, target.centroid_xy.y);
    }
    AppendText(folder_ / "boxes" / (name + ".txt"), boxes);
    AppendText(folder_ / "center" / (name + ".txt"), centres);
    AppendText(folder_ / (split_ + ".txt"), name + "\n");
  }

 private:
  fs::path folder_;
  std::string split_;
  int pictures_ = 0;
};

// ---- as DTUM takes it

std::string WhyNotDtum(const fs::path& folder) {
  const std::string missing = NoFolder(folder, {"images", "masks", "img_idx"});
  if (!missing.empty()) return missing;
  if (fs::is_directory(folder / "video_idx")) return "it has a folder video_idx/";
  return HasSequences(folder) ? "" : "no sequences in images/";
}

/// The image file named `name` (with any extension) in `folder`.
fs::path ImageNamed(const fs::path& folder, const std::string& name) {
  for (const char* extension : {".bmp", ".png", ".tif", ".jpg"}) {
    if (fs::path path = folder / (name + extension); fs::is_regular_file(path)) return path;
  }
  return {};
}

void AddListed(const fs::path& folder, const fs::path& list, std::string_view split,
               std::map<std::string, ListedSequence>& sequences) {
  for (const std::string& line : ReadLines(list)) {
    const fs::path image = InContext(list.string(), [&] { return PathBelow(folder / "images", line); });
    const fs::path found = ImageNamed(image.parent_path(), image.filename().string()),
                   mask = ImageNamed(PathBelow(folder / "masks", line).parent_path(), image.filename().string());
    if (found.empty() || mask.empty())
      throw BadInput(
          fmt::format("{} names the frame {}, which has no {}", list.string(), line, found.empty() ? "image" : "mask"));
    const std::string name = image.parent_path().filename().string();
    auto [sequence, is_new] = sequences.try_emplace(name, ListedSequence{name, std::string(split)});
    if (sequence->second.split != split)
      throw BadInput(fmt::format("the sequence {} is listed in {} and in {}", name, sequence->second.split, split));
    sequence->second.frames.push_back({image.filename().string(), found, mask});
  }
}

std::vector<ListedSequence> InOrder(std::map<std::string, ListedSequence> by_name) {
  std::vector<ListedSequence> sequences;
  for (auto& [name, sequence] : by_name) {
    std::stable_sort(sequence.frames.begin(), sequence.frames.end(),
                     [](const ListedFrame& a, const ListedFrame& b) { return NaturalLess(a.name, b.name); });
    sequences.push_back(std::move(sequence));
  }
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const ListedSequence& a, const ListedSequence& b) { return NaturalLess(a.name, b.name); });
  return sequences;
}

std::unique_ptr<LayoutReader> OpenDtum(const fs::path& folder) {
  std::map<std::string, ListedSequence> sequences;
  for (const fs::path& list : ListFiles(folder / "img_idx")) {
    for (const std::string_view split : kSplitNames) {
      if (list.filename().string().starts_with(split)) AddListed(folder, list, split, sequences);
    }
  }
  return OpenListed(InOrder(std::move(sequences)), MaskValues::kBinary);
}

class DtumWriter : public LayoutWriter {
 public:
  explicit DtumWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override {
    sequence_ = sequence.name;
    list_ = folder_ / "img_idx" / (SplitOr(sequence) + "_mirst.txt");
  }
  void Write(const LabelledFrame& frame) override {
    WriteCounts(folder_ / "images" / sequence_ / (Stem(frame) + ".bmp"), frame.frame);
    WriteMask(folder_ / "masks" / sequence_ / (Stem(frame) + ".bmp"), frame.mask);
    AppendText(list_, fmt::format("{}/{}\n", sequence_, Stem(frame)));
  }

 private:
  fs::path folder_, list_;
  std::string sequence_;
};

// ---- the later form

std::string WhyNotReal(const fs::path& folder) {
  const std::string missing = NoFolder(folder, {"images", "masks"});
  if (!missing.empty()) return missing;
  for (const char* name : {"img_idx", "video_idx", "labels", "annotations"}) {
    if (fs::is_directory(folder / name)) return fmt::format("it has a folder {}/", name);
  }
  return HasSequences(folder) ? "" : "no sequences in images/";
}

std::unique_ptr<LayoutReader> OpenReal(const fs::path& folder) {
  std::vector<ListedSequence> sequences;
  for (const fs::path& path : ListFolders(folder / "images")) {
    const std::string name = path.filename().string();
    sequences.push_back({name, "", true, PairWithMasks(path, folder / "masks" / name)});
  }
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class RealWriter : public LayoutWriter {
 public:
  explicit RealWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override { sequence_ = sequence.name; }
  void Write(const LabelledFrame& frame) override {
    WriteCounts(folder_ / "images" / sequence_ / frame.frame.name, frame.frame);
    WriteMask(folder_ / "masks" / sequence_ / frame.frame.name, frame.mask);
  }

 private:
  fs::path folder_;
  std::string sequence_;
};

template <class Writer>
std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<Writer>(folder);
}

}  // namespace

Layout IrdstLayout() {
  return {"irdst",
          "images/*.png, masks/, boxes/, center/, train.txt, test.txt: no sequences",
          {.boxes = false, .sequences = false, .names = false},
          WhyNotPublished,
          OpenPublished,
          Create<PublishedWriter>};
}

Layout IrdstDtumLayout() {
  return {"irdst_dtum",
          "images/<seq>/*.bmp, masks/<seq>/, img_idx/ with lines <seq>/<frame>",
          {.sixteen_bit = false, .boxes = false},
          WhyNotDtum,
          OpenDtum,
          Create<DtumWriter>};
}

Layout IrdstRealLayout() {
  return {"irdst_real",
          "images/<seq>/*.png, masks/<seq>/*.png, no lists",
          {.boxes = false, .splits = false},
          WhyNotReal,
          OpenReal,
          Create<RealWriter>};
}

}  // namespace mirst
