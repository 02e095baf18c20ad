// Where frames come from: a folder of images, a video file, or the procedural stand-in. A source is opened once,
// checked as a whole, and then read by index from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "core/frame.h"
#include "core/random.h"

namespace mirst {

enum class SourceKind { kFolder, kVideo, kProcedural };

struct SourceInfo {
  std::string name;  ///< folder or file name without extension; "procedural-0003"
  SourceKind kind = SourceKind::kFolder;
  std::filesystem::path path;  ///< empty for procedural
  int width = 0;
  int height = 0;
  int bit_depth = 8;  ///< of the counts: 8 or 16
  int frame_count = 0;
  double frame_rate_hz = 25;
  bool frame_rate_known = false;  ///< stated by the video or by a folder's capture.json, not assumed
  std::string sha256;  ///< folder: over "name sha256\n" of its frames in order; video: of the file; procedural: of
                       ///< options and key
  std::string frame_names_json = "[]";  ///< folder: the files' names in order, for boxes.csv
};

/// A real target that a source's boxes.csv names.
struct KnownTarget {
  int frame = 0;  ///< index in the source
  std::string class_name;
  PixelBox box;  ///< 0-based, rounded outwards, clipped at the image
};

class SequenceSource {
 public:
  virtual ~SequenceSource() = default;
  const SourceInfo& info() const { return info_; }
  /// Another name, where two sources would share one. Not safe beside other calls.
  void Rename(std::string name) { info_.name = std::move(name); }
  /// Real targets, by frame; from boxes.csv beside the frames (1-based corners: 1 is subtracted).
  const std::vector<KnownTarget>& known_targets() const { return known_targets_; }
  /// Adds real targets that were found elsewhere, boxes inside the image. Not safe beside other calls.
  void AddKnownTargets(const std::vector<KnownTarget>& targets);

  /// Frames [first, first + count). Safe from several threads at once. Throws kBadInput (file gone, corrupt, of another
  /// size than when opened) and kInternal (outside the source).
  virtual std::vector<Frame> Read(int first, int count) const = 0;

 protected:
  SourceInfo info_;
  std::vector<KnownTarget> known_targets_;
};

/// Options of the procedural stand-in (docs/procedural.md says how each part looks).
struct ProceduralOptions {
  int width = 320;       ///< px, 64..2048
  int height = 256;      ///< px, 64..2048
  int frame_count = 90;  ///< 2..100000
  int bit_depth = 8;     ///< 8: after AGC; 14: raw counts, written as 16 bit
  double frame_rate_hz = 25;
  // "mixed" draws one for each source
  enum class Scene { kMixed, kSky, kSea, kSkyline, kTreeLine } scene = Scene::kMixed;
  double netd_mk = 40;            ///< temporal noise, mK
  double fixed_pattern_mk = 25;   ///< residual fixed pattern (pixels, columns, rows), mK
  double pan_px_per_frame = 0.7;  ///< largest mean pan; each source draws its own
};
void Visit(OptionsVisitor& visitor, ProceduralOptions& options);
void AddFaults(OptionsReader& reader, const ProceduralOptions& options);

/// Opens a folder of images (natural sort). Throws kBadInput: no images, mixed sizes or depths, a gap in numbered
/// names, an unreadable or corrupt file (all frames' headers are read, the first frame is decoded), a malformed
/// boxes.csv.
std::unique_ptr<SequenceSource> OpenFolderSource(const std::filesystem::path& folder);

/// Opens a video that OpenCV decodes, as 8-bit grey (luma). Throws kBadInput.
std::unique_ptr<SequenceSource> OpenVideoSource(const std::filesystem::path& file);

/// Frame k is a function of (options, key, k) alone; the world is made when the first frame is read. Throws kUsage
/// naming every option outside its range.
std::unique_ptr<SequenceSource> OpenProceduralSource(const ProceduralOptions& options, const RandomKey& key);

/// All sources that a user's paths name: a folder of frames, a folder of such folders, a video file, or a folder of
/// videos; in natural order of their paths. Names are made unique ("a", "a-2"). Folders without frames are left out
/// with a warning, when nothing is left: kBadInput.
std::vector<std::unique_ptr<SequenceSource>> OpenSources(const std::vector<std::filesystem::path>& paths);

std::string ToString(SourceKind kind);  ///< "folder", "video", "procedural"

}  // namespace mirst
