#include "datasets/distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "core/error.h"

namespace mirst {

double MeanOf(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double Percentile(std::span<const double> sorted, double percent) {
  if (sorted.empty() || !(percent >= 0 && percent <= 100))
    throw InternalError("percentile of no values, or outside 0..100");
  const double rank = static_cast<double>(sorted.size() - 1) * percent / 100.0;
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Distribution Describe(std::vector<double> values) {
  Distribution d;
  if (values.empty()) return d;
  std::sort(values.begin(), values.end());
  d.count = std::ssize(values);
  d.mean = MeanOf(values);
  double squares = 0;
  for (const double value : values) squares += (value - d.mean) * (value - d.mean);
  d.standard_deviation = std::sqrt(squares / static_cast<double>(values.size()));
  d.min = values.front();
  d.p5 = Percentile(values, 5);
  d.p25 = Percentile(values, 25);
  d.median = Percentile(values, 50);
  d.p75 = Percentile(values, 75);
  d.p95 = Percentile(values, 95);
  d.p99 = Percentile(values, 99);
  d.max = values.back();
  return d;
}

int BinOf(double value, const std::vector<double>& edges) {
  return static_cast<int>(std::upper_bound(edges.begin(), edges.end(), value) - edges.begin()) - 1;
}

Histogram CountInBins(std::span<const double> values, std::vector<double> edges) {
  if (edges.empty() || std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end()) {
    throw InternalError("the edges of a histogram must rise");
  }
  Histogram histogram{std::move(edges), {}};
  histogram.counts.assign(histogram.edges.size(), 0);
  for (const double value : values) {
    if (!(value >= histogram.edges.front())) {
      throw InternalError(fmt::format("{} lies below the histogram's first edge {}", value, histogram.edges.front()));
    }
    ++histogram.counts[static_cast<std::size_t>(BinOf(value, histogram.edges))];
  }
  return histogram;
}

Association Associate(std::span<const std::string> rows, std::span<const int> columns) {
  std::map<std::string, double> row_sum;
  std::map<int, double> column_sum;
  std::map<std::pair<std::string, int>, double> cell;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    row_sum[rows[i]] += 1;
    column_sum[columns[i]] += 1;
    cell[{rows[i], columns[i]}] += 1;
  }
  Association association;
  association.items = std::ssize(rows);
  const auto n = static_cast<double>(rows.size());
  const auto r = static_cast<double>(row_sum.size()), c = static_cast<double>(column_sum.size());
  if (std::min(r, c) < 2) return association;
  // chi^2 / n = sum over the filled cells of n_ij^2 / (n_i n_j) - 1.
  double phi2 = -1;
  for (const auto& [key, count] : cell) phi2 += count * count / (row_sum[key.first] * column_sum[key.second]);
  phi2 = std::max(0.0, phi2);
  association.cramers_v = std::sqrt(phi2 / (std::min(r, c) - 1));
  const double rows_left = r - 1 - (r - 1) * (r - 1) / (n - 1), columns_left = c - 1 - (c - 1) * (c - 1) / (n - 1);
  const double least = std::min(rows_left, columns_left);
  if (least > 0) {
    association.cramers_v_corrected =
        std::min(1.0, std::sqrt(std::max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1)) / least));
  }
  return association;
}

}  // namespace mirst
