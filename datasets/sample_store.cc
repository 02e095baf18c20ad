#include "datasets/sample_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <set>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kManifestFile = "manifest.json";
constexpr std::string_view kStagingFolder = ".partial";
// Present from a writer's first moment to Finish(); the writer holds a lock on it.
constexpr std::string_view kUnfinishedFile = ".mirst-unfinished";
constexpr std::string_view kAnnotationsFolder = "annotations";
// In the order of moving into place: who sees a sequence's frames sees its labels too.
constexpr std::array<std::string_view, 8> kImageFolders = {"mask",       "ignore", "instance", "coverage",
                                                           "background", "linear", "display",  "image"};

bool IsPlainName(std::string_view name) {
  return !name.empty() && !name.starts_with('.') &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || (c >= 0 && c < ' '); });
}

std::string PathOf(std::string_view folder, std::string_view sequence, std::string_view frame) {
  return fmt::format("{}/{}/{}", folder, sequence, frame);
}

std::string AnnotationsPath(std::string_view sequence) {
  return fmt::format("{}/{}.jsonl", kAnnotationsFolder, sequence);
}

std::string ListPath(std::string_view split) { return fmt::format("{}.txt", split); }

void Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw BadInput(fmt::format("cannot write {}: {}", to.string(), error.message()));
}

// Clearing up after an error must not hide it, so failures here are passed over.
void RemoveQuietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

// ---- what lies in an output folder before we write

std::vector<fs::path> EntriesOf(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  fs::directory_iterator it(folder, error);
  if (error) throw BadInput(fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  for (const fs::directory_entry& entry : it) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsOurManifest(const fs::path& file) {
  try {
    return Get<std::string>(Get<Json>(ParseJson(ReadFile(file)), "program"), "name") == "mirst";
  } catch (const Error&) {
    return false;
  }
}

bool HoldsDataset(const fs::path& folder) { return IsOurManifest(folder / kManifestFile); }

bool HoldsUnfinishedDataset(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kUnfinishedFile, ignored);
}

// The parts of a data set that `folder` holds; whatever else lies beside them is not ours to remove. The manifest comes
// first: without it nobody takes what is left for a whole data set.
std::vector<fs::path> PartsOf(const fs::path& folder) {
  std::vector<fs::path> parts = {folder / kManifestFile, folder / kStagingFolder, folder / kAnnotationsFolder};
  for (const std::string_view split : kSplitNames) parts.push_back(folder / ListPath(split));
  for (const std::string_view name : kImageFolders) parts.push_back(folder / name);
  return parts;
}

std::uintmax_t BytesOf(const std::vector<fs::path>& parts) {
  std::error_code error;
  std::uintmax_t bytes = 0;
  for (const fs::path& part : parts) {
    if (fs::is_regular_file(part, error)) bytes += fs::file_size(part, error);
    if (!fs::is_directory(part, error)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(part, error)) {
      if (entry.is_regular_file(error)) bytes += entry.file_size(error);
    }
  }
  return bytes;
}

// Throws unless a data set may be written into the existing `folder`.
void CheckReplaceable(const fs::path& folder, Existing existing) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw BadInput(fmt::format("{} is a file, expected a folder", folder.string()));
  const std::vector<fs::path> entries = EntriesOf(folder);
  if (entries.empty()) return;
  const bool finished = HoldsDataset(folder);
  if (!finished && !HoldsUnfinishedDataset(folder)) {
    throw BadInput(fmt::format("{} holds files that are no data set of mirst ({}); name an empty or a new folder",
                               folder.string(), entries.front().filename().string()));
  }
  if (existing == Existing::kRefuse) {
    throw BadInput(fmt::format("{} already holds {} data set; name another folder or allow replacing it",
                               folder.string(), finished ? "a" : "an unfinished"));
  }
}

