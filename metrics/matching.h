// Which prediction each target takes when targets choose in order: the greedy rules of P1 (centroids) and P5 (boxes). A
// match holds, of each target, the index of its prediction or kUnmatched.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/geometry.h"

namespace mirst {

/// Protocol P1: a target is found when the centroid of a predicted component lies less than this far from its own.
inline constexpr double kMatchDistancePx = 3.0;
inline constexpr int kUnmatched = -1;

inline double Distance(Vec2 a, Vec2 b) { return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)); }

/// Each target takes the first unused prediction for which fits(target, prediction).
template <class Target, class Prediction, class Fits>
std::vector<int> MatchFirst(const std::vector<Target>& targets, const std::vector<Prediction>& predictions,
                            const Fits& fits) {
  std::vector<int> match(targets.size(), kUnmatched);
  std::vector<bool> used(predictions.size());
  for (std::size_t t = 0; t < targets.size(); ++t) {
    for (std::size_t p = 0; p < predictions.size(); ++p) {
      if (used[p] || !fits(targets[t], predictions[p])) continue;
      used[p] = true;
      match[t] = static_cast<int>(p);
      break;
    }
  }
  return match;
}

/// P1, among anything that has a `centroid`.
template <class Target, class Prediction>
std::vector<int> MatchByCentroid(const std::vector<Target>& targets, const std::vector<Prediction>& predictions) {
  return MatchFirst(targets, predictions, [](const Target& target, const Prediction& prediction) {
    return Distance(prediction.centroid, target.centroid) < kMatchDistancePx;
  });
}

/// Which of so many predictions a match uses.
inline std::vector<bool> UsedBy(const std::vector<int>& match, std::size_t predictions) {
  std::vector<bool> used(predictions);
  for (const int taken : match) {
    if (taken != kUnmatched) used[static_cast<std::size_t>(taken)] = true;
  }
  return used;
}

}  // namespace mirst
