// The measured part of a finished target's label: its SCR by every definition, on the written counts and before
// rounding, what the empty mask measures, what the target adds, and its detectability.
#pragma once

#include <span>

#include "core/annotation.h"
#include "fusion/fuse.h"
#include "metrics/scr.h"

namespace mirst {

/// One target in a written frame; all images of the frame's shape. Holds references: for the length of a call.
struct WrittenTarget {
  const Image<float>& image;         ///< written counts
  const Image<float>& background;    ///< the same frame without targets
  const PixelSums& background_sums;  ///< SumsOf it
  const Mask& mask;                  ///< of this target
  const Mask& all_targets;
  std::span<const PixelBox> supports;  ///< of all targets of the frame: outside them image and background agree
  const FusedTarget& fused;
  double gain = 0;
};

/// What MeasureLabel does, and scr_float and dprime. `a` names the controlled definition, its request and the polarity.
void MeasureWrittenTarget(const WrittenTarget& target, Box20Rule domain, Annotation& a);

/// The same but scr_float, for a target of a finished image whose counts have changed since (gain control, codec).
void MeasureShownTarget(const Image<float>& image, const Image<float>& background, const Mask& mask,
                        const Mask& all_targets, Box20Rule domain, Annotation& a);

}  // namespace mirst
