// WebDataset shards <split>-000000.tar: consecutive members with one key, <seq>/<frame>, are a frame: key.png the
// image, key.mask.png and key.instance.png, key.json its line of annotations, and all else that the native layout
// keeps. A key ends at the first dot of the file's name.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"
#include "datasets/layouts/tar_file.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> Shards(const fs::path& folder) {
  std::vector<fs::path> shards;
  for (const fs::path& file : ListFiles(folder)) {
    if (LowerExtension(file) == ".tar") shards.push_back(file);
  }
  return shards;
}

std::string WhyNot(const fs::path& folder) { return Shards(folder).empty() ? "no *.tar" : ""; }

struct Member {
  fs::path shard;
  TarMember member;
};
using FrameMembers = std::map<std::string, Member>;  ///< by extension: "png", "mask.png", "json"

struct ShardSequence {
  std::string split;
  std::vector<std::string> frames;
  std::vector<FrameMembers> members;
};

std::string SplitOfShard(const fs::path& shard) {
  const std::string name = shard.filename().string();
  for (const std::string_view split : kSplitNames) {
    if (name.starts_with(split)) return std::string(split);
  }
  return "";
}

void AddMember(const fs::path& shard, const TarMember& member, std::map<std::string, ShardSequence>& sequences) {
  const fs::path path(member.name);
  const std::string file = path.filename().string();
  const std::size_t dot = file.find('.');
  if (dot == std::string::npos || dot == 0) return;  // no part of a sample
  const std::string split = SplitOfShard(shard), frame = file.substr(0, dot), extension = file.substr(dot + 1);
  std::string name = path.parent_path().lexically_normal().string();
  std::replace(name.begin(), name.end(), '/', '_');
  if (name.empty() || name == ".") name = split.empty() ? "pictures" : split;
  ShardSequence& sequence = sequences[name];
  if (sequence.frames.empty()) sequence.split = split;
  if (sequence.split != split)
    throw BadInput(fmt::format("the sequence {} lies in shards of two splits, {} and {}", name, sequence.split, split));
  if (sequence.frames.empty() || sequence.frames.back() != frame) {
    sequence.frames.push_back(frame);
    sequence.members.emplace_back();
  }
  if (!sequence.members.back().emplace(extension, Member{shard, member}).second)
    throw BadInput(fmt::format("the member {} comes twice", member.name));
}

std::vector<std::pair<std::string, ShardSequence>> ListShards(const fs::path& folder) {
  std::map<std::string, ShardSequence> by_name;
  for (const fs::path& shard : Shards(folder)) {
    const std::vector<TarMember> members = ListTar(shard);
    InContext(shard.string(), [&] {
      for (const TarMember& member : members) AddMember(shard, member, by_name);
    });
  }
  std::vector<std::pair<std::string, ShardSequence>> sequences(by_name.begin(), by_name.end());
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const auto& a, const auto& b) { return NaturalLess(a.first, b.first); });
  return sequences;
}

class ShardReader : public LayoutReader {
 public:
  explicit ShardReader(std::vector<std::pair<std::string, ShardSequence>> sequences)
      : LayoutReader(NamesOf(sequences)), shards_(std::move(sequences)) {}

 private:
  static std::vector<LayoutSequence> NamesOf(const std::vector<std::pair<std::string, ShardSequence>>& listed) {
    std::vector<LayoutSequence> sequences;
    for (const auto& [name, shard] : listed) sequences.push_back({name, shard.split, true, shard.frames});
    return sequences;
  }

  LayoutFrame ReadPixels(std::size_t sequence, std::size_t frame) const override {
    const FrameMembers& members = shards_[sequence].second.members[frame];
    LayoutFrame read;
    LabelledFrame& labelled = read.labelled;
    labelled.frame = Picture(members, "png").value();
    const auto counts = [&](std::string_view extension, const Frame& picture) {
      const Image<float>& pixels = labelled.frame.pixels;
      if (picture.pixels.box() != pixels.box())
        throw BadInput(fmt::format("{} is {} x {} px, the image {} x {}", extension, picture.pixels.width(),
                                   picture.pixels.height(), pixels.width(), pixels.height()));
      return CountsOf(picture);
    };
    const auto mask_of = [&](std::string_view extension) {
      const Frame picture = Picture(members, extension).value();
      const Image<std::uint16_t> values = counts(extension, picture);
      Mask mask(values.height(), values.width());
      const int half = MaxCount(picture.bit_depth) / 2;
      std::transform(values.begin(), values.end(), mask.begin(),
                     [half](std::uint16_t value) -> std::uint8_t { return value > half ? 255 : 0; });
      return mask;
    };
    labelled.mask = mask_of("mask.png");
    if (members.contains("ignore.png")) labelled.ignore = mask_of("ignore.png");
    if (const auto ids = Picture(members, "instance.png")) labelled.instance = counts("instance.png", *ids);
    if (const auto coverage = Picture(members, "coverage.png")) labelled.coverage = counts("coverage.png", *coverage);
    if (const auto background = Picture(members, "background.png")) {
      counts("background.png", *background);
      labelled.background = background->pixels;
    }
    labelled.linear = Picture(members, "linear.png");
    labelled.display = Picture(members, "display.png");
    labelled.annotation = ParseFrameAnnotation(Bytes(members, "json").value());
    labelled.frame.time_s = labelled.annotation.time_s;
    return read;
  }

