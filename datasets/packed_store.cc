#include "datasets/packed_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/frame_io.h"
#include "datasets/npy.h"
#include "datasets/sample_store.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr const char* kIndexFile = "packed.json";
constexpr const char* kFormat = "mirst-packed";
constexpr int kVersion = 1;

fs::path ArrayPath(const fs::path& folder, std::string_view kind, const std::string& sequence) {
  return folder / kind / (sequence + ".npy");
}
fs::path AnnotationPath(const fs::path& folder, const std::string& sequence) {
  return folder / "annotations" / (sequence + ".jsonl");
}

// ---- writing

// One picture's values as they lie in an array.
struct Plane {
  std::string_view kind;
  NpyType type = NpyType::kUint8;
  std::string bytes;
};

template <class T>
Plane PlaneOf(std::string_view kind, const Image<T>& image) {
  return {kind,
          sizeof(T) == 1 ? NpyType::kUint8 : NpyType::kUint16,
          {reinterpret_cast<const char*>(image.data()), image.size() * sizeof(T)}};
}

Plane PlaneOf(std::string_view kind, const Frame& frame) {
  const Image<std::uint16_t> counts = CountsOf(frame);
  if (frame.bit_depth > 8) return PlaneOf(kind, counts);
  Image<std::uint8_t> bytes(counts.height(), counts.width());
  std::transform(counts.begin(), counts.end(), bytes.begin(), [](auto v) { return static_cast<std::uint8_t>(v); });
  return PlaneOf(kind, bytes);
}

std::vector<Plane> PlanesOf(const LabelledFrame& labelled) {
  std::vector<Plane> planes = {PlaneOf("image", labelled.frame), PlaneOf("mask", labelled.mask)};
  if (labelled.ignore) planes.push_back(PlaneOf("ignore", *labelled.ignore));
  if (labelled.instance) planes.push_back(PlaneOf("instance", *labelled.instance));
  if (!labelled.coverage.empty()) planes.push_back(PlaneOf("coverage", labelled.coverage));
  if (labelled.linear) planes.push_back(PlaneOf("linear", *labelled.linear));
  if (labelled.display) planes.push_back(PlaneOf("display", *labelled.display));
  if (labelled.background) {
    Frame background = labelled.frame;
    background.pixels = *labelled.background;
    planes.push_back(PlaneOf("background", background));
  }
  return planes;
}

// An array that grows frame by frame; its head is written at the end.
class ArrayWriter {
 public:
  ArrayWriter(fs::path path, NpyType type) : path_(std::move(path)), type_(type), file_(path_, std::ios::binary) {
    file_ << std::string(kNpyHeaderBytes, ' ');
  }
  void Append(const Plane& plane, int frame) {
    if (plane.type != type_) throw BadInput(fmt::format("the depth of {} changes within the sequence", plane.kind));
    file_ << plane.bytes;
    frames_.push_back(frame);
  }
  /// Its entry in the index; returns the file's bytes in `bytes`.
  Json Finish(const ManifestSequence& sequence, std::uintmax_t& bytes) {
    const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(frames_.size()), sequence.height,
                                             sequence.width};
    file_.seekp(0) << NpyHeaderBytes(type_, shape);
    file_.close();
    if (!file_) throw BadInput(fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno)));
    bytes += fs::file_size(path_);
    Json entry = {{"type", type_ == NpyType::kUint8 ? "uint8" : "uint16"}, {"shape", shape}};
    if (static_cast<int>(frames_.size()) != sequence.frames) entry["frames"] = frames_;
    return entry;
  }

 private:
  fs::path path_;
  NpyType type_;
  std::ofstream file_;
  std::vector<int> frames_;
};

Json PackSequence(const SampleStoreReader& reader, const ManifestSequence& sequence, const fs::path& out,
                  Progress& progress, std::uintmax_t& bytes) {
  std::map<std::string_view, ArrayWriter> arrays;
  for (const FrameAnnotation& annotation : reader.ReadAnnotations(sequence)) {
    ThrowIfInterrupted();
    for (const Plane& plane : PlanesOf(reader.ReadLabelledFrame(sequence, annotation))) {
      auto array = arrays.find(plane.kind);
      if (array == arrays.end()) {
        CreateFolder(out / plane.kind);
        const fs::path path = ArrayPath(out, plane.kind, sequence.name);
        array = arrays.emplace(plane.kind, ArrayWriter(path, plane.type)).first;
      }
      array->second.Append(plane, annotation.index);
    }
    progress.Advance();
  }
  WriteFileAtomically(AnnotationPath(out, sequence.name), ReadFile(AnnotationPath(reader.folder(), sequence.name)));
  Json entry = Json::object();
  for (auto& [kind, array] : arrays) entry[std::string(kind)] = array.Finish(sequence, bytes);
  return entry;
}

