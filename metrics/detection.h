// Detection scores of binary masks and score maps against truth (docs/metrics.md): IoU, Pd and Fa by protocol P1, ROC.
// Counts are collected frame by frame, summed over sequences, and only then divided; the counts stay beside every
// ratio.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "metrics/components.h"

namespace mirst {

/// A quotient that remembers its counts; no value where the denominator is 0.
struct Ratio {
  std::int64_t numerator = 0;
  std::int64_t denominator = 0;
  std::optional<double> value() const {
    if (denominator == 0) return std::nullopt;
    return static_cast<double>(numerator) / static_cast<double>(denominator);
  }
  friend bool operator==(const Ratio&, const Ratio&) = default;
};

/// A mean that remembers how many values it has.
struct Mean {
  double sum = 0;
  std::int64_t count = 0;
  void Add(std::optional<double> addend) {
    if (addend) sum += *addend, ++count;
  }
  std::optional<double> value() const {
    if (count == 0) return std::nullopt;
    return sum / static_cast<double>(count);
  }
  friend bool operator==(const Mean&, const Mean&) = default;
};

/// Protocol P1: a target is found when the centroid of a predicted component lies less than this far from its own.
inline constexpr double kMatchDistancePx = 3.0;
/// A false-alarm count below this is reported as a bound.
inline constexpr std::int64_t kLeastFalseAlarmPx = 10;

/// Counts of one frame, or sums over several. Pixels of the ignore mask are in none of them.
struct FrameScore {
  std::int64_t pixels = 0;
  std::int64_t truth_px = 0;
  std::int64_t predicted_px = 0;
  std::int64_t common_px = 0;     ///< predicted and true
  std::int64_t targets = 0;       ///< components of the truth
  std::int64_t matched = 0;       ///< of them found
  std::int64_t predictions = 0;   ///< predicted components; predictions - matched are false
  std::int64_t unmatched_px = 0;  ///< area of the predicted components that match no target
  FrameScore& operator+=(const FrameScore& other);
  friend bool operator==(const FrameScore&, const FrameScore&) = default;

  Ratio iou() const { return {common_px, truth_px + predicted_px - common_px}; }
  Ratio pd() const { return {matched, targets}; }
  Ratio fa() const { return {unmatched_px, pixels}; }
  /// All false pixels, also those by which a matched component is too large.
  Ratio fa_px() const { return {predicted_px - common_px, pixels}; }
};

/// P1 on masks of one shape, > 127 = inside: for each component of the truth in raster order, the first unused
/// predicted component whose unweighted centroid is less than 3 px away. Ignored pixels are taken out of truth and
/// prediction before components are formed. Throws kBadInput where shapes differ.
FrameScore ScoreFrame(const Mask& prediction, const Mask& truth, const Mask* ignore = nullptr);

/// What ScoreFrame counts, component by component.
struct FrameMatch {
  std::vector<Component> hits;          ///< of the truth, found
  std::vector<Component> misses;        ///< of the truth, not found
  std::vector<Component> false_alarms;  ///< of the prediction, matching no target
};
/// The same rule, arguments and faults as ScoreFrame.
FrameMatch MatchFrame(const Mask& prediction, const Mask& truth, const Mask* ignore = nullptr);

/// One sequence, frame by frame.
struct SequenceScore {
  std::string name;
  std::optional<double> mean_scr;  ///< mscr_present: over the frames with a target; absent where unknown
  std::int64_t frames = 0;
  FrameScore total;
  Mean frame_iou;  ///< over the frames that hold truth or prediction

  void Add(const FrameScore& frame);
  friend bool operator==(const SequenceScore&, const SequenceScore&) = default;
};

/// Scores of a set of sequences. Means over sequences leave out the sequences without a value (no target: no Pd).
struct SubsetScore {
  std::string id;  ///< "mscr_low" (mean SCR < 3), "mscr_high" (>= 3), "all"
  std::int64_t sequences = 0;
  std::int64_t frames = 0;
  FrameScore pooled;  ///< its iou(), pd(), fa(), fa_px() are the pooled scores
  Mean iou_seq;       ///< the published tables' IoU
  Mean niou;          ///< over frames that hold truth or prediction
  Mean pd_seq;
  Mean fa_seq;
  Mean fa_px_seq;
  friend bool operator==(const SubsetScore&, const SubsetScore&) = default;

  /// `niou` with the frames that hold neither truth nor prediction counted as 0.
  std::optional<double> niou_zero() const { return Mean{niou.sum, frames}.value(); }
  /// True where so few false pixels were seen that fa is no estimate but a bound (kLeastFalseAlarmPx / pixels).
  bool fa_is_bound() const { return pooled.unmatched_px < kLeastFalseAlarmPx; }
  /// fa_seq in 1e-6 with two decimals, "7.97", or its bound, "< 0.03"; "-" without sequences.
  std::string FaText() const;
};

/// The mean SCR that parts the subsets.
inline constexpr double kLowScr = 3.0;

struct DetectionReport {
  std::string protocol = "P1";
  std::vector<SequenceScore> sequences;
  std::vector<SubsetScore> subsets;  ///< mscr_low, mscr_high, all; sequences of unknown SCR are in "all" only
};

DetectionReport Summarise(std::vector<SequenceScore> sequences);

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
/// score.
class RocCurve {
 public:
  static constexpr std::size_t kExactScores = std::size_t{1}
                                              << 25;  ///< 128 MiB; at most twice that before it is trimmed
  explicit RocCurve(std::size_t exact_scores = kExactScores) : exact_scores_(exact_scores) {}

  /// Adds a map of one frame; truth and ignore as in ScoreFrame. Throws kBadInput where shapes differ or a score is
  /// NaN.
  void Add(ImageView<const float> scores, const Mask& truth, const Mask* ignore = nullptr);
  /// All corners, from the highest threshold (nothing predicted) down: two for each distinct score of a truth pixel,
  /// between which the curve runs straight, and the end where everything is predicted.
  std::vector<RocPoint> Points();
  /// Area under the curve by trapezoids: the probability that a truth pixel scores above a background pixel, ties one
  /// half. No value without pixels of both kinds.
  std::optional<double> Auc();
  /// The least threshold t for which at most `rate` of all pixels are false with score > t; where that lies below the
  /// kept scores, the upper end of its bin. Throws kBadInput for a rate outside [0, 1] or without pixels.
  float ThresholdAtFalsePixelRate(double rate);
  std::int64_t truth_px() const { return static_cast<std::int64_t>(truth_.size()); }
  std::int64_t background_px() const { return static_cast<std::int64_t>(background_.size()) + counted_px_; }

 private:
  void Sort();
  void Trim();

  std::size_t exact_scores_;
  std::vector<float> truth_, background_;  // descending once sorted
  std::uint32_t floor_bin_ = 0;            // background scores of lower bins are in counts_ alone
  std::vector<std::int64_t> counts_;       // by bin, of the background; empty while all are kept
  std::int64_t counted_px_ = 0;            // their sum
  bool sorted_ = true;
};

}  // namespace mirst
