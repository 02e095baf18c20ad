#include "datasets/labelled_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/label_regions.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

void RequireSize(const fs::path& path, int height, int width, const Image<float>& image) {
  if (height == image.height() && width == image.width()) return;
  throw BadInput(fmt::format("{} is {} x {} px, its image is {} x {}", path.string(), width, height, image.width(),
                             image.height()));
}

std::vector<std::string> FileNames(const SequenceFiles& files) {
  std::vector<std::string> names;
  for (const std::string& stem : files.Stems()) names.push_back(files.Find("image", stem).filename().string());
  return names;
}

/// Boxes as instance ids in the order of their lines; earlier boxes keep the pixels that two share.
void LabelBoxes(const std::vector<KnownTarget>& boxes, LabelledFrame& labelled, std::vector<std::string>& classes) {
  const Image<float>& pixels = labelled.frame.pixels;
  labelled.mask = Mask(pixels.height(), pixels.width());
  labelled.instance = Image<std::uint16_t>(pixels.height(), pixels.width());
  classes.emplace_back();
  const auto [first, last] =
      std::equal_range(boxes.begin(), boxes.end(), KnownTarget{labelled.frame.index, {}, {}},
                       [](const KnownTarget& a, const KnownTarget& b) { return a.frame < b.frame; });
  for (auto it = first; it != last; ++it) {
    const KnownTarget& known = *it;
    const auto id = static_cast<std::uint16_t>(classes.size());
    const PixelBox box = Intersect(known.box, pixels.box());
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x) {
        labelled.mask(y, x) = 255;
        if ((*labelled.instance)(y, x) == 0) (*labelled.instance)(y, x) = id;
      }
    }
    classes.push_back(known.class_name);
  }
}

void RequirePairs(const SequenceFiles& files) {
  for (const fs::path& twin : files.twins)
    throw BadInput(fmt::format("{} is a second file of the same frame", twin.string()));
  for (const std::string& stem : files.Stems()) {
    const fs::path image = files.Find("image", stem), mask = files.Find("mask", stem);
    if (image.empty()) throw BadInput(fmt::format("the mask {} has no image", mask.string()));
    if (mask.empty() && files.boxes.empty()) throw BadInput(fmt::format("the image {} has no mask", image.string()));
  }
}

}  // namespace

LabelledSet::LabelledSet(const SampleStoreReader& reader)
    : folder_(reader.folder()), manifest_(reader.manifest()), reader_(reader) {}

LabelledSet::LabelledSet(const fs::path& folder) : folder_(folder) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder", folder.string()));
  if (fs::exists(folder / "manifest.json") || fs::exists(folder / ".mirst-unfinished")) {
    reader_.emplace(folder);
    manifest_ = reader_->manifest();
  } else {
    OpenPlain();
  }
}

void LabelledSet::OpenPlain() {
  SetFiles set = ListSet(folder_);
  layout_ = set.layout;
  for (SequenceFiles& files : set.sequences) {
    InContext(fmt::format("sequence {}", files.name), [&] {
      RequirePairs(files);
      const std::vector<std::string> stems = files.Stems();
      if (stems.empty()) throw BadInput("it holds no frame");
      const ImageFileInfo first = ReadImageInfo(files.Find("image", stems.front()));
      ManifestSequence entry;
      entry.name = files.name;
      if (const auto split = set.split_of_name.find(files.name); split != set.split_of_name.end())
        entry.split = split->second;
      entry.background.source = files.name;
      entry.frames = static_cast<int>(stems.size());
      entry.width = first.width;
      entry.height = first.height;
      entry.bit_depth = first.bit_depth;
      if (!files.boxes.empty())
        boxes_[files.name] = ReadKnownTargets(files.boxes, FileNames(files), first.width, first.height);
      manifest_.sequences.push_back(std::move(entry));
    });
    files_.emplace(files.name, std::move(files));
  }
  manifest_.mask_convention = layout_ == SetLayout::kBoxes ? "box" : "as given";
}

const SequenceFiles& LabelledSet::FilesOf(const ManifestSequence& sequence) const { return files_.at(sequence.name); }

bool LabelledSet::IsOrdered(const ManifestSequence& sequence) const {
  return reader_.has_value() || FilesOf(sequence).is_ordered;
}

std::vector<FrameAnnotation> LabelledSet::ReadFrames(const ManifestSequence& sequence) const {
  if (reader_) return reader_->ReadAnnotations(sequence);
  std::vector<FrameAnnotation> frames;
  for (const std::string& name : FileNames(FilesOf(sequence)))
    frames.push_back({name, static_cast<int>(frames.size()), 0, {}});
  return frames;
}

LabelledFrame LabelledSet::Read(const ManifestSequence& sequence, const FrameAnnotation& frame) const {
  if (reader_) return reader_->ReadLabelledFrame(sequence, frame);
  const SequenceFiles& files = FilesOf(sequence);
  const std::string stem = fs::path(frame.frame).stem().string();
  LabelledFrame labelled;
  labelled.annotation = frame;
  labelled.frame = ReadFrame(files.Find("image", stem));
  labelled.frame.index = frame.index;
  const Image<float>& pixels = labelled.frame.pixels;
  std::vector<std::string> classes;
  if (files.boxes.empty()) {
    const fs::path path = files.Find("mask", stem);
    labelled.mask = ReadMask(path);
    RequireSize(path, labelled.mask.height(), labelled.mask.width(), pixels);
    labelled.instance = InContext(path.string(), [&] { return RegionsOf(labelled.mask); });
  } else {
    LabelBoxes(boxes_.at(sequence.name), labelled, classes);
  }
  if (const fs::path path = files.Find("ignore", stem); !path.empty()) {
    labelled.ignore = ReadMask(path);
    RequireSize(path, labelled.ignore->height(), labelled.ignore->width(), pixels);
  }
  if (const fs::path path = files.Find("background", stem); !path.empty()) {
    labelled.background = ReadFrame(path).pixels;
    RequireSize(path, labelled.background->height(), labelled.background->width(), pixels);
  }
  labelled.annotation.targets = DescribeIds(*labelled.instance);
  for (Annotation& target : labelled.annotation.targets) {
    if (!classes.empty()) target.class_name = classes[static_cast<std::size_t>(target.id)];
    MeasureContrast(labelled, target);
  }
  return labelled;
}

}  // namespace mirst
