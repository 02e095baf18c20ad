// Scores of two detectors, as `mirst evaluate --out` wrote them, side by side.
#pragma once

#include <string>
#include <vector>

#include "metrics/score_tables.h"

namespace mirst {

struct ScoredDetector {
  std::string name;  ///< its id, "FOLDER:ID" where that would not tell two apart
  std::string dataset_id, split, mask_convention;

  struct Protocol {
    std::string masks, id;
    std::vector<SequenceCounts> sequences;
  };
  struct Point {
    std::string origin;
    std::vector<SequenceScore> sequences;
    std::vector<Protocol> protocols;  ///< by mask convention, the written one first; in the order of kProtocolIds
  };
  std::vector<Point> points;  ///< the paper protocol's first
};

/// `place` is FOLDER, for its first detector, or FOLDER:ID. Throws kBadInput: no scores there, no such detector, a
/// broken file.
ScoredDetector ReadScores(const std::string& place);

/// What is compared: every protocol over all sequences and P1 in every subset, or every protocol in every subset and
/// under every mask convention.
enum class CompareScope { kMain, kEverything };

/// Of the first operating points, and those of equal origin. Subsets are those of the sequences: all, mscr_low,
/// mscr_high, then by size, speed and class. Throws kBadInput where the two were scored on different data.
std::vector<Contrast> Contrasts(const ScoredDetector& a, const ScoredDetector& b, CompareScope scope);

}  // namespace mirst
