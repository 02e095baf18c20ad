// What an evaluation found, for every detector at every operating point, and its forms: a table for people, JSON, CSV.
// Counts stand beside every ratio, and the ids of the protocols beside all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/detection.h"

namespace mirst {

struct OperatingPoint {
  std::string rule;  ///< how masks are made of scores, "score > 0", "score > half of the frame's maximum"
  std::optional<double> threshold;  ///< absent where it changes from frame to frame
  std::string origin;  ///< where it comes from: "checkpoint", "compatibility choice", "validation split", ...
  DetectionReport report;
};

/// What a trained detector had seen.
struct TrainingRecord {
  std::string weights, dataset_id, git_revision;
  std::int64_t steps = 0;
  std::int64_t samples_seen = 0;
};

struct DetectorScores {
  std::string id;  ///< unique within an evaluation
  std::optional<TrainingRecord> training;
  std::vector<OperatingPoint> points;  ///< the first is the paper protocol's
  std::optional<double> auc;           ///< of pixels, over the scores themselves
  std::int64_t truth_px = 0, background_px = 0;
  std::vector<RocPoint> roc;
  std::vector<std::string> notes;
};

struct Evaluation {
  std::string folder, dataset_id, split, mask_convention;  ///< of the truth; empty where unknown
  std::int64_t sequences = 0, frames = 0;
  /// Thresholds were chosen here: pixels with score > threshold that hit no target, as a share of all pixels of the
  /// split.
  std::string validation_split;
  std::int64_t validation_sequences = 0, validation_frames = 0;
  double validation_false_px_rate = 0;
  std::vector<DetectorScores> detectors;
};

/// Several lines, 100 columns wide, no line break at the end.
std::string ScoresTable(const Evaluation& evaluation);
/// Indented JSON without a last line break (docs/formats.md); ROC points are in RocCsv alone.
std::string ScoresJson(const Evaluation& evaluation);
/// One row a sequence and operating point.
std::string ScoresCsv(const DetectorScores& detector);
/// threshold, true and false pixels, their shares; one row a corner.
std::string RocCsv(const DetectorScores& detector);

}  // namespace mirst
