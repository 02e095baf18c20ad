// The layouts, one function each; what their files share when they list, read and write plain image files.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/frame.h"
#include "datasets/annotations/boxes.h"
#include "datasets/annotations/text_lines.h"
#include "datasets/layouts/layout.h"

namespace mirst {

Layout NativeLayout();
Layout WebDatasetLayout();
Layout NudtMirsdtLayout();
Layout NudtMirsdtPngLayout();
Layout IrSatVideoLeoLayout();
Layout SatVideoIrsdtLayout();
Layout IrdstLayout();
Layout IrdstDtumLayout();
Layout IrdstRealLayout();
Layout BasicIrstdLayout();
Layout DaubLayout();
Layout CocoLayout();
Layout CocoVidLayout();
Layout YoloLayout();
Layout VocLayout();
Layout MotLayout();
Layout ShuMirstLayout();
Layout BoxesCsvLayout();

/// How the pixels of a mask file tell targets apart.
enum class MaskValues {
  kBinary,    ///< above 127 of 8 bits; each 8-connected region is a target
  kNonZero,   ///< any value but 0; each 8-connected region is a target
  kInstance,  ///< the value is the target's id
};

struct ListedFrame {
  std::string name;                     ///< without extension
  std::filesystem::path image, mask;    ///< mask empty: the targets follow from `boxes`
  std::vector<TargetBox> boxes = {};    ///< with a mask: classes of its targets, where boxes fit
  std::vector<std::string> notes = {};  ///< LayoutFrame::notes
};

struct ListedSequence {
  std::string name, split;
  bool is_ordered = true;
  std::vector<ListedFrame> frames = {};
};

using ImageReader = std::function<Frame(const std::filesystem::path&)>;

/// Reads frames from the files that a layout's own function listed.
std::unique_ptr<LayoutReader> OpenListed(std::vector<ListedSequence> sequences, MaskValues values,
                                         ImageReader read_image = {});

/// `text`, a path that a list or an annotation names, below `folder`. Throws kBadInput for an absolute path, "..", a
/// control character, or nothing.
std::filesystem::path PathBelow(const std::filesystem::path& folder, std::string_view text);

/// The images directly in `folder` by their names without extension, in natural order. Throws kBadInput for two images
/// of one name.
std::vector<std::pair<std::string, std::filesystem::path>> ImagesIn(const std::filesystem::path& folder);

/// One frame an image of `images`, with the mask of its name in `masks`. Throws kBadInput: an image without mask, a
/// mask without image.
std::vector<ListedFrame> PairWithMasks(const std::filesystem::path& images, const std::filesystem::path& masks);

/// Writes the frame's counts as PNG of its own depth, or BMP (8 bits only) where the name ends in ".bmp". Creates the
/// folder. Throws kBadInput.
void WriteCounts(const std::filesystem::path& path, const Frame& frame);
void WriteMask(const std::filesystem::path& path, const Mask& mask);
/// The ids of the targets, 0 = none, as PNG of 8 bits, or of 16 where an id needs it.
void WriteIds(const std::filesystem::path& path, const LabelledFrame& frame);
Image<std::uint16_t> IdsOf(const LabelledFrame& frame);

/// Frame name without extension.
std::string Stem(const LabelledFrame& frame);

/// The split's name for layouts that always have one; "train" where the set does not tell.
std::string SplitOr(const LayoutSequence& sequence, std::string_view fallback = "train");

}  // namespace mirst
