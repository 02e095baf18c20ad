// What the scene would be without the sensor's own residual (noise, fixed pattern, codec traces): the S of
// I = B + a (b0 - S) + g m. What S misses shines through an opaque target; what S takes of the residual is missing
// under it. docs/embedding.md compares the three estimates on real sequences.
#pragma once

#include <cstddef>
#include <span>

#include "core/frame.h"
#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

enum class SceneMethod {
  kMedian,    ///< of the pixel's neighbourhood
  kNonLocal,  ///< mean of the places near by that look the same
  kTemporal,  ///< median of the neighbouring frames, moved with the scene
};

/// Spatial median over (2 radius + 1)^2 pixels, cut at the image's border, for the pixels of `box` (inside the image);
/// shape (box.height, box.width). Keeps edges; detail narrower than the radius stays in the residual.
/// radius_px in [0, 50]; throws kBadInput outside, and when `box` leaves the image.
Image<float> MedianScene(ImageView<const float> background, const PixelBox& box, int radius_px);

/// Non-local means (Buades, Coll, Morel, CVPR 2005) with 5 x 5 patches in a 19 x 19 neighbourhood. A place weighs 1
/// while its patch differs no more than noise does, and nothing from three standard deviations above that on. The pixel
/// itself takes no part, neither in the mean nor in the patches, so that its residual stays whole. Where fewer than 8
/// places look the same: MedianScene. Throws as MedianScene.
Image<float> NonLocalScene(ImageView<const float> background, const PixelBox& box, int radius_px);

/// Median over frames[index] and up to four frames before and four behind it, each moved by the shift that MatchShift
/// finds around the box. A frame is used as long as it predicts frames[index] there as well as MedianScene does (its
/// mean squared difference is at most twice as large, because it brings its own noise), and only if it is a second
/// look: a difference below sigma^2, half of what fresh noise makes, means that a codec repeated the noise or that most
/// of it is a fixed pattern on a still camera, and S would take it away. With fewer than four frames: MedianScene. All
/// frames of one shape. Throws as MedianScene.
Image<float> TemporalScene(std::span<const Frame> frames, std::size_t index, const PixelBox& box, int radius_px);

/// The method's estimate of frames[index].
Image<float> EstimateScene(SceneMethod method, std::span<const Frame> frames, std::size_t index, const PixelBox& box,
                           int radius_px);

/// Standard deviation of white noise in `box`, counts: the median of |1 -2 1; -2 4 -2; 1 -2 1| * B, which planes and
/// straight edges along an axis do not reach, over 0.6745 * 6 (after Immerkaer, CVIU 64, 1996, with the median for his
/// mean). 0 for a box without a pixel that has all its neighbours.
double NoiseSigma(ImageView<const float> image, const PixelBox& box);

}  // namespace mirst
