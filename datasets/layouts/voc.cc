// Pascal VOC data sets of single pictures: JPEGImages/<name>.png, Annotations/<name>.xml,
// SegmentationObject/<name>.png, ImageSets/Main/<split>.txt. A sequence's frames become pictures <seq>_<frame>. The
// pictures are PNG: JPEG would change them. SegmentationObject is grey and holds the object's place in the XML file,
// from 1; a palette's colours of others' sets are not read, and the boxes are filled instead.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/annotations/rle.h"
#include "datasets/annotations/voc.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::string WhyNot(const fs::path& folder) {
  for (const char* name : {"JPEGImages", "Annotations"}) {
    if (!fs::is_directory(folder / name)) return fmt::format("no folder {}/", name);
  }
  return "";
}

/// Gives each box the pixels with its number; false where the values are no such numbers.
bool AddMasks(const fs::path& path, std::vector<TargetBox>& boxes) {
  const Image<std::uint16_t> objects = ReadImage(path);
  if (std::any_of(objects.begin(), objects.end(), [&](std::uint16_t value) { return value > boxes.size(); }))
    return false;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    Mask mask(objects.height(), objects.width());
    std::transform(objects.begin(), objects.end(), mask.begin(),
                   [&](std::uint16_t value) -> std::uint8_t { return value == i + 1 ? 255 : 0; });
    if (CountPixels(mask) > 0) boxes[i].runs = EncodeRle(mask);
  }
  return true;
}

ListedFrame ReadPicture(const fs::path& folder, const std::string& name, const fs::path& image) {
  const fs::path xml = folder / "Annotations" / (name + ".xml"),
                 objects = folder / "SegmentationObject" / (name + ".png");
  ListedFrame frame{name, image, {}};
  VocPicture picture = InContext(xml.string(), [&] { return ParseVoc(ReadFile(xml)); });
  frame.boxes = std::move(picture.boxes);
  if (fs::is_regular_file(objects) && !AddMasks(objects, frame.boxes))
    frame.notes.emplace_back("SegmentationObject/ holds colours, no numbers: the boxes are filled instead");
  return frame;
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  const auto images = ImagesIn(folder / "JPEGImages");
  const std::map<std::string, fs::path> by_name(images.begin(), images.end());
  std::vector<ListedSequence> sequences;
  for (const std::string_view split : kSplitNames) {
    const fs::path list = folder / "ImageSets" / "Main" / fmt::format("{}.txt", split);
    if (!fs::is_regular_file(list)) continue;
    ListedSequence pictures{std::string(split), std::string(split), false};
    for (const std::string& name : ReadLines(list)) {
      const auto image = by_name.find(name);
      if (image == by_name.end())
        throw BadInput(fmt::format("{} names the picture {}, which JPEGImages/ does not hold", list.string(), name));
      pictures.frames.push_back(ReadPicture(folder, name, image->second));
    }
    if (!pictures.frames.empty()) sequences.push_back(std::move(pictures));
  }
  if (sequences.empty()) {
    sequences.push_back({"pictures", "", false});
    for (const auto& [name, image] : images) sequences.back().frames.push_back(ReadPicture(folder, name, image));
  }
  return OpenListed(std::move(sequences), MaskValues::kBinary);
}

class VocWriter : public LayoutWriter {
 public:
  explicit VocWriter(fs::path folder) : folder_(std::move(folder)) {}
  void Begin(const LayoutSequence& sequence) override { sequence_ = sequence; }
  void Write(const LabelledFrame& frame) override {
    const std::string name = sequence_.is_ordered ? fmt::format("{}_{}", sequence_.name, Stem(frame)) : Stem(frame);
    const Image<float>& pixels = frame.frame.pixels;
    WriteCounts(folder_ / "JPEGImages" / (name + ".png"), frame.frame);
    const VocPicture picture{sequence_.name,  name + ".png", pixels.width(),
                             pixels.height(), true,          BoxesOf(frame, WithMasks::kNo)};
    CreateFolder(folder_ / "Annotations");
    WriteFileAtomically(folder_ / "Annotations" / (name + ".xml"), VocXml(picture));
    CreateFolder(folder_ / "SegmentationObject");
    WriteFileAtomically(folder_ / "SegmentationObject" / (name + ".png"), EncodePng(Places(frame, picture.boxes), 8));
    AppendText(folder_ / "ImageSets" / "Main" / (SplitOr(sequence_) + ".txt"), name + "\n");
  }

 private:
  /// The place of the pixel's target among `boxes`, from 1.
  static Image<std::uint16_t> Places(const LabelledFrame& frame, const std::vector<TargetBox>& boxes) {
    if (boxes.size() > 255)
      throw BadInput(fmt::format("{} has {} targets, allowed: 255", frame.frame.name, boxes.size()));
    std::map<std::uint16_t, std::uint16_t> place_of = {{0, 0}};
    for (std::size_t i = 0; i < boxes.size(); ++i)
      place_of[static_cast<std::uint16_t>(boxes[i].id)] = static_cast<std::uint16_t>(i + 1);
    Image<std::uint16_t> places = IdsOf(frame);
    std::transform(places.begin(), places.end(), places.begin(), [&](std::uint16_t id) { return place_of[id]; });
    return places;
  }

  fs::path folder_;
  LayoutSequence sequence_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions&) {
  return std::make_unique<VocWriter>(folder);
}

}  // namespace

Layout VocLayout() {
  return {"voc",
          "JPEGImages/ (PNG), Annotations/*.xml, SegmentationObject/, ImageSets/: single pictures",
          {.classes = true, .sequences = false},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
