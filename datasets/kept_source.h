// A source whose decoded frames stay in memory, as far as they fit: planning and writing a data set read the same
// frames several times, and several sequences share a source.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "datasets/sequence_source.h"

namespace mirst {

/// Bytes that all sources together may still keep.
using FrameBudget = std::atomic<std::int64_t>;

/// Reads as `source` does and keeps what it has read, 2 bytes a pixel, until `budget` is used up; nothing is given up
/// again for later frames. Frames must hold counts of 16 bits at most.
std::unique_ptr<SequenceSource> KeepFrames(std::unique_ptr<SequenceSource> source, std::shared_ptr<FrameBudget> budget);

}  // namespace mirst
