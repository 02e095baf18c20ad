#include "metrics/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/random.h"

namespace mirst {
namespace {

/// Numerator and denominator of a, then of b.
using Sums = std::array<double, 4>;

std::optional<Interval> Percentiles(std::vector<double> values, std::size_t clusters) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  // Linear between order statistics.
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const double rest = place - static_cast<double>(below);
    return values[below] + rest * (values[std::min(below + 1, values.size() - 1)] - values[below]);
  };
  return Interval{at(0.025), at(0.975), clusters};
}

template <class Statistic>
std::optional<Interval> Bootstrap(const std::map<std::string, Sums>& by_cluster, const Statistic& statistic) {
  if (by_cluster.size() < kLeastClusters || by_cluster.contains("")) return std::nullopt;
  std::vector<Sums> clusters;
  for (const auto& [name, sums] : by_cluster) clusters.push_back(sums);
  const auto count = static_cast<std::uint32_t>(clusters.size());
  RandomStream random({.seed = 0, .purpose = Purpose::kBootstrap});
  std::vector<double> values;
  for (int i = 0; i < kResamples; ++i) {
    Sums total{};
    for (std::uint32_t k = 0; k < count; ++k) {
      const Sums& drawn = clusters[random.Integer(count)];
      for (std::size_t j = 0; j < total.size(); ++j) total[j] += drawn[j];
    }
    if (const std::optional<double> value = statistic(total)) values.push_back(*value);
  }
  return Percentiles(std::move(values), clusters.size());
}

}  // namespace

std::optional<Interval> BootstrapRatio(const std::vector<ClusterSum>& sums) {
  std::map<std::string, Sums> by_cluster;
  for (const ClusterSum& sum : sums) {
    if (sum.denominator == 0) continue;
    by_cluster[sum.cluster][0] += sum.numerator;
    by_cluster[sum.cluster][1] += sum.denominator;
  }
  return Bootstrap(by_cluster, [](const Sums& total) { return std::optional(total[0] / total[1]); });
}

std::optional<Interval> BootstrapDifference(const std::vector<ClusterSum>& a, const std::vector<ClusterSum>& b) {
  if (a.size() != b.size()) throw InternalError("a paired bootstrap of lists of different length");
  std::map<std::string, Sums> by_cluster;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].cluster != b[i].cluster) throw InternalError("a paired bootstrap of different clusters");
    if (a[i].denominator == 0 && b[i].denominator == 0) continue;
    Sums& sums = by_cluster[a[i].cluster];
    sums[0] += a[i].numerator;
    sums[1] += a[i].denominator;
    sums[2] += b[i].numerator;
    sums[3] += b[i].denominator;
  }
  return Bootstrap(by_cluster, [](const Sums& total) {
    return total[1] == 0 || total[3] == 0 ? std::nullopt : std::optional(total[2] / total[3] - total[0] / total[1]);
  });
}

}  // namespace mirst
