// Two data sets held against each other, whatever their layouts: sequences, frames, pixels, masks, boxes, ids, labels.
// Only what both layouts hold is compared; what that leaves out stands in `notes`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mirst {

struct DiffOptions {
  std::string from_a, from_b;  ///< layouts; empty: found out
  double tolerance = 0;        ///< counts by which pixels may differ
};

struct DiffReport {
  std::string layout_a, layout_b;
  std::int64_t frames = 0;  ///< compared
  std::int64_t pixels = 0, masks = 0, boxes = 0, ids = 0, classes = 0, ignored = 0,
               labels = 0;             ///< frames that differ in them
  double largest = 0;                  ///< difference of two pixels, counts
  std::string worst;                   ///< place of the worst difference; empty where all is equal
  std::vector<std::string> structure;  ///< sequences and frames that do not match
  std::vector<std::string> notes;      ///< what could not be compared, and how names were paired
  bool equal() const { return worst.empty() && structure.empty(); }
};

/// Sequences pair by name where both sets have the same names, else in natural order; frames by their place. Single
/// pictures are paired in natural order, train before val before test. Throws kBadInput as the readers.
DiffReport DiffSets(const std::filesystem::path& a, const std::filesystem::path& b, const DiffOptions& options);

}  // namespace mirst
