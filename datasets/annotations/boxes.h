// Boxes (and masks, where a format has them) of one frame as annotation formats hold them, in mirst's own convention;
// each format's file converts at once. Turning them into a labelled frame and back is the same for all formats.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/sample.h"

namespace mirst {

/// (x, y) is the upper left pixel, from 0, real numbers; it covers the columns x ... x + width - 1.
struct TargetBox {
  int id = 0;  ///< above 0; 0: the format has none, the place in the list counts
  std::string class_name = {};
  double x = 0, y = 0, width = 0, height = 0;
  double visibility = 1;
  std::vector<std::uint32_t> runs = {};  ///< of its mask in the image (rle.h); empty: the box is filled
  friend bool operator==(const TargetBox&, const TargetBox&) = default;
};

/// The targets of a frame that are seen, in the order of the annotations; their masks only on demand.
enum class WithMasks { kNo, kYes };
std::vector<TargetBox> BoxesOf(const LabelledFrame& frame, WithMasks with_masks);

/// Fills mask, instance and annotation.targets from `boxes`; frame.pixels is there already. A box is rounded outwards
/// to whole pixels; where two share a pixel the earlier one keeps it. Returns notes ("boxes that reach beyond ...").
/// Throws kBadInput: a box that lies wholly outside the image or has no extent, an id that comes twice or does not fit
/// 1 ... 65535, a mask of another size or without a pixel.
std::vector<std::string> LabelFrame(const std::vector<TargetBox>& boxes, LabelledFrame& frame);

}  // namespace mirst
