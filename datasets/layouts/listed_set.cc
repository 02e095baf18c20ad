#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/label_regions.h"
#include "datasets/layouts/layout_table.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::vector<LayoutSequence> NamesOf(const std::vector<ListedSequence>& listed) {
  std::vector<LayoutSequence> sequences;
  for (const ListedSequence& from : listed) {
    LayoutSequence sequence{from.name, from.split, from.is_ordered, {}};
    for (const ListedFrame& frame : from.frames) sequence.frames.push_back(frame.name);
    sequences.push_back(std::move(sequence));
  }
  return sequences;
}

/// Ids and classes of the boxes whose target the mask shows with the same bounding box.
void NameTargets(const std::vector<TargetBox>& boxes, LabelledFrame& labelled) {
  for (Annotation& target : labelled.annotation.targets) {
    for (const TargetBox& box : boxes) {
      const bool fits = std::lround(box.x) == target.box.x && std::lround(box.y) == target.box.y &&
                        std::lround(box.width) == target.box.width && std::lround(box.height) == target.box.height;
      if (fits && !box.class_name.empty()) target.class_name = box.class_name;
    }
  }
}

class ListedReader : public LayoutReader {
 public:
  ListedReader(std::vector<ListedSequence> listed, MaskValues values, ImageReader read_image)
      : LayoutReader(NamesOf(listed)),
        listed_(std::move(listed)),
        values_(values),
        read_image_(read_image ? std::move(read_image)
                               : ImageReader([](const fs::path& path) { return ReadFrame(path); })) {}

 private:
  LayoutFrame ReadPixels(std::size_t sequence, std::size_t index) const override {
    const ListedFrame& listed = listed_[sequence].frames[index];
    LayoutFrame frame;
    frame.notes = listed.notes;
    LabelledFrame& labelled = frame.labelled;
    labelled.frame = read_image_(listed.image);
    if (listed.mask.empty()) {
      for (std::string& note : LabelFrame(listed.boxes, labelled)) frame.notes.push_back(std::move(note));
      return frame;
    }
    Image<std::uint16_t> ids = ReadIds(listed.mask);
    const Image<float>& pixels = labelled.frame.pixels;
    if (ids.height() != pixels.height() || ids.width() != pixels.width()) {
      throw BadInput(fmt::format("the mask {} is {} x {} px, its image {} x {}", listed.mask.string(), ids.width(),
                                 ids.height(), pixels.width(), pixels.height()));
    }
    labelled.mask = Mask(ids.height(), ids.width());
    std::transform(ids.begin(), ids.end(), labelled.mask.begin(),
                   [](std::uint16_t id) -> std::uint8_t { return id > 0 ? 255 : 0; });
    labelled.annotation.targets = DescribeIds(ids);
    NameTargets(listed.boxes, labelled);
    if (labelled.annotation.targets.size() > 1) labelled.instance = std::move(ids);
    return frame;
  }

  Image<std::uint16_t> ReadIds(const fs::path& path) const {
    if (values_ == MaskValues::kBinary) return InContext(path.string(), [&] { return RegionsOf(ReadMask(path)); });
    Image<std::uint16_t> ids = ReadImage(path);
    if (values_ == MaskValues::kInstance) return ids;
    Mask mask(ids.height(), ids.width());
    std::transform(ids.begin(), ids.end(), mask.begin(),
                   [](std::uint16_t id) -> std::uint8_t { return id > 0 ? 255 : 0; });
    return InContext(path.string(), [&] { return RegionsOf(mask); });
  }

  std::vector<ListedSequence> listed_;
  MaskValues values_;
  ImageReader read_image_;
};

}  // namespace

std::unique_ptr<LayoutReader> OpenListed(std::vector<ListedSequence> sequences, MaskValues values,
                                         ImageReader read_image) {
  return std::make_unique<ListedReader>(std::move(sequences), values, std::move(read_image));
}

fs::path PathBelow(const fs::path& folder, std::string_view text) {
  const fs::path path(text);
  const bool leaves = std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; });
  if (text.empty() || path.is_absolute() || leaves || has_control || !path.has_filename())
    throw BadInput(fmt::format("found the path '{}', allowed: one below the set's own folder", text));
  return folder / path;
}

