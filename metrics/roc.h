// Receiver operating characteristic and precision-recall curve of score maps against true masks, over the scores
// themselves: no bins, no fixed thresholds. Pixels are the cases; ignored pixels are none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/image.h"
#include "metrics/detection.h"

namespace mirst {

/// A corner of the ROC: everything with score >= threshold predicted.
struct RocPoint {
  double threshold = 0;
  std::int64_t true_px = 0;
  std::int64_t false_px = 0;
  friend bool operator==(const RocPoint&, const RocPoint&) = default;
  Ratio precision() const { return {true_px, true_px + false_px}; }
};

/// Receiver operating characteristic of pixels over the scores themselves. The scores of truth pixels and the highest
/// `exact_scores` background scores are kept, 4 bytes each; lower background scores are only counted, in bins 2^-7 of
/// their value wide. Every corner is exact all the same; below the kept scores there is one a bin instead of one a
/// score. So memory does not grow with the number of frames but for 4 bytes a pixel of truth.
class RocCurve {
 public:
  static constexpr std::size_t kExactScores = std::size_t{1}
                                              << 24;  ///< 64 MiB; at most twice that before it is trimmed
  explicit RocCurve(std::size_t exact_scores = kExactScores) : exact_scores_(exact_scores) {}

  /// Adds a map of one frame; truth and ignore as in ScoreFrame. Throws kBadInput where shapes differ or a score is
  /// NaN.
  void Add(ImageView<const float> scores, const Mask& truth, const Mask* ignore = nullptr);
  /// Adds a map for thresholds alone: pixels within `guard_px` rows and columns of the truth are left out of the
  /// background but count as pixels, so that a target's own blur is no false alarm (protocol P2 has 4 px).
  void AddGuarded(ImageView<const float> scores, const Mask& truth, const Mask* ignore, int guard_px);

  /// An empty curve that another thread fills, to be merged. The curve does not depend on the parts or their order.
  RocCurve Part() const;
  void Merge(const RocCurve& part);

  /// Scores held one by one.
  std::size_t kept() const { return truth_.size() + background_.size(); }

  /// All corners, from the highest threshold (nothing predicted) down: two for each distinct score of a truth pixel,
  /// between which the curve runs straight, and the end where everything is predicted.
  std::vector<RocPoint> Points();
  /// Area under the curve by trapezoids: the probability that a truth pixel scores above a background pixel, ties one
  /// half. No value without pixels of both kinds.
  std::optional<double> Auc();
  /// Area under precision over recall by trapezoids between the corners; before the first hit the precision of the
  /// first corner with one holds. No value without a truth pixel.
  std::optional<double> PrAuc();
  /// The least threshold t for which at most `rate` of all pixels are false with score > t; where that lies below the
  /// kept scores, the upper end of its bin. Throws kBadInput for a rate outside [0, 1] or without pixels.
  float ThresholdAtFalsePixelRate(double rate);
  std::int64_t truth_px() const { return static_cast<std::int64_t>(truth_.size()); }
  std::int64_t background_px() const { return static_cast<std::int64_t>(background_.size()) + counted_px_; }
  /// All pixels that a false-pixel rate refers to: truth, background and what a guard left out.
  std::int64_t pixels() const { return truth_px() + background_px() + guarded_px_; }

 private:
  void AddBackground(std::span<const std::uint32_t> keys);
  void AddRow(const float* row, std::span<std::uint32_t> keys);
  void RaiseFloor(std::uint32_t bin);
  void Trim();
  void Sort();

  std::size_t exact_scores_;
  std::vector<std::uint32_t> truth_, background_;  // keys (roc.cc) that rise with the score; falling once sorted
  std::uint32_t floor_bin_ = 0;                    // background scores of lower bins are in counts_ alone
  std::vector<std::int64_t> counts_;               // by bin, of the background; empty while all are kept
  std::int64_t counted_px_ = 0;                    // their sum
  std::int64_t guarded_px_ = 0;                    // near a target: neither truth nor background
  bool sorted_ = true;
};

}  // namespace mirst
