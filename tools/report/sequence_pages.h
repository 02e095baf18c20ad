// The files of one sequence in a report: display copies of its frames in strips, its labels and detections frame by
// frame as a script, and a card for the contact sheet.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/labelled_set.h"
#include "datasets/statistics.h"
#include "tools/report/results.h"

namespace mirst {

/// Frames one above the other in a JPEG of this many at most, and of at most this height.
inline constexpr int kStripFrames = 16, kStripHeightPx = 8192;
/// False alarms of a detector that are drawn in a frame; all are counted.
inline constexpr std::size_t kDrawnFalseAlarms = 200;

struct SequencePages {
  SequenceStatistics statistics;
  std::vector<TargetStatistics> targets;  ///< in the order of their frames
  std::vector<int> targets_in_frame;      ///< of each frame
  std::string entry_json;                 ///< its row in the table of sequences
};

/// Measures the sequence and writes frames.js, strip_00.jpg ..., card.jpg and (where it shows a target) target.png into
/// `folder`, which exists; `key` is what frames.js calls itself. A sequence has one stretch (StretchFinder), of eight
/// of its frames; of single pictures each has its own, and its own size and strip. Holds a strip a thread and the
/// labels of the sequence. Throws kBadInput: a file is missing or corrupt, labels and pixels disagree, the frames of a
/// sequence differ in size.
SequencePages WriteSequencePages(const LabelledSet& set, const ManifestSequence& sequence,
                                 const std::vector<PredictedMasks>& predictions, const std::string& key,
                                 const std::filesystem::path& folder);

}  // namespace mirst
