// The native layout (docs/formats.md) behind the common stream; it holds everything.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/version.h"
#include "datasets/label_regions.h"
#include "datasets/layouts/layout_table.h"
#include "datasets/sample_store.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr double kFramesPerSecond = 25;  // assumed of frames without times

std::string WhyNot(const fs::path& folder) {
  return fs::exists(folder / "manifest.json") || fs::exists(folder / ".mirst-unfinished") ? "" : "no manifest.json";
}

using Labels = std::vector<std::vector<FrameAnnotation>>;

class NativeReader : public LayoutReader {
 public:
  NativeReader(SampleStoreReader reader, Labels labels)
      : LayoutReader(NamesOf(reader.manifest(), labels)), reader_(std::move(reader)), labels_(std::move(labels)) {}
  const Manifest* manifest() const override { return &reader_.manifest(); }

 private:
  static std::vector<LayoutSequence> NamesOf(const Manifest& manifest, const Labels& labels) {
    std::vector<LayoutSequence> sequences;
    for (std::size_t i = 0; i < manifest.sequences.size(); ++i) {
      sequences.push_back({manifest.sequences[i].name, manifest.sequences[i].split, true, {}});
      for (const FrameAnnotation& frame : labels[i])
        sequences.back().frames.push_back(fs::path(frame.frame).stem().string());
    }
    return sequences;
  }
  LayoutFrame ReadPixels(std::size_t sequence, std::size_t frame) const override {
    return {reader_.ReadLabelledFrame(reader_.manifest().sequences[sequence], labels_[sequence][frame]), {}};
  }

  SampleStoreReader reader_;
  Labels labels_;
};

std::unique_ptr<LayoutReader> Open(const fs::path& folder) {
  SampleStoreReader reader(folder);
  Labels labels;
  for (const ManifestSequence& sequence : reader.manifest().sequences)
    labels.push_back(reader.ReadAnnotations(sequence));
  return std::make_unique<NativeReader>(std::move(reader), std::move(labels));
}

/// Keeps one sequence in memory: the store writes whole sequences.
class NativeWriter : public LayoutWriter {
 public:
  NativeWriter(const fs::path& folder, const Manifest* manifest) : store_(folder, Existing::kRefuse, 0) {
    if (manifest != nullptr) from_ = *manifest;
  }

  void Begin(const LayoutSequence& sequence) override {
    Flush();
    current_ = sequence;
    sample_ = Sample{sequence.name, {}, {}};
  }

  void Write(const LabelledFrame& frame) override {
    if (!current_.is_ordered) BeginPicture(Stem(frame));
    sample_.frames.push_back(frame);
    LabelledFrame& kept = sample_.frames.back();
    kept.frame.index = kept.annotation.index = static_cast<int>(sample_.frames.size()) - 1;
    if (kept.annotation.time_s == 0) kept.annotation.time_s = kept.frame.index / kFramesPerSecond;
    kept.frame.time_s = kept.annotation.time_s;
    for (Annotation& target : kept.annotation.targets) {
      if (target.seen() && target.scr.empty()) MeasureContrast(kept, target);
    }
  }

  void Finish() override {
    Flush();
    Manifest manifest = from_.value_or(Manifest{});
    if (!from_) {
      manifest.mask_convention = "as given";
      manifest.config_json = R"({"converted": true})";
    }
    manifest.program_version = ProgramVersion();
    manifest.program_git = GitRevision();
    manifest.sequences = std::move(entries_);
    store_.Finish(std::move(manifest));
  }

 private:
  /// A picture that belongs to no sequence is one of its own.
  void BeginPicture(const std::string& name) {
    if (!pictures_.insert(name).second) throw BadInput(fmt::format("two pictures have the name {}", name));
    Begin({name, current_.split, false, {name}});
  }

  void Flush() {
    if (sample_.frames.empty()) return;
    const Frame& first = sample_.frames.front().frame;
    ManifestSequence entry;
    entry.background.source = current_.name;
    if (from_) {
      for (const ManifestSequence& known : from_->sequences) {
        if (known.name == current_.name) entry = known;
      }
    }
    entry.name = current_.name;
    entry.split = SplitOr(current_);
    entry.frames = static_cast<int>(sample_.frames.size());
    entry.width = first.pixels.width();
    entry.height = first.pixels.height();
    entry.bit_depth = first.bit_depth;
    RequireOneSize(first);
    store_.WriteSequence(sample_);
    entries_.push_back(std::move(entry));
    sample_ = {};
  }

  void RequireOneSize(const Frame& first) const {
    for (const LabelledFrame& labelled : sample_.frames) {
      const Frame& frame = labelled.frame;
      if (frame.pixels.box() == first.pixels.box() && frame.bit_depth == first.bit_depth) continue;
      throw BadInput(
          fmt::format("sequence {}: {} is {} x {} px of {} bits, {} is {} x {} of {}; in the native layout the frames "
                      "of a sequence are alike",
                      current_.name, first.name, first.pixels.width(), first.pixels.height(), first.bit_depth,
                      frame.name, frame.pixels.width(), frame.pixels.height(), frame.bit_depth));
    }
  }

  SampleStoreWriter store_;
  std::optional<Manifest> from_;
  LayoutSequence current_;
  Sample sample_;
  std::vector<ManifestSequence> entries_;
  std::set<std::string> pictures_;
};

std::unique_ptr<LayoutWriter> Create(const fs::path& folder, const WriterOptions& options) {
  return std::make_unique<NativeWriter>(folder, options.manifest);
}

}  // namespace

Layout NativeLayout() {
  return {"native",
          "mirst's own: image/, mask/, annotations/, manifest.json",
          {.ids = true, .classes = true, .ignore = true, .labels = true},
          WhyNot,
          Open,
          Create};
}

}  // namespace mirst
