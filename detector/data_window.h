// One training sample: a crop of five frames and of the last one's labels, seen through one transform (position, flip,
// enlargement, rotation) that all five share.
#pragma once

#include <array>
#include <memory>

#include "core/geometry.h"
#include "core/random.h"
#include "detector/data_split.h"
#include "detector/sequence_detector.h"
#include "detector/train_options.h"

namespace mirst {

/// Where the sample's pixels lie in the frame: frame = centre + scale * R(rotation) * F(flip) * (sample - its own
/// centre).
struct WindowTransform {
  Vec2 centre_px;
  double scale = 1;  ///< frame pixels a sample pixel; below 1 the sample is enlarged
  double rotation_deg = 0;
  bool flip = false;
  friend bool operator==(const WindowTransform&, const WindowTransform&) = default;

  /// Of the sample's pixel (x, y), sample of `size` x `size` px.
  Vec2 FramePoint(double x, double y, int size) const;
};

/// The square of `crop_px` lies inside the frame, before it is enlarged or turned; with probability centred_share it
/// holds a target (drawn among the frame's) within the middle half of its width and height, as far as the border
/// allows.
WindowTransform DrawTransform(RandomStream& random, const TrainingDataOptions& data,
                              const AugmentationOptions& augmentation, const StoredFrame& last_frame);

/// What a sample's counts become (counts - mean) / sigma by; sigma is below 0 for a negative.
struct CountScale {
  double mean = 0, sigma = 1;
};
/// `of_split` with the sample's own gain, offset and sign.
CountScale DrawScale(RandomStream& random, const AugmentationOptions& augmentation, const CountScale& of_split);

/// Row-major pixels of `size` x `size`; outside the frame its mirror image goes on.
/// (counts - mean) / sigma, bilinear; exactly the frame's pixels where the transform shifts by whole pixels.
void CutCounts(const StoredFrame& frame, const WindowTransform& transform, int size, const CountScale& scale,
               float* sample);
/// 1 where the nearest pixel of `mask` is inside, otherwise 0; all 0 for an empty mask.
void CutMask(const Mask& mask, const WindowTransform& transform, int size, float* sample);

}  // namespace mirst
