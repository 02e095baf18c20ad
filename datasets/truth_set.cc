#include "datasets/truth_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/sample_store.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// Mean of the frames' SCR over the frames with a target; a frame with several targets counts by their mean.
std::optional<double> MeanScr(const std::vector<FrameAnnotation>& annotations) {
  double sum = 0;
  int frames = 0;
  for (const FrameAnnotation& annotation : annotations) {
    if (annotation.targets.empty()) continue;
    double frame_sum = 0;
    for (const Annotation& target : annotation.targets) {
      const auto found = target.scr.find("box20");
      if (found == target.scr.end()) return std::nullopt;
      frame_sum += found->second;
    }
    sum += frame_sum / static_cast<double>(annotation.targets.size());
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
  TruthSequence sequence{name, {}, {}};
  const auto images = ImagesByStem(folder / "image" / name), masks = ImagesByStem(folder / "mask" / name),
             ignored = ImagesByStem(folder / "ignore" / name);
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
    sequence.frames.push_back({stem, PathOrNone(images, stem), PathOrNone(ignored, stem), path});
  }
  if (sequence.frames.empty()) throw BadInput(fmt::format("{} holds no frame", (folder / "mask" / name).string()));
  std::sort(sequence.frames.begin(), sequence.frames.end(),
            [](const TruthFrame& a, const TruthFrame& b) { return NaturalLess(a.name, b.name); });
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
    const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(entry);
    if (annotations.size() != sequence.frames.size()) {
      throw BadInput(fmt::format("the sequence {} has {} masks, its annotations name {} frames", entry.name,
                                 sequence.frames.size(), annotations.size()));
    }
    sequence.mean_scr = MeanScr(annotations);
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

// ---- NPY (numpy.lib.format): magic, version, length of the header, a Python literal padded with blanks, the values.

/// The text between `key` and the next of `ends`, behind the colon.
std::string_view HeaderValue(std::string_view header, std::string_view key, std::string_view end) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) throw BadInput(fmt::format("its NPY header has no {}", key));
  std::string_view rest = header.substr(at + key.size());
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(": ")));
  return rest.substr(0, rest.find(end));
}

template <class Value>
Image<float> NpyValues(std::string_view bytes, int height, int width) {
  Image<float> image(height, width);
  if (bytes.size() != image.size() * sizeof(Value)) {
    throw BadInput(fmt::format("it holds {} bytes of values, {} x {} of them need {}", bytes.size(), width, height,
                               image.size() * sizeof(Value)));
  }
  for (std::size_t i = 0; i < image.size(); ++i) {
    Value value;
    std::memcpy(&value, bytes.data() + i * sizeof(Value), sizeof(Value));
    image.data()[i] = static_cast<float>(value);
  }
  return image;
}

Image<float> ParseNpy(std::string_view bytes) {
  constexpr std::string_view kMagic("\x93NUMPY", 6);
  if (!bytes.starts_with(kMagic) || bytes.size() < 12 || bytes[6] < 1 || bytes[6] > 3)
    throw BadInput("it is no NPY file of version 1 to 3");
  const std::size_t length_bytes = bytes[6] == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  const std::size_t begin = 8 + length_bytes;
  if (length > bytes.size() - begin) throw BadInput("it ends within its NPY header");
  const std::string_view header = bytes.substr(begin, length);
  const std::string_view type = HeaderValue(header, "'descr'", ","), shape = HeaderValue(header, "'shape'", ")");
  if (HeaderValue(header, "'fortran_order'", ",") != "False")
    throw BadInput("its values lie in Fortran order, allowed: C order");
  std::array<int, 2> extents{};
  const char* at = shape.data();
  const char* const end = shape.data() + shape.size();
  std::size_t found = 0;
  while (at != end) {
    if (*at < '0' || *at > '9') {
      ++at;
      continue;
    }
    int extent = 0;
    const auto [next, fault] = std::from_chars(at, end, extent);
    if (fault != std::errc() || found == extents.size() || extent < 1 || extent > 16384)
      found = extents.size();
    else
      extents[found] = extent;
    ++found;
    at = next;
  }
  if (found != extents.size())
    throw BadInput(fmt::format("its shape is {}), allowed: (height, width) of 1 to 16384 px", shape));
  const std::string_view values = bytes.substr(begin + length);
  if (type == "'<f4'") return NpyValues<float>(values, extents[0], extents[1]);
  if (type == "'<f8'") return NpyValues<double>(values, extents[0], extents[1]);
  throw BadInput(fmt::format("its values are of the type {}, allowed: '<f4' and '<f8'", type));
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
  if (with_image == WithImage::kYes && !frame.image.empty()) {
    images.counts = ReadFrame(frame.image).pixels;
    check(images.counts.height(), images.counts.width(), frame.image);
  }
  return images;
}

bool IsScoreMapFile(const fs::path& path) { return IsImageFile(path) || LowerExtension(path) == ".npy"; }

ScoreMap ReadScoreMap(const fs::path& path) {
  ScoreMap map;
  if (LowerExtension(path) == ".npy") {
    map.scores = InContext(path.string(), [&] { return ParseNpy(ReadFile(path)); });
  } else {
    int bit_depth = 8;
    const Image<std::uint16_t> values = ReadImage(path, &bit_depth);
    map.eight_bit = bit_depth == 8;
    map.scores = Image<float>(values.height(), values.width());
    const auto largest = static_cast<float>(MaxCount(bit_depth));
    std::transform(values.begin(), values.end(), map.scores.begin(),
                   [&](std::uint16_t value) { return static_cast<float>(value) / largest; });
  }
  for (int y = 0; y < map.scores.height(); ++y) {
    for (int x = 0; x < map.scores.width(); ++x) {
      if (std::isnan(map.scores(y, x)))
        throw BadInput(fmt::format("{}: the value at column {}, row {} is not a number", path.string(), x, y));
    }
  }
  return map;
}

}  // namespace mirst
