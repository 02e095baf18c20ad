// Train, validation and test by background source: frames of one source never lie in two splits; where models are held
// out, no model does either.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mirst {

/// A split name for each of `sources` sources, drawn by `seed`: shares rounded to whole sources (largest remainder),
/// at least one source a split where shares are positive and sources suffice (train first, then test, then val).
std::vector<std::string> AssignSplits(int sources, double val_share, double test_share, std::uint64_t seed);

/// The same for models, drawn on its own: one split name for each. Throws kBadInput when a split of `source_splits`
/// would have no model.
std::vector<std::string> AssignModelSplits(int models, const std::vector<std::string>& source_splits, double val_share,
                                           double test_share, std::uint64_t seed);

/// The `place`-th of n equally frequent models, among those of `split` alone, about as often each.
int ModelOfSplit(const std::vector<std::string>& model_splits, const std::string& split, int place);

}  // namespace mirst