  static std::optional<std::string> Bytes(const FrameMembers& members, std::string_view extension) {
    const auto found = members.find(std::string(extension));
    if (found != members.end()) return ReadMember(found->second.shard, found->second.member);
    if (extension == "png" || extension == "mask.png" || extension == "json")
      throw BadInput(fmt::format("the sample has no member .{}", extension));
    return std::nullopt;
  }

  /// Decoders take files: the member lies beside the others of its frame for that moment.
  std::optional<Frame> Picture(const FrameMembers& members, std::string_view extension) const {
    const std::optional<std::string> bytes = Bytes(members, extension);
    if (!bytes) return std::nullopt;
    const TemporaryFolder folder("mirst-shard");
    const fs::path file = folder.path() / "member.png";
    WriteFileAtomically(file, *bytes);
    return InContext(fmt::format("member .{}", extension), [&] { return ReadFrame(file); });
  }

  std::vector<std::pair<std::string, ShardSequence>> shards_;
};

std::unique_ptr<LayoutReader> Open(const fs::path& folder) { return std::make_unique<ShardReader>(ListShards(folder)); }

/// A shard ends when it holds the bytes asked for; a frame's members stay together.
class ShardWriter : public LayoutWriter {
 public:
  ShardWriter(fs::path folder, std::uint64_t shard_bytes) : folder_(std::move(folder)), shard_bytes_(shard_bytes) {}

  void Begin(const LayoutSequence& sequence) override {
    split_ = SplitOr(sequence);
    sequence_ = sequence.name;
  }

  void Write(const LabelledFrame& frame) override {
    const std::string stem = Stem(frame);
    if (stem.find('.') != std::string::npos)
      throw BadInput(fmt::format("the frame {} has a dot in its name, which ends a key", frame.frame.name));
    std::optional<TarWriter>& shard = open_[split_];
    if (!shard) shard.emplace(folder_ / fmt::format("{}-{:06}.tar", split_, shards_[split_]++));
    const std::string key = fmt::format("{}/{}", sequence_, stem);
    const auto add = [&](std::string_view extension, const std::string& bytes) {
      shard->Add(fmt::format("{}.{}", key, extension), bytes);
    };
    const auto add_frame = [&](std::string_view extension, const Frame& picture) {
      add(extension, EncodePng(CountsOf(picture), picture.bit_depth));
    };
    add("json", ToJsonLine(frame.annotation) + "\n");
    add_frame("png", frame.frame);
    add("mask.png", EncodePng(frame.mask));
    if (frame.ignore) add("ignore.png", EncodePng(*frame.ignore));
    if (frame.instance) add("instance.png", EncodePng(*frame.instance, 16));
    if (!frame.coverage.empty()) add("coverage.png", EncodePng(frame.coverage, 16));
    if (frame.background) {
      Frame background = frame.frame;
      background.pixels = *frame.background;
      add_frame("background.png", background);
    }
    if (frame.linear) add_frame("linear.png", *frame.linear);
    if (frame.display) add_frame("display.png", *frame.display);
    if (shard->size() < shard_bytes_) return;
    shard->Close();
    shard.reset();
  }

  void Finish() override {
    for (auto& [split, shard] : open_) {
      if (shard) shard->Close();
    }
  }

 private:
  fs::path folder_;
  std::uint64_t shard_bytes_;
  std::string split_, sequence_;
  std::map<std::string, std::optional<TarWriter>> open_;  ///< by split
  std::map<std::string, int> shards_;                     ///< begun so far, by split
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions& options) {
  return std::make_unique<ShardWriter>(folder, options.shard_bytes);
}

}  // namespace

Layout WebDatasetLayout() {
  return {"webdataset",
          "<split>-000000.tar with members <seq>/<frame>.png, .mask.png, .json ...",
          {.ids = true, .classes = true, .ignore = true, .labels = true},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
