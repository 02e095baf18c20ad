// What an evaluation found, for every detector at every operating point, and its forms: a table for people, JSON, CSV.
// Counts stand beside every ratio, and the ids of the protocols beside all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/bootstrap.h"
#include "metrics/protocols.h"
#include "metrics/roc.h"
#include "metrics/target_scores.h"

namespace mirst {

struct ProtocolScore {
  std::string protocol;  ///< one of kProtocolIds
  ProtocolCounts pooled;
  Mean pd_seq, fa_seq;  ///< over sequences
  std::optional<Interval> pd_seq_interval, fa_seq_interval;
  std::optional<double> average_precision;  ///< of P4
};

/// The same predictions under every protocol, with the truth's masks by one convention.
struct ConventionScore {
  std::string mask_convention;
  SubsetScore all;
  std::vector<ProtocolScore> protocols;
  std::vector<FrameProtocols> by_sequence;  ///< sums, in the order of the report's sequences
};

/// P1 on frames that exist with and without their targets.
struct CausalPd {
  Ratio with_targets, without;  ///< found / targets, at the same truth
  std::optional<double> net() const;
};

struct OperatingPoint {
  std::string rule;  ///< how masks are made of scores, "score > 0", "score > half of the frame's maximum"
  std::optional<double> threshold;  ///< absent where it changes from frame to frame
  std::string origin;  ///< where it comes from: "checkpoint", "compatibility choice", "validation split", ...
  DetectionReport report;
  std::vector<ConventionScore> conventions;                 ///< the written masks first
  std::vector<std::pair<std::string, Interval>> intervals;  ///< of the scores of all sequences, by name
  std::vector<TargetRecord> targets;                        ///< annotated targets, under P1 and the written masks
  Ratio chance;                                             ///< ChancePd
  std::optional<CausalPd> causal;

  /// P1's pooled Fa of all sequences.
  Ratio fa() const { return report.subsets.back().pooled.fa(); }
  /// LeastScr at Pd 0.9; none where Fa exceeds 1e-6 here or no SCR reaches it.
  std::optional<double> least_scr() const;
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
  std::optional<double> pr_auc;        ///< likewise, precision over recall
  std::int64_t truth_px = 0, background_px = 0;
  std::vector<RocPoint> roc;
  std::vector<std::string> notes;
};

struct Evaluation {
  std::string folder, dataset_id, split, mask_convention;  ///< of the truth; empty where unknown
  std::int64_t sequences = 0, frames = 0;
  /// Thresholds were chosen here, for these Fa: pixels with score > threshold farther than 4 px from every target, as a
  /// share of all pixels of the split (P2's false pixels).
  std::string validation_split;
  std::int64_t validation_sequences = 0, validation_frames = 0;
  std::vector<double> validation_fa;
  std::vector<std::string> absent;  ///< what the data do not tell, and which scores are missing for it
  std::vector<DetectorScores> detectors;
};

/// Scores as sums by background source, by name: what intervals and paired comparisons are made of.
using NamedSums = std::vector<std::pair<std::string, std::vector<ClusterSum>>>;
/// P1: iou_pooled, iou_seq, niou, pd_pooled, pd_seq, fa_pooled, fa_seq.
NamedSums MetricSums(const std::vector<SequenceScore>& sequences);

/// What one protocol counted in one sequence.
struct SequenceCounts {
  std::string source;
  ProtocolCounts counts;
};
/// pd_pooled, pd_seq, fa_pooled, fa_seq.
NamedSums MetricSums(const std::vector<SequenceCounts>& sequences);

/// Several lines, 100 columns wide, no line break at the end.
std::string ScoresTable(const Evaluation& evaluation);
/// Indented JSON without a last line break (docs/formats.md); ROC points are in RocCsv alone.
std::string ScoresJson(const Evaluation& evaluation);
/// Pd target by target: by quantity with intervals, efficiency against the matched filter, then the surface.
std::string PdCsv(const DetectorScores& detector);
/// One row a sequence and operating point.
std::string ScoresCsv(const DetectorScores& detector);
/// One row a sequence, operating point, mask convention and protocol.
std::string ProtocolsCsv(const DetectorScores& detector);
/// threshold, true and false pixels, their shares; one row a corner.
std::string RocCsv(const DetectorScores& detector);

}  // namespace mirst
