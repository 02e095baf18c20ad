// A target cut out of a frame by a rule that needs no mask, and numbers that describe its rim, its surroundings and its
// noise. Real and embedded targets are compared by them: both are segmented alike.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"
#include "metrics/scr.h"

namespace mirst {

/// Pixels around the target's box that a patch takes in.
inline constexpr int kPatchMarginPx = 10;

struct TargetPatch {
  PixelBox box;        ///< of the patch in the frame: the target's box grown by kPatchMarginPx
  Image<float> image;  ///< the patch's counts, (box.height, box.width)
  Mask mask;           ///< same shape
  int area_px = 0;     ///< of the mask
  int polarity = 1;
  double scr = 0;              ///< box20 of the mask in the frame
  double mean_background = 0;  ///< median of the surroundings, counts
  double contrast = 0;         ///< mean over the mask of polarity (I - mean_background), counts, > 0
  double sigma = 0;            ///< standard deviation of the surroundings (all of the patch 3 px off the mask), counts
};

/// The rule: surroundings = `hint` grown by 8 px less `hint` grown by 2 px; the seed is the pixel of `hint` farthest
/// from their median; the mask is the 8-connected patch around the seed of pixels at least half as far on the same
/// side, within `hint` grown by 2 px. None where the mask touches that limit (a clutter edge), has fewer than 4 or more
/// than 200 px, the seed is nearer than 3 standard deviations, or the patch leaves the frame.
std::optional<TargetPatch> SegmentTarget(ImageView<const float> frame, const PixelBox& hint, int bit_depth);

/// Ratio of the mean step between neighbours across the mask's contour to that across the contours 2 px farther out
/// and, where there is one, 2 px farther in. A pasted edge stands out. Steps below 1e-6 counts give 0.
double SeamRatio(const TargetPatch& patch);

inline constexpr std::size_t kPatchFeatures = 24;
using PatchFeatures = std::array<float, kPatchFeatures>;
/// Contrast-free numbers of a patch: radial profile from the contour outwards, spread along it, steps across contours,
/// noise inside and around, codec flatness, spectrum.
PatchFeatures FeaturesOf(const TargetPatch& patch);
std::string_view PatchFeatureName(std::size_t index);

/// Distance classes about a mask: 1 = pixels outside that touch it (8 neighbours), 2 = those that touch class 1, ...;
/// 0 = inside at its rim, -1 = inside one step deeper, ... Shape of the mask.
Image<int> ContourLevels(const Mask& mask);

}  // namespace mirst
