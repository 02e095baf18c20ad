#include "datasets/sample_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "datasets/frame_io.h"
#include "datasets/store_folder.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

void RequireShape(const std::string& path, int height, int width, int expected_height, int expected_width) {
  if (height == expected_height && width == expected_width) return;
  throw BadInput(
      fmt::format("{} is {} x {} px, expected {} x {}", path, width, height, expected_width, expected_height));
}

}  // namespace

SampleStoreReader::SampleStoreReader(fs::path folder) : folder_(std::move(folder)) {
  const fs::path file = folder_ / kManifestFile;
  std::error_code ignored;
  if (!fs::exists(folder_, ignored)) throw BadInput(fmt::format("{}: no such folder", folder_.string()));
  if (!fs::exists(file, ignored)) {
    throw BadInput(HoldsUnfinishedDataset(folder_)
                       ? fmt::format("{} holds an unfinished data set: {} is missing", folder_.string(), kManifestFile)
                       : fmt::format("{} holds no data set: {} is missing", folder_.string(), kManifestFile));
  }
  const std::string text = ReadFile(file);
  manifest_ = InContext(file.string(), [&] { return ParseManifest(text); });
}

std::vector<FrameAnnotation> SampleStoreReader::ReadAnnotations(const ManifestSequence& sequence) const {
  return ReadAnnotationFile(folder_ / AnnotationsPath(sequence.name), sequence);
}

std::vector<FrameAnnotation> ReadAnnotationFile(const fs::path& file, const ManifestSequence& sequence) {
  const std::string text = ReadFile(file);
  std::vector<FrameAnnotation> annotations;
  std::set<std::string> names;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t index = annotations.size();
    InContext(fmt::format("{}:{}", file.string(), index + 1), [&] {
      FrameAnnotation annotation = ParseFrameAnnotation(line);
      if (!IsPlainName(annotation.frame))
        throw BadInput(fmt::format("frame is '{}', expected a plain file name", annotation.frame));
      if (!names.insert(annotation.frame).second)
        throw BadInput(fmt::format("the frame {} comes twice", annotation.frame));
      if (annotation.index != static_cast<int>(index)) {
        throw BadInput(fmt::format("index is {}, expected {}", annotation.index, index));
      }
      annotations.push_back(std::move(annotation));
    });
  }
  if (annotations.size() != static_cast<std::size_t>(sequence.frames)) {
    throw BadInput(
        fmt::format("{} holds {} frames, the manifest says {}", file.string(), annotations.size(), sequence.frames));
  }
  return annotations;
}

LabelledFrame SampleStoreReader::ReadLabelledFrame(const ManifestSequence& sequence,
                                                   const FrameAnnotation& annotation) const {
  if (!IsPlainName(annotation.frame) || annotation.index < 0 || annotation.index >= sequence.frames) {
    throw BadInput(
        fmt::format("sequence {} has no frame '{}' of index {}", sequence.name, annotation.frame, annotation.index));
  }
  const auto path_of = [&](std::string_view kind) { return folder_ / PathOf(kind, sequence.name, annotation.frame); };
  // A file that the manifest lists must exist; one that merely exists is read, too.
  const auto is_kept = [&](std::string_view kind) {
    std::error_code ignored;
    return manifest_.files.contains(PathOf(kind, sequence.name, annotation.frame)) ||
           fs::exists(path_of(kind), ignored);
  };
  const auto check_shape = [&](std::string_view kind, const auto& image) {
    RequireShape(path_of(kind).string(), image.height(), image.width(), sequence.height, sequence.width);
  };
  const auto read_counts = [&](std::string_view kind, int expected_depth) {
    int bit_depth = 0;
    Image<std::uint16_t> counts = ReadImage(path_of(kind), &bit_depth);
    check_shape(kind, counts);
    if (bit_depth != expected_depth) {
      throw BadInput(fmt::format("{} has {} bits, expected {}", path_of(kind).string(), bit_depth, expected_depth));
    }
    return counts;
  };
  const auto read_mask = [&](std::string_view kind) {
    Mask mask = ReadMask(path_of(kind));
    check_shape(kind, mask);
    return mask;
  };
  const auto read_floats = [&](std::string_view kind) {
    const Image<std::uint16_t> counts = read_counts(kind, sequence.bit_depth);
    Image<float> pixels(counts.height(), counts.width());
    std::copy(counts.begin(), counts.end(), pixels.begin());
    return pixels;
  };

  LabelledFrame labelled;
  labelled.frame.pixels = read_floats("image");
  labelled.frame.bit_depth = sequence.bit_depth;
  labelled.frame.index = annotation.index;
  labelled.frame.time_s = annotation.time_s;
  labelled.frame.name = annotation.frame;
  labelled.mask = read_mask("mask");
  if (is_kept("ignore")) labelled.ignore = read_mask("ignore");
  if (annotation.targets.size() > 1 || is_kept("instance")) labelled.instance = read_counts("instance", 16);
  if (is_kept("coverage")) labelled.coverage = read_counts("coverage", 16);
  if (is_kept("background")) labelled.background = read_floats("background");
  const auto read_other = [&](std::string_view kind) {
    Frame other = ReadFrame(path_of(kind));
    check_shape(kind, other.pixels);
    other.index = annotation.index;
    other.time_s = annotation.time_s;
    return other;
  };
  if (is_kept("linear")) labelled.linear = read_other("linear");
  if (is_kept("display")) labelled.display = read_other("display");
  labelled.annotation = annotation;
  return labelled;
}

std::string DatasetId(const std::map<std::string, std::string>& content_hashes) {
  std::vector<std::string> leaves;
  for (const auto& [path, hash] : content_hashes) leaves.push_back(fmt::format("{} {}", path, hash));
  return MerkleRoot(leaves);
}

void CheckOutputFolder(const fs::path& folder, Existing existing) {
  std::error_code ignored;
  if (fs::exists(folder, ignored)) CheckReplaceable(folder, existing);
}

}  // namespace mirst
