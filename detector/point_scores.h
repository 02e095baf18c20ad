// What one operating point of a detector gathers, frame by frame: sums by sequence under every protocol and mask
// convention, and the fate of each annotated target.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "datasets/truth_set.h"
#include "detector/evaluation.h"
#include "detector/frame_scores.h"
#include "metrics/scores.h"

namespace mirst {

/// True where every frame is there without its targets too.
bool HasPairs(const TruthSequence& sequence);

class PointScores {
 public:
  /// `conventions`: ids of mask conventions, in the order of FrameResult::conventions.
  PointScores(const MaskRule& rule, const std::vector<std::string>& conventions);

  /// Frames in their order: frame 0 begins a sequence.
  void Add(const TruthSequence& sequence, std::size_t frame, const FrameResult& result);
  /// For the causal Pd: a frame of a sequence with pairs, and the same frame without its targets.
  void AddWithTargets(const FrameScore& score);
  void AddWithout(const FrameScore& score);

  OperatingPoint Finish();

 private:
  struct Convention {
    std::string id;
    std::vector<SequenceScore> sequences;
    std::vector<FrameProtocols> by_sequence;
    AveragePrecision precision;
  };

  void Begin(const TruthSequence& sequence);
  static ConventionScore ScoreOf(const Convention& convention);

  MaskRule rule_;
  std::vector<Convention> conventions_;
  std::vector<TargetRecord> targets_;
  Ratio chance_;
  std::optional<CausalPd> causal_;
};

}  // namespace mirst
