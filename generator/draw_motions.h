// What the plan of a data set asks of each target's motion: its model by the mix, entry and exit by their shares, speed
// in metres a second, or a path from a file.
#pragma once

#include <vector>

#include "generator/scenario.h"

namespace mirst {

/// Fills the motion of requests whose other fields are drawn: each quantity stratified over the sequences, of the first
/// targets, the second ones and so on. Throws kBadInput: a file of track.file that is malformed, or with another number
/// of ids than the sequence has targets.
void DrawMotions(const GenerateOptions& options, std::vector<SequenceRequest>& requests);

}  // namespace mirst
