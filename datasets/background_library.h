// A catalogue of inspected backgrounds: which sources are fit for `generate`, and where they hold real targets. A JSON
// file that people edit: who has looked at a source's suspects deletes those that are none and sets "reviewed": true.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "datasets/inspection.h"
#include "datasets/sequence_source.h"

namespace mirst {

enum class SuspectsAre {
  kOpen,     ///< a source with suspects waits for its review
  kTargets,  ///< taken for real targets without one: all of them are ignored
};

/// Paths are relative to `folder`, where the catalogue is going to lie. Indented JSON without a last line break.
std::string LibraryJson(std::span<const Inspection> inspections, const std::filesystem::path& folder,
                        SuspectsAre suspects);

/// The sources that are fit, and those to review that were reviewed; their suspects are known targets of the class
/// "suspect", also in the frames between two boxes of one suspect. The others are left out, those that wait for a
/// review with a warning. Throws kBadInput: no catalogue, a source that is missing or whose frames have changed since
/// it was inspected, no source left.
std::vector<std::unique_ptr<SequenceSource>> OpenLibrary(const std::filesystem::path& file);

}  // namespace mirst
