// Signal-to-clutter ratio (SCR) of one target in one image, by the definitions of docs/metrics.md. A measurement is a
// target set, a statistic, a background set, a sigma estimator and a domain; each id names all five. Nothing here knows
// where the image came from: counts before rounding and written integers are measured alike.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

/// The parts of a measured SCR; counts.
struct ScrMeasurement {
  /// |target_value - mean_background| / (sigma_background + offset); `db` is 20 log10 of it. Infinite or 0 (db:
  /// -infinite) where sigma is 0, not a number without background pixels.
  double scr = 0;
  double mean_target = 0;
  double target_value = 0;  ///< what stands for the target: its mean, or its extreme pixel (`peak`)
  double mean_background = 0;
  double sigma_background = 0;  ///< population sigma after the floor
  int target_px = 0;
  int background_px = 0;
  /// With the sign of the contrast: positive where the target is brighter than its surroundings.
  double signed_scr() const { return target_value < mean_background ? -scr : scr; }
};

/// The rule `box20` as far as it depends on the file's depth: margin 20 px; sigma is at least one written count;
/// pixels equal to 0 are left out of the background in 8-bit files and stay in deeper ones.
struct Box20Rule {
  static constexpr int kMarginPx = 20;
  static constexpr double kSigmaFloor = 1.0;
  static constexpr double kSigmaOffset = 1e-5;
  bool zeros_are_background = false;
  static Box20Rule ForBitDepth(int bit_depth) { return {bit_depth > 8}; }
};

/// Any definition, taken apart. The default is box20 for files deeper than 8 bits.
struct ScrRule {
  enum class Background {
    kBox20,   ///< Box20Window without targets
    kBox,     ///< the target's box grown by margin_px, without targets
    kGuard,   ///< that without the target's box grown by guard_px
    kGlobal,  ///< all pixels of the frame without targets
  };
  enum class Statistic { kMean, kHighest, kLowest };

  Background background = Background::kBox20;
  int guard_px = 0;
  int margin_px = Box20Rule::kMarginPx;
  Statistic statistic = Statistic::kMean;
  bool decibel = false;
  bool zeros_are_background = true;
  double sigma_floor = Box20Rule::kSigmaFloor;
  double sigma_offset = Box20Rule::kSigmaOffset;

  ScrRule() = default;
  ScrRule(Box20Rule rule)  // NOLINT(google-explicit-constructor): box20 is one of the rules
      : zeros_are_background(rule.zeros_are_background) {}
  /// The rule of an id: box20, bboxD, guardG_O, global, peak (box20's background; the brightest mask pixel, or with
  /// polarity -1 the darkest), db (20 log10 of box20). Throws kBadInput for any other name.
  static ScrRule Named(std::string_view id, Box20Rule domain, int polarity = 1);
};

/// The ids that every measurement reports, in the order of tables: box20, guard3_10, bbox5, bbox10, bbox20, global,
/// peak, db.
std::span<const std::string_view> ScrIds();
/// True for those and for bboxD and guardG_O with 0 <= G < O, D and O in 1 to 1000.
bool IsScrId(std::string_view id);
/// What IsScrId takes, for messages.
inline constexpr std::string_view kScrIdsAllowed = "box20, bboxD, guardG_O, global, peak or db, e.g. bbox10, guard3_10";

/// Count, sum and sum of squares of pixel values, taken about an origin near them: whole counts add up exactly.
struct PixelSums {
  double origin = 0;
  std::int64_t count = 0;
  double sum = 0;      ///< of (value - origin)
  double squares = 0;  ///< of (value - origin)^2
  void Add(double value);
  void Remove(double value);
  double mean() const;   ///< 0 when empty
  double sigma() const;  ///< population sigma, 0 when empty
};

/// Over all pixels of an image.
PixelSums SumsOf(ImageView<const float> image);

/// One target as it stands in one image of shape (height, width). Holds references: for the length of a call.
struct TargetInImage {
  ImageView<const float> image;            ///< counts, whole or not
  const Mask& target;                      ///< the target measured, > 127
  const Mask& all_targets;                 ///< every target of the frame: none of them is background
  PixelBox box;                            ///< of `target`
  const Image<double>* patch = nullptr;    ///< values that replace the image's inside patch_box, at full precision
  PixelBox patch_box;                      ///< within the image
  const PixelSums* global_sums = nullptr;  ///< of all pixels that are no target, where known (spares a whole pass)

  /// Finds the box. Throws kBadInput when `target` is empty.
  TargetInImage(ImageView<const float> image, const Mask& target, const Mask& all_targets);
  TargetInImage(ImageView<const float> image, const Mask& target, const Mask& all_targets, const PixelBox& box);
  double operator()(int y, int x) const {
    return patch != nullptr && patch_box.Contains(x, y) ? (*patch)(y - patch_box.y, x - patch_box.x)
                                                        : static_cast<double>(image(y, x));
  }
};

/// By one rule, in two passes over its background set.
ScrMeasurement MeasureScr(const TargetInImage& target, const ScrRule& rule);

/// By all of ScrIds() in one pass over the largest window; `polarity` chooses the pixel that `peak` takes.
std::map<std::string, ScrMeasurement> MeasureEveryScr(const TargetInImage& target, Box20Rule rule, int polarity);

/// The finite ones among MeasureEveryScr's, by their value: what labels and statistics hold. (Where there is no
/// background or no clutter, a definition has no value.)
std::map<std::string, double> ScrValues(const TargetInImage& target, Box20Rule rule, int polarity);

/// What `global_sums` needs, without a pass over the frame: `background_sums` (SumsOf the background) brought up to
/// date where the image differs from it, inside `supports`; they must hold all targets and may overlap.
PixelSums GlobalSums(const PixelSums& background_sums, ImageView<const float> background, const TargetInImage& target,
                     std::span<const PixelBox> supports);

/// The window of box20: the target's box grown by 20 px on each side, clipped at the image without its last line.
PixelBox Box20Window(const PixelBox& target_box, int image_height, int image_width);

/// Where a rule takes its background from: the pixels of `window` outside `hole`.
struct BackgroundRegion {
  PixelBox window;
  PixelBox hole;  ///< empty for most rules
};
BackgroundRegion RegionOf(const ScrRule& rule, const PixelBox& target_box, int image_height, int image_width);

/// box20 on an image of shape (height, width) in counts, whole or not. `target` marks the target measured,
/// `all_targets` every target of the frame (left out of the background); both > 127, same shape as the image. An empty
/// background set measures mean 0 and sigma at the floor. Throws kBadInput when `target` is empty.
ScrMeasurement MeasureBox20(ImageView<const float> image, const Mask& target, const Mask& all_targets, Box20Rule rule);

/// How far rounding to whole counts may move an SCR: 1 / (2 N sigma_b), N the mask's pixels or, for `peak`, one.
double RoundingBound(const ScrRule& rule, int target_px, double sigma_background);

/// What the target itself adds: mean over the mask of (image - background) / (sigma_background + offset), with its
/// sign. Throws kBadInput when `target` is empty.
double ScrDelta(ImageView<const float> image, ImageView<const float> background, const Mask& target,
                double sigma_background, double sigma_offset = Box20Rule::kSigmaOffset);

}  // namespace mirst
