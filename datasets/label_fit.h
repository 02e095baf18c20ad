// Do labels lie on what they label? The contrast of the masked pixels against their surroundings, as the masks are and
// shifted by whole pixels: a mask that lies beside its target gains by being shifted back.
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"

namespace mirst {

/// The pixels of one target.
struct TargetPixels {
  PixelBox box;
  std::vector<std::pair<int, int>> yx;
};

/// One entry an id of `ids` above 0, in the order of the ids.
std::vector<TargetPixels> TargetsOf(const Image<std::uint16_t>& ids);
/// One entry an 8-connected region of `mask`, in raster order.
std::vector<TargetPixels> TargetsOf(const Mask& mask);

/// Mean over the target's pixels of what they have above the surroundings, divided by the surroundings' sigma (at least
/// one count). The surroundings: the plane that fits the pixels of the box grown by 8 px less the box grown by 3, less
/// all of `mask`, and sigma about it. Absent where no such pixel is left.
std::optional<double> ContrastOf(ImageView<const float> image, const Mask& mask, const TargetPixels& target);

inline constexpr int kShiftRadiusPx = 2;

struct LabelShift {
  int dx = 0, dy = 0;  ///< what the targets lie at from their labels, px: the labels are shifted by its negative
  double contrast_here = 0, contrast_there = 0;  ///< mean over the targets, in units of the pixel noise
  /// What is won there, in standard deviations that pixel noise alone gives; noise: the differences of neighbours.
  double significance = 0;
};

/// Sums over targets, of a frame or of many.
class LabelFit {
 public:
  void Add(ImageView<const float> image, const Mask& mask, const std::vector<TargetPixels>& targets);
  void Add(const LabelFit& other);
  int targets() const { return targets_; }
  /// The shift of the largest contrast, where it is not (0, 0), wins at least kLeastGain of it and kLeastSignificance:
  /// noise chooses among 24 shifts, and 6 standard deviations in one of them are chance once in 40 million.
  std::optional<LabelShift> Shift() const;
  static constexpr double kLeastGain = 0.05, kLeastSignificance = 6;

 private:
  static constexpr int kSide = 2 * kShiftRadiusPx + 1;
  std::array<double, kSide * kSide> contrast_{};  ///< by shift, in units of the surroundings' pixel noise
  std::array<double, kSide * kSide> variance_{};  ///< of contrast_[shift] - contrast_[no shift] by pixel noise
  int targets_ = 0;
};

}  // namespace mirst
