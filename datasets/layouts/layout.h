// Data sets in the layouts of others: a table of layouts by name, each with a test ("is this folder mine?"), a reader
// and a writer. All meet in one stream: sequences of frames with mask, instance ids, boxes and names. What a layout
// has no place for is told by LayoutHolds; convert.h says it to the user.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/manifest.h"
#include "core/sample.h"

namespace mirst {

struct LayoutSequence {
  std::string name;                 ///< plain folder name, unique in the set
  std::string split;                ///< one of kSplitNames; empty where the set does not tell
  bool is_ordered = true;           ///< false: single pictures, no order in time
  std::vector<std::string> frames;  ///< unique names without extension, in order
};

struct LayoutFrame {
  LabelledFrame labelled;          ///< frame.name and annotation.frame end in ".png" whatever the file is called
  std::vector<std::string> notes;  ///< what was mended while reading ("boxes that reach beyond the image are clipped")
};

class LayoutReader {
 public:
  /// Throws kBadInput: no sequence or frame, a name that comes twice or is no plain name.
  explicit LayoutReader(std::vector<LayoutSequence> sequences);
  virtual ~LayoutReader() = default;
  LayoutReader(const LayoutReader&) = delete;
  LayoutReader& operator=(const LayoutReader&) = delete;

  const std::vector<LayoutSequence>& sequences() const { return sequences_; }
  /// Frame `frame` of sequence `sequence`, by their places. Safe from several threads. Throws kBadInput naming the
  /// file: missing, corrupt, mask and image of two sizes, a box outside the image.
  LayoutFrame Read(std::size_t sequence, std::size_t frame) const;
  /// Of a native set; else nothing.
  virtual const Manifest* manifest() const { return nullptr; }

 private:
  /// Without names, indices and contexts, which Read fills.
  virtual LayoutFrame ReadPixels(std::size_t sequence, std::size_t frame) const = 0;

  std::vector<LayoutSequence> sequences_;
};

/// Writes into an empty folder: for each sequence Begin, then Write for its frames in order; Finish at the end.
class LayoutWriter {
 public:
  LayoutWriter() = default;
  virtual ~LayoutWriter() = default;
  LayoutWriter(const LayoutWriter&) = delete;
  LayoutWriter& operator=(const LayoutWriter&) = delete;

  virtual void Begin(const LayoutSequence& sequence) = 0;
  virtual void Write(const LabelledFrame& frame) = 0;
  virtual void Finish() {}
};

/// What comes back when a set is written in a layout and read again.
struct LayoutHolds {
  bool sixteen_bit = true;  ///< frames of more than 8 bits
  bool masks = true;        ///< exact pixels; false: boxes only
  bool boxes = true;        ///< which pixels are one target; false: the mask's connected regions are taken for targets
  bool ids = false;         ///< which target is the same from frame to frame
  bool classes = false;     ///< names of classes
  bool ignore = false;      ///< regions that count nowhere
  bool labels = false;      ///< SCR, centroids, poses, visibility, decoys, time; coverage, backgrounds, linear frames
  bool sequences = true;    ///< which frames belong together
  bool names = true;        ///< names of sequences and frames
  bool splits = true;       ///< train, val, test
};

struct WriterOptions {
  std::uint64_t shard_bytes = 256ULL << 20;  ///< a tar shard is closed when it holds at least so much
  const Manifest* manifest = nullptr;        ///< of the input, where it is native
};

struct Layout {
  std::string_view name;
  std::string_view summary;  ///< one line for --help and docs
  LayoutHolds holds;
  /// Empty where `folder` is in this layout, else what is missing, "no folder images/".
  std::string (*why_not)(const std::filesystem::path& folder);
  std::unique_ptr<LayoutReader> (*open)(const std::filesystem::path& folder);
  std::unique_ptr<LayoutWriter> (*create)(const std::filesystem::path& folder, const WriterOptions& options);
};

/// All of them, in the order in which they are told apart.
const std::vector<Layout>& Layouts();

/// Throws kUsage listing the names.
const Layout& FindLayout(std::string_view name);

/// The layout of `folder`. Throws kBadInput: no folder, none (with each layout's reason), or several that fit.
const Layout& DetectLayout(const std::filesystem::path& folder);

}  // namespace mirst