// The index goes first: what a broken removal leaves is no packed store.
void RemoveStore(const fs::path& folder) {
  const Json arrays = Get<Json>(ParseJson(ReadFile(folder / kIndexFile)), "arrays");
  std::set<fs::path> parts = {folder / "annotations"};
  for (const auto& [sequence, kinds] : arrays.items()) {
    for (const auto& [kind, entry] : kinds.items()) parts.insert(folder / fs::path(kind).filename());
  }
  fs::remove(folder / kIndexFile);
  for (const fs::path& part : parts) {
    std::error_code error;
    fs::remove_all(part, error);
    if (error) throw BadInput(fmt::format("cannot remove {}: {}", part.string(), error.message()));
  }
}

void CheckEmpty(const fs::path& out) {
  std::error_code ignored;
  if (!fs::exists(out, ignored)) return;
  if (!fs::is_directory(out, ignored)) throw BadInput(fmt::format("{} is a file, expected a folder", out.string()));
  if (!fs::is_empty(out, ignored))
    throw BadInput(fmt::format("{} holds files; name a new or an empty folder", out.string()));
}

// ---- reading

// A file in memory as far as it is looked at.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const auto fail = [&] {
      const int reason = errno;
      if (file >= 0) ::close(file);
      throw BadInput(fmt::format("cannot read {}: {}", path.string(), std::strerror(reason)));
    };
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0) fail();
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ > 0) {
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0);
      if (data_ == MAP_FAILED) fail();
    }
    ::close(file);
  }
  ~MappedFile() {
    if (size_ > 0) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

// One kind of picture of a sequence.
class PackedArray {
 public:
  PackedArray(const fs::path& path, const ManifestSequence& sequence, const Json& entry) : file_(path) {
    InContext(path.string(), [&] {
      header_ = ParseNpyHeader(file_.bytes());
      rows_.assign(static_cast<std::size_t>(sequence.frames), -1);
      std::vector<int> frames = GetOr<std::vector<int>>(entry, "frames", {});
      if (!entry.contains("frames")) {
        for (int i = 0; i < sequence.frames; ++i) frames.push_back(i);
      }
      for (std::size_t row = 0; row < frames.size(); ++row) {
        if (frames[row] < 0 || frames[row] >= sequence.frames) {
          throw BadInput(
              fmt::format("the index names its frame {}, allowed: 0 to {}", frames[row], sequence.frames - 1));
        }
        rows_[static_cast<std::size_t>(frames[row])] = static_cast<int>(row);
      }
      const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(frames.size()), sequence.height,
                                               sequence.width};
      const bool is_whole = file_.bytes().size() == header_.values_at + static_cast<std::size_t>(header_.values_bytes);
      const bool is_integer = header_.type == NpyType::kUint8 || header_.type == NpyType::kUint16;
      if (header_.shape != shape || !is_integer || !is_whole) {
        throw BadInput(fmt::format("it is truncated or no array of {} x {} x {} values of 8 or 16 bits", shape[0],
                                   shape[1], shape[2]));
      }
    });
  }

  int bit_depth() const { return header_.type == NpyType::kUint8 ? 8 : 16; }
  bool Holds(int frame) const { return rows_[static_cast<std::size_t>(frame)] >= 0; }

  template <class T>
  Image<T> Read(int frame) const {
    Image<T> image(static_cast<int>(header_.shape[1]), static_cast<int>(header_.shape[2]));
    const std::size_t value_bytes = bit_depth() == 8 ? 1 : 2;
    const char* const first =
        file_.bytes().data() + header_.values_at +
        static_cast<std::size_t>(rows_[static_cast<std::size_t>(frame)]) * image.size() * value_bytes;
    if (value_bytes == 1) {
      std::copy_n(reinterpret_cast<const std::uint8_t*>(first), image.size(), image.begin());
    } else {  // values begin at a multiple of 64 bytes
      std::transform(reinterpret_cast<const std::uint16_t*>(first),
                     reinterpret_cast<const std::uint16_t*>(first) + image.size(), image.begin(),
                     [](std::uint16_t value) { return static_cast<T>(value); });
    }
    return image;
  }

 private:
  MappedFile file_;
  NpyHeader header_;
  std::vector<int> rows_;  // of each frame, -1 where it has none
};

}  // namespace

PackReport PackDataSet(const fs::path& data_set, const fs::path& out, Existing existing) {
  const SampleStoreReader reader(data_set);
  if (existing == Existing::kReplace && IsPackedStore(out)) RemoveStore(out);
  CheckEmpty(out);
  const std::vector<ManifestSequence>& sequences = reader.manifest().sequences;
  CreateFolder(out / "annotations");
  PackReport report;
  report.sequences = static_cast<int>(sequences.size());
  for (const ManifestSequence& sequence : sequences) report.frames += sequence.frames;
  std::vector<Json> entries(sequences.size());
  std::vector<std::uintmax_t> bytes(sequences.size());
  {
    Progress progress("pack", report.frames, "frames");
    ParallelFor(sequences.size(), [&](std::size_t i) {
      InContext(fmt::format("sequence {}", sequences[i].name),
                [&] { entries[i] = PackSequence(reader, sequences[i], out, progress, bytes[i]); });
    });
  }
  Json index = {{"format", kFormat}, {"version", kVersion}, {"manifest", ParseJson(ToJson(reader.manifest()))}};
  Json& arrays = index["arrays"] = Json::object();
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    arrays[sequences[i].name] = std::move(entries[i]);
    report.bytes += bytes[i];
  }
  WriteFileAtomically(out / kIndexFile, index.dump(1) + "\n");
  return report;
}