std::string ReadableBytes(std::uintmax_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

// The marker file, locked against other writers until destruction.
class UnfinishedMarker {
 public:
  explicit UnfinishedMarker(const fs::path& folder) : path_(folder / kUnfinishedFile) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) Fail(errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int reason = errno;
      ::close(descriptor_);
      if (reason != EWOULDBLOCK) Fail(reason);
      throw BadInput(fmt::format("another process is writing a data set into {}", folder.string()));
    }
    // Between open and flock another writer may have finished and removed the file that we hold.
    struct stat held = {};
    struct stat named = {};
    if (::fstat(descriptor_, &held) != 0 || ::stat(path_.c_str(), &named) != 0 || held.st_ino != named.st_ino) {
      ::close(descriptor_);
      throw BadInput(fmt::format("another process has just written a data set into {}", folder.string()));
    }
  }
  ~UnfinishedMarker() { ::close(descriptor_); }
  UnfinishedMarker(const UnfinishedMarker&) = delete;
  UnfinishedMarker& operator=(const UnfinishedMarker&) = delete;

  void Remove() { ::unlink(path_.c_str()); }

 private:
  [[noreturn]] void Fail(int reason) const {
    throw BadInput(fmt::format("cannot write {}: {}", path_.string(), std::generic_category().message(reason)));
  }

  fs::path path_;
  int descriptor_ = -1;
};

// ---- checks of what is written and read

void RequireShape(const std::string& path, int height, int width, int expected_height, int expected_width) {
  if (height == expected_height && width == expected_width) return;
  throw BadInput(
      fmt::format("{} is {} x {} px, expected {} x {}", path, width, height, expected_width, expected_height));
}

// The invariants of a Sample that its files rely on.
void CheckSample(const Sample& sample) {
  const auto require = [](bool condition, std::string_view what) {
    if (!condition) throw InternalError(std::string(what));
  };
  require(IsPlainName(sample.name), "the sequence's name must be a plain folder name");
  require(!sample.frames.empty(), "the sequence has no frames");
  const Frame& first = sample.frames.front().frame;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < sample.frames.size(); ++i) {
    InContext(fmt::format("frame {}", i), [&] {
      const LabelledFrame& labelled = sample.frames[i];
      const Frame& frame = labelled.frame;
      const auto fits = [&](const auto& image) {
        return image.height() == first.pixels.height() && image.width() == first.pixels.width();
      };
      require(IsPlainName(frame.name) && frame.name.ends_with(".png"),
              "the name must be a plain file name that ends in .png");
      require(names.insert(frame.name).second, "two frames have one name");
      require(frame.bit_depth == first.bit_depth, "the bit depth differs from the first frame's");
      require(frame.index == static_cast<int>(i), "the index is not the place in the sequence");
      require(labelled.annotation.frame == frame.name && labelled.annotation.index == frame.index,
              "the annotation belongs to another frame");
      require(!frame.pixels.empty() && fits(frame.pixels) && fits(labelled.mask) &&
                  (labelled.coverage.empty() || fits(labelled.coverage)) &&
                  (!labelled.ignore || fits(*labelled.ignore)) && (!labelled.instance || fits(*labelled.instance)) &&
                  (!labelled.background || fits(*labelled.background)) &&
                  (!labelled.linear || fits(labelled.linear->pixels)) &&
                  (!labelled.display || fits(labelled.display->pixels)),
              "an image is empty or differs in size from the first frame");
      const auto is_binary = [](const Mask& mask) {
        return std::all_of(mask.begin(), mask.end(), [](std::uint8_t value) { return value == 0 || value == 255; });
      };
      require(is_binary(labelled.mask) && (!labelled.ignore || is_binary(*labelled.ignore)),
              "a mask holds values other than 0 and 255");
      require(labelled.instance || labelled.annotation.targets.size() < 2, "several targets without an instance mask");
    });
  }
}

}  // namespace

// ---- writer

struct SampleStoreWriter::State {
  struct Written {
    int frames = 0, width = 0, height = 0, bit_depth = 8;
  };
  struct Hashes {
    std::string content;  // empty: no part of dataset_id
    std::string file;
  };

  fs::path folder;
  bool created_folder = false;
  std::optional<UnfinishedMarker> marker;
  std::mutex mutex;  // guards what follows
  std::set<std::string> started;
  std::map<std::string, Written> written;  // by sequence
  std::map<std::string, Hashes> hashes;    // by path relative to the folder
  bool finished = false;

  fs::path Staging(const std::string& sequence) const { return folder / kStagingFolder / sequence; }
  std::map<std::string, Hashes> Stage(const Sample& sample) const;
  void MoveIntoPlace(const std::string& sequence) const;
};

