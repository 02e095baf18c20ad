// Intervals by cluster bootstrap: whole background sources are drawn with replacement, because sequences of one source,
// and frames of one sequence, are no independent cases. Percentile intervals, 95 %, fixed random numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mirst {

/// Below this number of clusters no interval is given: it would be too narrow to mean what it says.
inline constexpr std::size_t kLeastClusters = 8;
inline constexpr int kResamples = 2000;

/// What one cluster adds to a ratio of sums. A mean over sequences is one too: the sum of values over their number.
struct ClusterSum {
  std::string cluster;
  double numerator = 0, denominator = 0;
};

struct Interval {
  double low = 0, high = 0;
  std::size_t clusters = 0;
};

/// Of (sum of numerators) / (sum of denominators) over resampled clusters; entries of one cluster name stay together.
/// None below kLeastClusters clusters with a denominator, or where a name is empty (unknown). Resamples whose
/// denominators sum to 0 are left out.
std::optional<Interval> BootstrapRatio(const std::vector<ClusterSum>& sums);

/// Of the difference ratio(b) - ratio(a), both on the same resampled clusters (paired). `a` and `b` have the same
/// entries in the same order; throws kInternal otherwise.
std::optional<Interval> BootstrapDifference(const std::vector<ClusterSum>& a, const std::vector<ClusterSum>& b);

}  // namespace mirst
