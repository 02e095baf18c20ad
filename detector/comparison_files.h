// Scores of two detectors, as `mirst evaluate --out` wrote them, side by side.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "metrics/score_tables.h"

namespace mirst {

struct ScoredDetector {
  std::string name;  ///< its id, "FOLDER:ID" where that would not tell two apart
  std::string dataset_id, split, mask_convention;
  /// By the origin of the operating point, the paper protocol's first.
  std::vector<std::pair<std::string, std::vector<SequenceScore>>> points;
};

/// `place` is FOLDER, for its first detector, or FOLDER:ID. Throws kBadInput: no scores there, no such detector, a
/// broken file.
ScoredDetector ReadScores(const std::string& place);

/// The first operating points, and those of equal origin. Throws kBadInput where the two were scored on different data.
std::vector<Contrast> Contrasts(const ScoredDetector& a, const ScoredDetector& b);

}  // namespace mirst