// Writes the files of the sequence to Staging(name)/<kind>/<frame>; returns their hashes by their final paths.
std::map<std::string, SampleStoreWriter::State::Hashes> SampleStoreWriter::State::Stage(const Sample& sample) const {
  const fs::path staging = Staging(sample.name);
  for (const std::string_view kind : kImageFolders) {
    const auto is_kept = [&](const LabelledFrame& labelled) {
      return kind == "image" || kind == "mask" || (kind == "ignore" && labelled.ignore) ||
             (kind == "instance" && labelled.instance) || (kind == "coverage" && !labelled.coverage.empty()) ||
             (kind == "background" && labelled.background) || (kind == "linear" && labelled.linear) ||
             (kind == "display" && labelled.display);
    };
    if (std::any_of(sample.frames.begin(), sample.frames.end(), is_kept)) CreateFolder(staging / kind);
  }

  std::vector<std::map<std::string, Hashes>> hashes_of_frame(sample.frames.size());
  ParallelFor(sample.frames.size(), [&](std::size_t i) {
    const LabelledFrame& labelled = sample.frames[i];
    const std::string& name = labelled.frame.name;
    const auto write = [&](std::string_view kind, const std::string& png, std::string pixel_hash) {
      WriteFileAtomically(staging / kind / name, png);
      hashes_of_frame[i][PathOf(kind, sample.name, name)] = {std::move(pixel_hash), Sha256OfText(png)};
    };
    const auto write_counts = [&](std::string_view kind, const Image<std::uint16_t>& pixels, int bit_depth) {
      write(kind, EncodePng(pixels, bit_depth), PixelHash(pixels, bit_depth));
    };
    const auto write_mask = [&](std::string_view kind, const Mask& mask) {
      write(kind, EncodePng(mask), PixelHash(mask));
    };

    InContext(fmt::format("frame {}", name), [&] {
      write_counts("image", CountsOf(labelled.frame), labelled.frame.bit_depth);
      write_mask("mask", labelled.mask);
      if (labelled.ignore) write_mask("ignore", *labelled.ignore);
      if (labelled.instance) write_counts("instance", *labelled.instance, 16);
      if (!labelled.coverage.empty()) write_counts("coverage", labelled.coverage, 16);
      if (labelled.linear) write_counts("linear", CountsOf(*labelled.linear), labelled.linear->bit_depth);
      if (labelled.display) write_counts("display", CountsOf(*labelled.display), labelled.display->bit_depth);
      if (labelled.background) {
        Frame background = labelled.frame;
        background.pixels = *labelled.background;
        write_counts("background", CountsOf(background), background.bit_depth);
      }
    });
  });

  std::map<std::string, Hashes> all;
  for (auto& hashes_here : hashes_of_frame) all.merge(hashes_here);
  std::string lines;
  for (const LabelledFrame& labelled : sample.frames) lines += ToJsonLine(labelled.annotation) + "\n";
  WriteFileAtomically(staging / "annotations.jsonl", lines);
  const std::string hash = Sha256OfText(lines);
  all[AnnotationsPath(sample.name)] = {hash, hash};
  return all;
}

void SampleStoreWriter::State::MoveIntoPlace(const std::string& sequence) const {
  const fs::path staging = Staging(sequence);
  CreateFolder(folder / kAnnotationsFolder);
  Rename(staging / "annotations.jsonl", folder / AnnotationsPath(sequence));
  for (const std::string_view kind : kImageFolders) {
    if (!fs::exists(staging / kind)) continue;
    CreateFolder(folder / kind);
    Rename(staging / kind, folder / kind / sequence);
  }
  RemoveQuietly(staging);
}

SampleStoreWriter::SampleStoreWriter(fs::path folder, Existing existing, std::uintmax_t expected_bytes)
    : state_(std::make_unique<State>()) {
  std::error_code ignored;
  const bool existed = fs::exists(folder, ignored);
  if (existed) CheckReplaceable(folder, existing);
  const std::vector<fs::path> old_parts = existed ? PartsOf(folder) : std::vector<fs::path>{};
  if (const std::uintmax_t free = FreeBytes(folder) + BytesOf(old_parts); free < expected_bytes) {
    throw BadInput(fmt::format("the data set needs about {}, {} has {} free", ReadableBytes(expected_bytes),
                               folder.string(), ReadableBytes(free)));
  }
  CreateFolder(folder);
  state_->marker.emplace(folder);
  state_->created_folder = !existed;
  state_->folder = std::move(folder);
  for (const fs::path& part : old_parts) {
    std::error_code error;
    fs::remove_all(part, error);
    if (error) throw BadInput(fmt::format("cannot remove {}: {}", part.string(), error.message()));
  }
}

