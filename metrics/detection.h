// Detection scores of binary masks against truth (docs/metrics.md): IoU, Pd and Fa by protocol P1.
// Counts are collected frame by frame, summed over sequences, and only then divided; the counts stay beside every
// ratio.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "metrics/components.h"
#include "metrics/matching.h"

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

/// The components of a frame without its ignored pixels, and what P1 makes of them.
struct CountedFrame {
  Labelling predictions, targets;
  std::vector<int> match;  ///< of each target the index of its prediction, or kUnmatched
  FrameScore score;
};
/// Arguments and faults as ScoreFrame.
CountedFrame CountFrame(const Mask& prediction, const Mask& truth, const Mask* ignore = nullptr);

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

/// A frame counts as found in `dr_frames` when its IoU exceeds this.
inline constexpr double kFrameIou = 0.5;

/// One sequence, frame by frame.
struct SequenceScore {
  std::string name;
  std::optional<double> mean_scr;        ///< mscr_present: over the frames with a target; absent where unknown
  std::string source = {};               ///< of its background, the cluster of intervals; empty where unknown
  std::vector<std::string> groups = {};  ///< "class boat", "area_px [1, 5)": further subsets that it belongs to
  std::int64_t frames = 0;
  FrameScore total;
  Mean frame_iou;                 ///< over the frames that hold truth or prediction
  std::int64_t frames_found = 0;  ///< frames with IoU > kFrameIou

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
  std::int64_t frames_found = 0;
  Mean pd_seq;
  Mean fa_seq;
  Mean fa_px_seq;
  friend bool operator==(const SubsetScore&, const SubsetScore&) = default;

  /// The published "DR" of RDIAN: the share of all frames whose IoU exceeds kFrameIou; a frame without truth and
  /// prediction is not found.
  Ratio dr_frames() const { return {frames_found, frames}; }
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
  std::vector<SubsetScore> groups;   ///< by the sequences' groups, in the order of their names
};

SubsetScore SummariseSubset(std::string id, const std::vector<const SequenceScore*>& sequences);
DetectionReport Summarise(std::vector<SequenceScore> sequences);

}  // namespace mirst
