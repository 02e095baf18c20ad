#include "metrics/components.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace mirst {
namespace {

/// Union-find on provisional labels; the root is always the smallest, so roots keep raster order.
class LabelSets {
 public:
  std::size_t Add() {
    parents_.push_back(parents_.size());
    return parents_.back();
  }
  std::size_t Root(std::size_t label) {
    while (parents_[label] != label) {
      parents_[label] = parents_[parents_[label]];
      label = parents_[label];
    }
    return label;
  }
  void Join(std::size_t a, std::size_t b) {
    a = Root(a);
    b = Root(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }
  std::size_t size() const { return parents_.size(); }

 private:
  std::vector<std::size_t> parents_;
};

/// Calls visit(x) for the pixels of row y to be labelled, in rising order; targets are rare, so eight empty ones go at
/// once.
template <class Visit>
void ForInside(const Mask& mask, const Mask* ignore, int y, const Visit& visit) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kAbove127 = 0x8080808080808080U;
  const std::uint8_t* const row = mask.row(y);
  const auto inside = [&](int x) { return row[x] > 127 && (ignore == nullptr || (*ignore)(y, x) <= 127); };
  const int width = mask.width();
  int x = 0;
  for (; x + 8 <= width; x += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, row + x, sizeof(word));
    if ((word & kAbove127) == 0) continue;
    for (int i = x; i < x + 8; ++i) {
      if (inside(i)) visit(i);
    }
  }
  for (; x < width; ++x) {
    if (inside(x)) visit(x);
  }
}

std::vector<PixelRun> FindRuns(const Mask& mask, const Mask* ignore) {
  std::vector<PixelRun> runs;
  for (int y = 0; y < mask.height(); ++y) {
    const std::size_t before = runs.size();
    ForInside(mask, ignore, y, [&](int x) {
      if (runs.size() > before && runs.back().end == x)
        ++runs.back().end;
      else
        runs.push_back({y, x, x + 1, 0});
    });
  }
  return runs;
}

/// Gives each run the provisional label of those that it touches in the row above.
LabelSets Connect(std::vector<PixelRun>& runs) {
  LabelSets sets;
  std::size_t above = 0;  // the first run that may touch the present one
  for (PixelRun& run : runs) {
    const auto passed = [&](const PixelRun& old) {
      return old.y < run.y - 1 || (old.y == run.y - 1 && old.end < run.first);
    };
    while (passed(runs[above])) ++above;
    bool labelled = false;
    for (std::size_t i = above; runs[i].y == run.y - 1 && runs[i].first <= run.end; ++i) {
      if (labelled)
        sets.Join(run.component, runs[i].component);
      else
        run.component = runs[i].component;
      labelled = true;
    }
    if (!labelled) run.component = sets.Add();
  }
  return sets;
}

}  // namespace

Labelling LabelComponents(const Mask& mask, const Mask* ignore) {
  Labelling result{mask.height(), mask.width(), FindRuns(mask, ignore), {}};
  LabelSets sets = Connect(result.runs);
  std::vector<std::size_t> index(sets.size(), sets.size());
  std::vector<std::pair<std::int64_t, std::int64_t>> sums;  // of x and y, exact
  for (PixelRun& run : result.runs) {
    std::size_t& component = index[sets.Root(run.component)];
    if (component == sets.size()) {
      component = result.components.size();
      result.components.emplace_back();
      sums.emplace_back(0, 0);
    }
    run.component = component;
    const std::int64_t pixels = run.end - run.first;
    result.components[component].area_px += pixels;
    PixelBox& box = result.components[component].box;
    box = Enclose(box, {run.first, run.y, run.end - run.first, 1});
    sums[component].first += pixels * (run.first + run.end - 1) / 2;  // whole: one of the factors is even
    sums[component].second += pixels * run.y;
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double area = static_cast<double>(result.components[i].area_px);
    result.components[i].centroid = {static_cast<double>(sums[i].first) / area,
                                     static_cast<double>(sums[i].second) / area};
  }
  return result;
}

Image<std::int32_t> Labelling::Labels() const {
  Image<std::int32_t> labels(height, width);
  for (const PixelRun& run : runs)
    std::fill(labels.row(run.y) + run.first, labels.row(run.y) + run.end, static_cast<std::int32_t>(run.component) + 1);
  return labels;
}

std::span<const PixelRun> Labelling::RunsOfRows(int first, int end) const {
  const auto above = [](const PixelRun& run, int y) { return run.y < y; };
  const auto from = std::lower_bound(runs.begin(), runs.end(), first, above);
  return {from, std::lower_bound(from, runs.end(), end, above)};
}

void ForOverlaps(const Labelling& a, const Labelling& b,
                 const std::function<void(std::size_t, std::size_t, std::int64_t)>& visit) {
  const auto ends_before = [](const PixelRun& run, const PixelRun& other) {
    return run.y < other.y || (run.y == other.y && run.end <= other.end);
  };
  for (auto p = a.runs.begin(), q = b.runs.begin(); p != a.runs.end() && q != b.runs.end();) {
    const int shared = p->y == q->y ? std::min(p->end, q->end) - std::max(p->first, q->first) : 0;
    if (shared > 0) visit(p->component, q->component, shared);
    ends_before(*p, *q) ? ++p : ++q;
  }
}

}  // namespace mirst