bool IsPackedStore(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / kIndexFile, ignored);
}

struct PackedStore::State {
  fs::path folder;
  Manifest manifest;
  std::map<std::string, std::map<std::string, std::unique_ptr<PackedArray>>> arrays;  // by sequence and kind
};

PackedStore::PackedStore(fs::path folder) : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
  const fs::path file = state_->folder / kIndexFile;
  InContext(file.string(), [&] {
    const Json index = ParseJson(ReadFile(file));
    const auto format = Get<std::string>(index, "format");
    const int version = Get<int>(index, "version");
    if (format != kFormat || version != kVersion) {
      throw BadInput(fmt::format("it is of the format {}, version {}; allowed: {}, version {}", format, version,
                                 kFormat, kVersion));
    }
    state_->manifest = ParseManifest(Get<Json>(index, "manifest").dump());
    const Json arrays = Get<Json>(index, "arrays");
    for (const ManifestSequence& sequence : state_->manifest.sequences) {
      const Json entries = Get<Json>(arrays, sequence.name);
      auto& kinds = state_->arrays[sequence.name];
      for (const auto& [kind, entry] : entries.items()) {
        if (kind.find('/') != std::string::npos) throw BadInput(fmt::format("'{}' is no kind of picture", kind));
        kinds[kind] = std::make_unique<PackedArray>(ArrayPath(state_->folder, kind, sequence.name), sequence, entry);
      }
      for (const char* needed : {"image", "mask"}) {
        if (!kinds.contains(needed)) throw BadInput(fmt::format("sequence {} has no {}", sequence.name, needed));
      }
    }
  });
}

PackedStore::~PackedStore() = default;

const Manifest& PackedStore::manifest() const { return state_->manifest; }
const fs::path& PackedStore::folder() const { return state_->folder; }

std::vector<FrameAnnotation> PackedStore::ReadAnnotations(const ManifestSequence& sequence) const {
  return ReadAnnotationFile(AnnotationPath(state_->folder, sequence.name), sequence);
}

LabelledFrame PackedStore::ReadLabelledFrame(const ManifestSequence& sequence,
                                             const FrameAnnotation& annotation) const {
  const auto kinds = state_->arrays.find(sequence.name);
  if (kinds == state_->arrays.end() || annotation.index < 0 || annotation.index >= sequence.frames)
    throw BadInput(fmt::format("sequence {} has no frame of index {}", sequence.name, annotation.index));
  const auto find = [&](const char* kind) -> const PackedArray* {
    const auto array = kinds->second.find(kind);
    if (array == kinds->second.end() || !array->second->Holds(annotation.index)) return nullptr;
    return array->second.get();
  };
  const auto frame_of = [&](const PackedArray& array) {
    return Frame{array.Read<float>(annotation.index),
                 Quantity::kCounts,
                 array.bit_depth(),
                 annotation.index,
                 annotation.time_s,
                 annotation.frame};
  };
  const PackedArray *const image = find("image"), *const mask = find("mask");
  if (image == nullptr || mask == nullptr) {
    throw BadInput(fmt::format("{}: frame {} of sequence {} is missing", state_->folder.string(), annotation.index,
                               sequence.name));
  }
  LabelledFrame labelled;
  labelled.frame = frame_of(*image);
  labelled.mask = mask->Read<std::uint8_t>(annotation.index);
  if (const auto* array = find("ignore")) labelled.ignore = array->Read<std::uint8_t>(annotation.index);
  if (const auto* array = find("instance")) labelled.instance = array->Read<std::uint16_t>(annotation.index);
  if (const auto* array = find("coverage")) labelled.coverage = array->Read<std::uint16_t>(annotation.index);
  if (const auto* array = find("background")) labelled.background = array->Read<float>(annotation.index);
  if (const auto* array = find("linear")) labelled.linear = frame_of(*array);
  if (const auto* array = find("display")) labelled.display = frame_of(*array);
  labelled.annotation = annotation;
  return labelled;
}

std::shared_ptr<const LabelledFrames> OpenLabelledFrames(const fs::path& folder) {
  if (IsPackedStore(folder)) return std::make_shared<PackedStore>(folder);
  return std::make_shared<SampleStoreReader>(folder);
}

}  // namespace mirst
