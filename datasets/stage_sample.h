// The files of one sequence in the native layout, written into a folder of their own. Internal to sample_store.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/sample.h"
#include "datasets/sequence_journal.h"

namespace mirst {

/// Throws kInternal unless the sample keeps the invariants that its files rely on: plain names, one size and depth,
/// indices in order, binary masks, an instance mask where a frame has several targets.
void CheckSample(const Sample& sample);

/// Writes `staging`/<kind>/<frame> and `staging`/annotations.jsonl; returns their hashes by their final paths. Throws
/// kBadInput, kInternal (counts that are none), and leaves what is there to the caller.
std::map<std::string, FileHashes> StageSample(const Sample& sample, const std::filesystem::path& staging);

}  // namespace mirst
