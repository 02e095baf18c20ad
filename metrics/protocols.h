// The other protocols beside P1 (docs/metrics.md): P1-legacy, P2 (shooting rule), P3 (optimal assignment), P4 (boxes),
// P5 (loose boxes). Counts of one frame; sums and ratios are the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/detection.h"

namespace mirst {

enum class Protocol { kP1, kP1Legacy, kP2, kP3, kP4, kP5 };
inline constexpr std::array<std::string_view, 6> kProtocolIds = {"P1", "P1-legacy", "P2", "P3", "P4", "P5"};

/// Whole or broken pixels, covering [x - 0.5, x + width - 0.5) and likewise in y; (x, y) is the centre of the upper
/// left pixel of a box of whole pixels.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  friend bool operator==(const Box&, const Box&) = default;
  double area() const { return width * height; }
  Vec2 centre() const { return {x + (width - 1) / 2, y + (height - 1) / 2}; }
  bool Contains(Vec2 p) const {
    return p.x >= x - 0.5 && p.x < x + width - 0.5 && p.y >= y - 0.5 && p.y < y + height - 0.5;
  }
};
Box BoxOf(const PixelBox& box);
/// Intersection over union of the areas; 0 where both are empty.
double Iou(const Box& a, const Box& b);

/// What a protocol sees of a component or of a detector's box (a box detector's object has its box's centre as centroid
/// and its box's area).
struct DetectedObject {
  Box box;
  Vec2 centroid;
  double area_px = 0;
  double score = 1;
};
DetectedObject ObjectOf(const Box& box, double score);
/// `score` = the largest of `scores` within each component; 1 without scores.
std::vector<DetectedObject> ObjectsOf(const Labelling& labelling, const Image<float>* scores = nullptr);

struct ProtocolCounts {
  std::int64_t frames = 0;
  std::int64_t pixels = 0;                              ///< that count
  std::int64_t targets = 0, hits = 0;                   ///< hits: targets found
  std::int64_t predictions = 0, false_predictions = 0;  ///< objects; of P2, which knows pixels only, pixels
  std::int64_t false_px = 0;                            ///< by the protocol's own rule
  ProtocolCounts& operator+=(const ProtocolCounts& other);
  friend bool operator==(const ProtocolCounts&, const ProtocolCounts&) = default;

  Ratio pd() const { return {hits, targets}; }
  Ratio fa() const { return {false_px, pixels}; }
  /// Each hit is one true prediction: not so under P2, whose predictions are pixels.
  Ratio precision() const { return {hits, hits + false_predictions}; }
  Ratio false_per_frame() const { return {false_predictions, frames}; }
  /// 2 TP / (2 TP + FP + FN)
  std::optional<double> f1() const;
};

// The other matches; P1's is MatchByCentroid of matching.h.
/// P5: each box in order takes the first unused prediction whose centroid lies inside.
std::vector<int> MatchInBoxes(const std::vector<Box>& boxes, const std::vector<DetectedObject>& predictions);
/// P3: the assignment of greatest total IoU among pairs that overlap; then, among what is left, that of greatest total
/// 3 px - centroid distance. `iou` has shape (targets, predictions).
std::vector<int> MatchOptimally(const std::vector<DetectedObject>& targets,
                                const std::vector<DetectedObject>& predictions, const Image<double>& iou);
/// P4: predictions by falling score (equal ones in order) take the unused target of greatest IoU from 0.5 on.
std::vector<int> MatchBoxes(const std::vector<Box>& targets, const std::vector<DetectedObject>& predictions);
inline constexpr double kBoxIou = 0.5;

/// Counts of one frame from a match: false_px is the area of the unmatched predictions, rounded as a sum.
ProtocolCounts CountMatch(const std::vector<int>& match, const std::vector<DetectedObject>& predictions,
                          std::int64_t pixels);
/// The published defect: a prediction is false only if its area differs from that of every matched one in the frame.
ProtocolCounts CountLegacy(const std::vector<int>& match, const std::vector<DetectedObject>& predictions,
                           std::int64_t pixels);

/// P2: a target is hit where a predicted pixel lies within 1 row and column of one of its own; predicted pixels farther
/// than 4 rows or columns from all truth are false. Windows end at the border. `predicted` holds the pixels with score
/// >= threshold.
ProtocolCounts ScoreShooting(const Mask& predicted, const Mask& truth, const Mask* ignore = nullptr);
inline constexpr int kShootingHitPx = 1, kShootingFalsePx = 4;

using FrameProtocols = std::array<ProtocolCounts, kProtocolIds.size()>;
/// All protocols on one frame; P2 on the frame's own masks (score > threshold) unless `inclusive` gives the pixels with
/// score >= threshold. `predictions` are ObjectsOf(frame.predictions). `loose_boxes`, for P5: the truth's own, or the
/// targets' boxes where there are none.
FrameProtocols ScoreProtocols(const CountedFrame& frame, const std::vector<DetectedObject>& predictions,
                              const Mask* inclusive = nullptr, const std::vector<Box>* loose_boxes = nullptr,
                              const Mask* ignore = nullptr);
/// The same for a detector of boxes; P2, which needs pixels, stays without targets.
FrameProtocols ScoreBoxes(const std::vector<DetectedObject>& targets, const std::vector<DetectedObject>& predictions,
                          std::int64_t pixels, const std::vector<Box>* loose_boxes = nullptr);

/// P4's area under precision over recall, both envelope and recall exact (every point, PASCAL VOC 2010), boxes at IoU
/// 0.5. Equal scores come in together, so the order of frames changes nothing.
class AveragePrecision {
 public:
  void Add(const std::vector<Box>& targets, const std::vector<DetectedObject>& predictions);
  /// No value without targets.
  std::optional<double> value() const;

 private:
  std::int64_t targets_ = 0;
  std::vector<std::pair<double, bool>> found_;  // score, is true
};

}  // namespace mirst