SampleStoreWriter::~SampleStoreWriter() {
  if (state_->finished) return;
  RemoveQuietly(state_->folder / kStagingFolder);
  if (!state_->written.empty()) return;
  state_->marker->Remove();  // nothing was written: the folder is left as it was found
  std::error_code ignored;
  if (state_->created_folder) fs::remove(state_->folder, ignored);
}

void SampleStoreWriter::WriteSequence(const Sample& sample) {
  InContext(fmt::format("sequence {}", sample.name), [&] {
    CheckSample(sample);
    {
      const std::lock_guard lock(state_->mutex);
      if (!state_->started.insert(sample.name).second) {
        throw InternalError("a sequence of this name was written before");
      }
    }
    try {
      std::map<std::string, State::Hashes> hashes = state_->Stage(sample);
      state_->MoveIntoPlace(sample.name);
      const Frame& first = sample.frames.front().frame;
      const std::lock_guard lock(state_->mutex);
      state_->hashes.merge(hashes);
      state_->written[sample.name] = {static_cast<int>(sample.frames.size()), first.pixels.width(),
                                      first.pixels.height(), first.bit_depth};
    } catch (...) {
      for (const std::string_view kind : kImageFolders) RemoveQuietly(state_->folder / kind / sample.name);
      RemoveQuietly(state_->folder / AnnotationsPath(sample.name));
      RemoveQuietly(state_->Staging(sample.name));
      const std::lock_guard lock(state_->mutex);
      state_->started.erase(sample.name);
      throw;
    }
  });
}

std::string SampleStoreWriter::Finish(Manifest manifest) {
  const std::lock_guard lock(state_->mutex);
  if (state_->finished) throw InternalError("the data set is finished already");
  std::set<std::string_view> names;
  std::map<std::string, std::string> split_of_source;
  std::map<std::string_view, std::string> lists;
  for (const std::string_view split : kSplitNames) lists[split];
  std::sort(manifest.sequences.begin(), manifest.sequences.end(),
            [](const ManifestSequence& a, const ManifestSequence& b) { return a.name < b.name; });
  for (const ManifestSequence& sequence : manifest.sequences) {
    InContext(fmt::format("sequence {}", sequence.name), [&] {
      if (!names.insert(sequence.name).second) throw InternalError("the manifest names it twice");
      const auto written = state_->written.find(sequence.name);
      if (written == state_->written.end()) throw InternalError("it stands in the manifest and was not written");
      const State::Written& found = written->second;
      if (found.frames != sequence.frames || found.width != sequence.width || found.height != sequence.height ||
          found.bit_depth != sequence.bit_depth) {
        throw InternalError("the manifest's frames, size or bit depth differ from what was written");
      }
      const auto list = lists.find(sequence.split);
      if (list == lists.end()) throw InternalError(fmt::format("unknown split '{}'", sequence.split));
      list->second += sequence.name + "\n";
      const auto [source, is_new] = split_of_source.emplace(sequence.background.source, sequence.split);
      if (!is_new && source->second != sequence.split && !sequence.background.source.empty()) {
        throw InternalError(fmt::format("the background source {} lies in the splits {} and {}", source->first,
                                        source->second, sequence.split));
      }
    });
  }
  if (names.size() != state_->written.size()) throw InternalError("the manifest lacks a sequence that was written");

  for (const auto& [split, list] : lists) {
    WriteFileAtomically(state_->folder / ListPath(split), list);
    state_->hashes[ListPath(split)] = {"", Sha256OfText(list)};
  }
  std::map<std::string, std::string> content_hashes;
  manifest.files.clear();
  for (const auto& [path, hashes] : state_->hashes) {
    manifest.files[path] = hashes.file;
    if (!hashes.content.empty()) content_hashes[path] = hashes.content;
  }
  manifest.dataset_id = DatasetId(content_hashes);
  RemoveQuietly(state_->folder / kStagingFolder);
  WriteFileAtomically(state_->folder / kManifestFile, ToJson(manifest));
  state_->finished = true;
  state_->marker->Remove();
  return manifest.dataset_id;
}

// ---- reader

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
