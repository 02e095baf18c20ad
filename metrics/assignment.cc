#include "metrics/assignment.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace mirst {

namespace {

/// On a matrix without empty rows or columns.
std::vector<int> MatchDense(const Image<double>& weights) {
  // A square problem of costs -weight, padded with zeros: what is left unmatched takes a padded or a zero edge.
  const auto n = static_cast<std::size_t>(std::max(weights.height(), weights.width()));
  const auto rows = static_cast<std::size_t>(weights.height()), columns = static_cast<std::size_t>(weights.width());
  const auto cost = [&](std::size_t row, std::size_t column) {
    return row < rows && column < columns ? -weights(static_cast<int>(row), static_cast<int>(column)) : 0.0;
  };
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  // Index n of the columns is where an augmenting path starts.
  std::vector<double> row_potential(n, 0), column_potential(n + 1, 0);
  std::vector<std::size_t> row_of(n + 1, n);
  for (std::size_t next = 0; next < n; ++next) {
    std::vector<double> distance(n, kInfinite);
    std::vector<std::size_t> before(n, n);
    std::vector<bool> settled(n + 1, false);
    std::size_t column = n;
    row_of[n] = next;
    while (row_of[column] != n) {
      settled[column] = true;
      const std::size_t row = row_of[column];
      std::size_t nearest = n;
      for (std::size_t j = 0; j < n; ++j) {
        if (settled[j]) continue;
        const double reduced = cost(row, j) - row_potential[row] - column_potential[j];
        if (reduced < distance[j]) distance[j] = reduced, before[j] = column;
        if (nearest == n || distance[j] < distance[nearest]) nearest = j;
      }
      const double step = distance[nearest];
      for (std::size_t j = 0; j <= n; ++j) {
        if (settled[j]) {
          row_potential[row_of[j]] += step;
          column_potential[j] -= step;
        } else {
          distance[j] -= step;
        }
      }
      column = nearest;
    }
    for (; column != n; column = before[column]) row_of[column] = row_of[before[column]];
    row_of[n] = n;
  }
  std::vector<int> match(rows, -1);
  for (std::size_t j = 0; j < columns; ++j) {
    if (row_of[j] < rows && cost(row_of[j], j) < 0) match[row_of[j]] = static_cast<int>(j);
  }
  return match;
}

}  // namespace

std::vector<int> HeaviestMatching(const Image<double>& weights) {
  // Rows and columns without an edge take no part: of a hundred false alarms few touch a target.
  std::vector<int> rows, columns;
  for (int r = 0; r < weights.height(); ++r) {
    if (std::any_of(weights.row(r), weights.row(r) + weights.width(), [](double w) { return w > 0; }))
      rows.push_back(r);
  }
  for (int c = 0; c < weights.width(); ++c) {
    if (std::any_of(rows.begin(), rows.end(), [&](int r) { return weights(r, c) > 0; })) columns.push_back(c);
  }
  Image<double> dense(static_cast<int>(rows.size()), static_cast<int>(columns.size()));
  for (int r = 0; r < dense.height(); ++r) {
    for (int c = 0; c < dense.width(); ++c)
      dense(r, c) = weights(rows[static_cast<std::size_t>(r)], columns[static_cast<std::size_t>(c)]);
  }
  std::vector<int> match(static_cast<std::size_t>(weights.height()), -1);
  const std::vector<int> found = MatchDense(dense);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (found[r] >= 0) match[static_cast<std::size_t>(rows[r])] = columns[static_cast<std::size_t>(found[r])];
  }
  return match;
}

}  // namespace mirst
