// Tracks of targets that no annotation names (statistics.h).
#include <algorithm>
#include <cmath>
#include <tuple>

#include "datasets/statistics.h"

namespace mirst {
namespace {

double Distance(const TargetStatistics& a, const TargetStatistics& b) {
  return std::hypot(a.centroid_xy.x - b.centroid_xy.x, a.centroid_xy.y - b.centroid_xy.y);
}

double Gate(const TargetStatistics& target) {
  return std::max(kLinkGatePx, 2.0 * std::max(target.box.width, target.box.height));
}

std::span<TargetStatistics> FrameAt(std::span<TargetStatistics> targets, std::size_t first) {
  std::size_t end = first;
  while (end < targets.size() && targets[end].frame_index == targets[first].frame_index) ++end;
  return targets.subspan(first, end - first);
}

/// Gives targets of `frame` the ids of their nearest predecessors, the closest pair first.
void Continue(std::span<TargetStatistics> before, std::span<TargetStatistics> frame) {
  std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < before.size(); ++i) {
    for (std::size_t k = 0; k < frame.size(); ++k) {
      const double distance = Distance(before[i], frame[k]);
      if (before[i].polarity == frame[k].polarity && distance <= Gate(before[i])) pairs.emplace_back(distance, i, k);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<bool> is_taken(before.size(), false);
  for (const auto& [distance, i, k] : pairs) {
    if (is_taken[i] || frame[k].id != 0) continue;
    is_taken[i] = true;
    frame[k].id = before[i].id;
    frame[k].speed_px_per_frame = distance;
    if (!before[i].speed_px_per_frame) before[i].speed_px_per_frame = distance;
  }
}

}  // namespace

void LinkTargets(std::span<TargetStatistics> targets) {
  for (TargetStatistics& target : targets) {
    target.id = 0;
    target.speed_px_per_frame.reset();
  }
  int last_id = 0;
  std::span<TargetStatistics> before;
  for (std::size_t first = 0; first < targets.size();) {
    const std::span<TargetStatistics> frame = FrameAt(targets, first);
    if (!before.empty() && before.front().frame_index + 1 == frame.front().frame_index) Continue(before, frame);
    for (TargetStatistics& target : frame) {
      if (target.id == 0) target.id = ++last_id;
    }
    before = frame;
    first += frame.size();
  }
}

}  // namespace mirst
