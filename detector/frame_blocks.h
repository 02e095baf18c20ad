// The frames of a truth set with their score maps, block by block: files are read, and sequences looked at, beside each
// other, and what is held at once does not grow with the set.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "core/progress.h"
#include "datasets/truth_set.h"
#include "detector/frame_scores.h"
#include "detector/map_source.h"

namespace mirst {

/// One frame to be scored.
struct ScoredFrame {
  std::size_t sequence = 0, frame = 0;  ///< of the truth set
  TruthImages truth;                    ///< without counts
  Image<float> scores;
  std::vector<FrameResult> results;  ///< the visitor's own
};

/// On one of several threads; no two at once have one `worker`, which is less than ThreadCount().
using LookAtFrame = std::function<void(ScoredFrame&, std::size_t worker)>;

/// Takes all frames in their order, a few to a thread at a time: calls look(frame, worker) for those of a block in any
/// order, then finish(block). A block may hold the end of one sequence and whole others. `maps` looks at the sequences
/// of a block beside each other where it can. Throws kBadInput naming sequence and frame: a map of another size than
/// its truth, and what the readers and `look` throw.
void ForBlocks(const TruthSet& truth, MapSource& maps, Progress& progress, const LookAtFrame& look,
               const std::function<void(std::vector<ScoredFrame>&)>& finish);

}  // namespace mirst
