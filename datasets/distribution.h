// Numbers that describe many: percentiles, moments, histograms, the association of two labels.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mirst {

/// 0 of no values.
double MeanOf(std::span<const double> values);

/// The p-th percentile, 0 <= p <= 100, of sorted, non-empty values: linear between the ranks, value (n - 1) p / 100
/// counted from 0 (the default of numpy). Throws kInternal otherwise.
double Percentile(std::span<const double> sorted, double percent);

/// All 0 where count is 0.
struct Distribution {
  std::int64_t count = 0;
  double mean = 0, standard_deviation = 0;  ///< of the population
  double min = 0, p5 = 0, p25 = 0, median = 0, p75 = 0, p95 = 0, p99 = 0, max = 0;
};
Distribution Describe(std::vector<double> values);

/// counts[i] values lie in [edges[i], edges[i + 1]), the last bin is open above.
struct Histogram {
  std::vector<double> edges;
  std::vector<std::int64_t> counts;
};
/// The bin that holds a value from the first edge on.
int BinOf(double value, const std::vector<double>& edges);
/// Throws kInternal: no edges, edges that do not rise, a value below the first edge or not a number.
Histogram CountInBins(std::span<const double> values, std::vector<double> edges);

/// Association of two labels over the same items, 0..1; absent where it is not defined (one label only, or as many
/// labels as items).
struct Association {
  std::int64_t items = 0;
  std::optional<double> cramers_v;            ///< sqrt(chi^2 / (n min(r - 1, c - 1)))
  std::optional<double> cramers_v_corrected;  ///< less what chance alone gives (Bergsma 2013)
};
Association Associate(std::span<const std::string> rows, std::span<const int> columns);

}  // namespace mirst
