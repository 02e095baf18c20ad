#include "metrics/two_sample.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "core/random.h"

namespace mirst {

std::vector<int> DealFolds(const std::vector<std::string>& groups, int folds, std::uint64_t seed) {
  const std::set<std::string> names(groups.begin(), groups.end());
  std::vector<std::string> order(names.begin(), names.end());
  RandomStream random({.seed = seed, .object = 1, .purpose = Purpose::kBootstrap});
  random.Shuffle(order);
  std::map<std::string, int> fold;
  for (std::size_t i = 0; i < order.size(); ++i) fold[order[i]] = static_cast<int>(i % static_cast<std::size_t>(folds));
  std::vector<int> result;
  for (const std::string& group : groups) result.push_back(fold.at(group));
  return result;
}

std::vector<int> HalveGroups(const std::vector<std::string>& groups, std::uint64_t seed) {
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  RandomStream random({.seed = seed, .object = 4, .purpose = Purpose::kBootstrap});
  random.Shuffle(order);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return groups[a] < groups[b]; });
  std::vector<int> halves(groups.size());
  for (std::size_t i = 0; i < order.size(); ++i) halves[order[i]] = static_cast<int>(i % 2);
  return halves;
}

GroupedPairs::GroupedPairs(const std::vector<ScoredCase>& cases) {
  std::set<std::string> names;
  for (const ScoredCase& c : cases) names.insert(c.group);
  groups_.assign(names.begin(), names.end());
  wins_.assign(groups_.size() * groups_.size(), 0);
  pairs_ = wins_;
  const auto place = [&](const std::string& name) {
    return static_cast<std::size_t>(std::lower_bound(groups_.begin(), groups_.end(), name) - groups_.begin());
  };
  for (const ScoredCase& positive : cases) {
    if (!positive.positive) continue;
    const std::size_t row = place(positive.group) * groups_.size();
    for (const ScoredCase& negative : cases) {
      if (negative.positive || negative.fold != positive.fold) continue;
      const std::size_t cell = row + place(negative.group);
      wins_[cell] += positive.score > negative.score ? 1 : positive.score == negative.score ? 0.5 : 0;
      pairs_[cell] += 1;
    }
  }
}

double GroupedPairs::Auc(const std::vector<double>& weights) const {
  double wins = 0, pairs = 0;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    for (std::size_t j = 0; j < groups_.size(); ++j) {
      wins += weights[i] * weights[j] * wins_[i * groups_.size() + j];
      pairs += weights[i] * weights[j] * pairs_[i * groups_.size() + j];
    }
  }
  return pairs > 0 ? wins / pairs : 0.5;
}

AucDifference CompareAucs(const GroupedPairs& across, const std::vector<GroupedPairs>& within) {
  const auto difference = [&](const auto& weight_of) {
    const auto auc = [&](const GroupedPairs& pairs) {
      std::vector<double> weights;
      for (const std::string& group : pairs.groups()) weights.push_back(weight_of(group));
      return pairs.Auc(weights);
    };
    double mean = 0;
    for (const GroupedPairs& pairs : within) mean += auc(pairs) / static_cast<double>(within.size());
    return std::pair{auc(across), mean};
  };
  AucDifference result;
  std::tie(result.across, result.within) = difference([](const std::string&) { return 1.0; });
  result.difference = result.across - result.within;

  const std::vector<std::string>& groups = across.groups();
  RandomStream random({.object = 2, .purpose = Purpose::kBootstrap});
  std::vector<double> values;
  for (int i = 0; i < kResamples; ++i) {
    std::map<std::string, double> drawn;
    for (std::size_t k = 0; k < groups.size(); ++k)
      drawn[groups[random.Integer(static_cast<std::uint32_t>(groups.size()))]] += 1;
    const auto [a, w] = difference([&](const std::string& group) {
      const auto it = drawn.find(group);
      return it == drawn.end() ? 0.0 : it->second;
    });
    values.push_back(a - w);
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  result.interval = {at(0.025), at(0.975), groups.size()};
  return result;
}

double KolmogorovSmirnov(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double distance = 0;
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= value) ++i;
    while (j < b.size() && b[j] <= value) ++j;
    distance = std::max(distance, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                           static_cast<double>(j) / static_cast<double>(b.size())));
  }
  return distance;
}

double KolmogorovSmirnovLimit(std::size_t a, std::size_t b) {
  const auto n = static_cast<double>(a), m = static_cast<double>(b);
  return 1.358 * std::sqrt((n + m) / (n * m));
}

}  // namespace mirst
