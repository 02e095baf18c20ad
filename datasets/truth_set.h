// What detections are held against: sequences of frames with their true masks, from a data set in the native layout or
// from a plain folder mask/<seq>/<frame>.png (with image/ and ignore/ beside it where there are any). Paths only; the
// pixels are read frame by frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/annotation.h"
#include "core/image.h"
#include "datasets/box_files.h"

namespace mirst {

struct TruthFrame {
  std::string name;                     ///< without extension
  std::filesystem::path image, ignore;  ///< empty where there is none
  std::filesystem::path mask;
  std::filesystem::path coverage, background;  ///< empty where there is none; background: the frame without targets
};

struct TruthSequence {
  std::string name;
  /// mscr_present under box20 as annotated; absent where no annotation tells it.
  std::optional<double> mean_scr;
  std::vector<TruthFrame> frames;
  std::string source;                        ///< unique name of its background's source; empty where unknown
  std::vector<FrameAnnotation> annotations;  ///< one a frame; empty for a plain folder
  /// Boxes of a file boxes/<seq>.csv or .json beside the masks, one list a frame; absent where there is none.
  std::optional<std::vector<std::vector<FileBox>>> boxes;
};

struct TruthSet {
  std::filesystem::path folder;
  std::string dataset_id, mask_convention;  ///< empty for a plain folder
  std::string split;                        ///< empty: all
  std::vector<TruthSequence> sequences;
  std::int64_t frames() const;
};

/// `split` is one of kSplitNames, or empty for all; a plain folder has no splits. Throws kBadInput: no such folder, no
/// sequence (in the split), an empty sequence, an image without mask or a mask without image.
TruthSet OpenTruth(const std::filesystem::path& folder, std::string_view split);

struct TruthImages {
  Image<float> counts;  ///< empty where the frame has no image
  Mask mask;
  std::optional<Mask> ignore;
  std::optional<Image<float>> coverage;  ///< 0 ... 1
};
enum class WithImage { kNo, kYes };
/// Throws kBadInput: missing or corrupt file, sizes that differ.
TruthImages ReadTruth(const TruthFrame& frame, WithImage with_image);

}  // namespace mirst
