// Can two kinds of cases be told apart? The area under the ROC curve (AUC) of held-out scores, cases of one video kept
// together, with the bounds that resampled videos give.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "metrics/bootstrap.h"

namespace mirst {

/// Fold of each group, 0 ... folds - 1: the groups in an order drawn by `seed`, dealt out in turn. Same order as
/// `groups`, whose names may repeat.
std::vector<int> DealFolds(const std::vector<std::string>& groups, int folds, std::uint64_t seed);

/// 0 or 1 for each case: within each group the cases are halved by a draw of `seed`, odd ones left over dealt in turn.
std::vector<int> HalveGroups(const std::vector<std::string>& groups, std::uint64_t seed);

/// A case with the score that a classifier trained without its fold gave it.
struct ScoredCase {
  std::string group;  ///< video
  int fold = 0;
  bool positive = false;
  double score = 0;
};

/// Pairs of a positive and a negative case of one fold (scores of different folds come from different classifiers),
/// ties one half, summed by the groups of both.
class GroupedPairs {
 public:
  explicit GroupedPairs(const std::vector<ScoredCase>& cases);
  const std::vector<std::string>& groups() const { return groups_; }  ///< sorted, unique
  /// AUC with each group counted `weights` times (in the order of groups()); 0.5 where no pair is left.
  double Auc(const std::vector<double>& weights) const;
  double Auc() const { return Auc(std::vector<double>(groups_.size(), 1)); }

 private:
  std::vector<std::string> groups_;
  std::vector<double> wins_, pairs_;  // groups x groups, positive first
};

struct AucDifference {
  double across = 0;      ///< AUC(real, synthetic)
  double within = 0;      ///< AUC(real, real), mean over the given divisions
  double difference = 0;  ///< across - within
  Interval interval;      ///< 95 %, of the difference, over resampled groups
};

/// `within` are divisions of the real cases into two, each scored for itself; a resample counts a group alike in all.
AucDifference CompareAucs(const GroupedPairs& across, const std::vector<GroupedPairs>& within);

/// Two-sample Kolmogorov-Smirnov distance, and its critical value at 95 % (asymptotic, 1.358 sqrt((n + m) / (n m))).
double KolmogorovSmirnov(std::vector<double> a, std::vector<double> b);
double KolmogorovSmirnovLimit(std::size_t a, std::size_t b);

}  // namespace mirst