std::vector<std::pair<std::string, fs::path>> ImagesIn(const fs::path& folder) {
  std::vector<std::pair<std::string, fs::path>> images;
  std::set<std::string> names;
  for (const fs::path& path : ListFiles(folder)) {
    if (!IsImageFile(path)) continue;
    const std::string name = path.stem().string();
    if (!names.insert(name).second) throw BadInput(fmt::format("{} holds two images named {}", folder.string(), name));
    images.emplace_back(name, path);
  }
  return images;
}

std::vector<ListedFrame> PairWithMasks(const fs::path& images, const fs::path& masks) {
  if (!fs::is_directory(masks))
    throw BadInput(fmt::format("{} has no folder of masks {}", images.string(), masks.string()));
  std::map<std::string, fs::path> mask_of;
  for (auto& [name, path] : ImagesIn(masks)) mask_of.emplace(name, path);
  std::vector<ListedFrame> frames;
  for (auto& [name, path] : ImagesIn(images)) {
    const auto mask = mask_of.find(name);
    if (mask == mask_of.end())
      throw BadInput(fmt::format("the image {} has no mask in {}", path.string(), masks.string()));
    frames.push_back({name, path, mask->second});
    mask_of.erase(mask);
  }
  if (!mask_of.empty())
    throw BadInput(fmt::format("the mask {} has no image in {}", mask_of.begin()->second.string(), images.string()));
  return frames;
}

void WriteCounts(const fs::path& path, const Frame& frame) {
  CreateFolder(path.parent_path());
  const Image<std::uint16_t> counts = CountsOf(frame);
  if (path.extension() != ".bmp") return WriteFileAtomically(path, EncodePng(counts, frame.bit_depth));
  if (frame.bit_depth != 8)
    throw BadInput(
        fmt::format("{} would be a BMP file of {} bits, allowed: 8", path.filename().string(), frame.bit_depth));
  cv::Mat pixels(counts.height(), counts.width(), CV_8U);
  for (int y = 0; y < counts.height(); ++y) {
    for (int x = 0; x < counts.width(); ++x) pixels.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(counts(y, x));
  }
  std::vector<unsigned char> bytes;
  try {
    cv::imencode(".bmp", pixels, bytes);
  } catch (const cv::Exception& error) {
    throw InternalError(fmt::format("cannot encode BMP: {}", error.what()));
  }
  WriteFileAtomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void WriteMask(const fs::path& path, const Mask& mask) {
  Frame frame;
  frame.pixels = Image<float>(mask.height(), mask.width());
  std::copy(mask.begin(), mask.end(), frame.pixels.begin());
  WriteCounts(path, frame);
}

Image<std::uint16_t> IdsOf(const LabelledFrame& frame) {
  if (frame.instance) return *frame.instance;
  Image<std::uint16_t> ids(frame.mask.height(), frame.mask.width());
  const auto& targets = frame.annotation.targets;
  const auto seen =
      std::find_if(targets.begin(), targets.end(), [](const Annotation& target) { return target.seen(); });
  const auto id = static_cast<std::uint16_t>(seen == targets.end() ? 1 : seen->id);
  std::transform(frame.mask.begin(), frame.mask.end(), ids.begin(),
                 [id](std::uint8_t value) { return value > 127 ? id : std::uint16_t{0}; });
  return ids;
}

void WriteIds(const fs::path& path, const LabelledFrame& frame) {
  const Image<std::uint16_t> ids = IdsOf(frame);
  CreateFolder(path.parent_path());
  const bool is_small = std::all_of(ids.begin(), ids.end(), [](std::uint16_t id) { return id < 256; });
  WriteFileAtomically(path, EncodePng(ids, is_small ? 8 : 16));
}

std::string Stem(const LabelledFrame& frame) { return fs::path(frame.frame.name).stem().string(); }

std::string SplitOr(const LayoutSequence& sequence, std::string_view fallback) {
  return sequence.split.empty() ? std::string(fallback) : sequence.split;
}

}  // namespace mirst
