#include "datasets/truth_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sample_store.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// Mean of the frames' SCR over the frames in which a target is seen; a frame with several targets counts by their
/// mean.
std::optional<double> MeanScr(const std::vector<FrameAnnotation>& annotations) {
  double sum = 0;
  int frames = 0;
  for (const FrameAnnotation& annotation : annotations) {
    double frame_sum = 0;
    int seen = 0;
    for (const Annotation& target : annotation.targets) {
      if (!target.seen()) continue;
      const auto found = target.scr.find("box20");
      if (found == target.scr.end()) return std::nullopt;
      frame_sum += found->second;
      ++seen;
    }
    if (seen == 0) continue;
    sum += frame_sum / seen;
    ++frames;
  }
  if (frames == 0) return std::nullopt;
  return sum / frames;
}

std::map<std::string, fs::path> ImagesByStem(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  if (!fs::is_directory(folder)) return files;
  for (const fs::path& path : ListFiles(folder)) {
    if (!IsImageFile(path)) continue;
    if (!files.emplace(path.stem().string(), path).second) {
      throw BadInput(fmt::format("{} has two files for the frame {}", folder.string(), path.stem().string()));
    }
  }
  return files;
}

fs::path PathOrNone(const std::map<std::string, fs::path>& files, const std::string& stem) {
  const auto found = files.find(stem);
  return found == files.end() ? fs::path() : found->second;
}

/// The frames of image/<name>, mask/<name> and ignore/<name> below `folder`, in natural order.
TruthSequence OpenSequence(const fs::path& folder, const std::string& name, bool has_images) {
  TruthSequence sequence;
  sequence.name = name;
  const auto images = ImagesByStem(folder / "image" / name), masks = ImagesByStem(folder / "mask" / name),
             ignored = ImagesByStem(folder / "ignore" / name), coverage = ImagesByStem(folder / "coverage" / name),
             backgrounds = ImagesByStem(folder / "background" / name);
  for (const auto& [stem, path] : images) {
    if (!masks.contains(stem))
      throw BadInput(fmt::format("the image {} has no mask in {}", path.string(), (folder / "mask" / name).string()));
  }
  for (const auto& [stem, path] : ignored) {
    if (!masks.contains(stem))
      throw BadInput(
          fmt::format("the ignore mask {} has no mask in {}", path.string(), (folder / "mask" / name).string()));
  }
  for (const auto& [stem, path] : masks) {
    if (has_images && !images.contains(stem)) {
      throw BadInput(fmt::format("the mask {} has no image in {}", path.string(), (folder / "image" / name).string()));
    }
    sequence.frames.push_back({stem, PathOrNone(images, stem), PathOrNone(ignored, stem), path,
                               PathOrNone(coverage, stem), PathOrNone(backgrounds, stem)});
  }
  if (sequence.frames.empty()) throw BadInput(fmt::format("{} holds no frame", (folder / "mask" / name).string()));
  std::sort(sequence.frames.begin(), sequence.frames.end(),
            [](const TruthFrame& a, const TruthFrame& b) { return NaturalLess(a.name, b.name); });
  std::vector<std::string> names;
  for (const TruthFrame& frame : sequence.frames) names.push_back(frame.name);
  sequence.boxes = ReadBoxes(folder / "boxes", name, names);
  return sequence;
}

TruthSet OpenNative(const fs::path& folder, std::string_view split) {
  const SampleStoreReader reader(folder);
  const Manifest& manifest = reader.manifest();
  TruthSet set{folder, manifest.dataset_id, manifest.mask_convention, std::string(split), {}};
  std::map<std::string, int> sizes;
  for (const ManifestSequence& entry : manifest.sequences) {
    ++sizes[entry.split];
    if (!split.empty() && entry.split != split) continue;
    TruthSequence sequence = OpenSequence(folder, entry.name, true);
    std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(entry);
    if (annotations.size() != sequence.frames.size()) {
      throw BadInput(fmt::format("the sequence {} has {} masks, its annotations name {} frames", entry.name,
                                 sequence.frames.size(), annotations.size()));
    }
    sequence.mean_scr = MeanScr(annotations);
    sequence.source = entry.background.source;
    sequence.annotations = std::move(annotations);
    set.sequences.push_back(std::move(sequence));
  }
  if (set.sequences.empty()) {
    throw BadInput(split.empty() ? fmt::format("{} holds no sequence", folder.string())
                                 : fmt::format("{} has no sequence in the split {} (train {}, val {}, test {})",
                                               folder.string(), split, sizes["train"], sizes["val"], sizes["test"]));
  }
  return set;
}

TruthSet OpenPlain(const fs::path& folder) {
  if (!fs::is_directory(folder / "mask")) {
    throw BadInput(fmt::format(
        "{} is no truth: neither manifest.json (a finished data set) nor a folder mask/ is in it", folder.string()));
  }
  TruthSet set{folder, {}, {}, {}, {}};
  const bool has_images = fs::is_directory(folder / "image");
  for (const fs::path& path : ListFolders(folder / "mask")) {
    set.sequences.push_back(OpenSequence(folder, path.filename().string(), has_images));
  }
  if (set.sequences.empty())
    throw BadInput(fmt::format("{} holds no folder of a sequence", (folder / "mask").string()));
  return set;
}

}  // namespace

std::int64_t TruthSet::frames() const {
  std::int64_t count = 0;
  for (const TruthSequence& sequence : sequences) count += std::ssize(sequence.frames);
  return count;
}

TruthSet OpenTruth(const fs::path& folder, std::string_view split) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder", folder.string()));
  // A data set that is not finished is one all the same, and its reader says so.
  if (fs::exists(folder / "manifest.json") || fs::exists(folder / ".mirst-unfinished"))
    return OpenNative(folder, split);
  return OpenPlain(folder);
}

TruthImages ReadTruth(const TruthFrame& frame, WithImage with_image) {
  TruthImages images;
  images.mask = ReadMask(frame.mask);
  const auto check = [&](int height, int width, const fs::path& path) {
    if (height == images.mask.height() && width == images.mask.width()) return;
    throw BadInput(fmt::format("{} is {} x {} px, its mask {} is {} x {}", path.string(), width, height,
                               frame.mask.string(), images.mask.width(), images.mask.height()));
  };
  if (!frame.ignore.empty()) {
    images.ignore = ReadMask(frame.ignore);
    check(images.ignore->height(), images.ignore->width(), frame.ignore);
  }
  if (!frame.coverage.empty()) {
    int bit_depth = 8;
    const Image<std::uint16_t> values = ReadImage(frame.coverage, &bit_depth);
    check(values.height(), values.width(), frame.coverage);
    images.coverage = Image<float>(values.height(), values.width());
    const auto whole = static_cast<float>(MaxCount(bit_depth));
    std::transform(values.begin(), values.end(), images.coverage->begin(),
                   [&](std::uint16_t value) { return static_cast<float>(value) / whole; });
  }
  if (with_image == WithImage::kYes && !frame.image.empty()) {
    images.counts = ReadFrame(frame.image).pixels;
    check(images.counts.height(), images.counts.width(), frame.image);
  }
  return images;
}

}  // namespace mirst
