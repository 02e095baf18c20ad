// Train, validation and test by background source: frames of one source never lie in two splits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mirst {

/// A split name for each of `sources` sources, drawn by `seed`: shares rounded to whole sources (largest remainder),
/// at least one source a split where shares are positive and sources suffice (train first, then test, then val).
std::vector<std::string> AssignSplits(int sources, double val_share, double test_share, std::uint64_t seed);

}  // namespace mirst
