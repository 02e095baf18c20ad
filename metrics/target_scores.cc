#include "metrics/target_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <tuple>

namespace mirst {
namespace {

constexpr double kNoEnd = std::numeric_limits<double>::infinity();
constexpr std::array kScrEdges = {0.0, 1.0, 2.0, 3.0, 5.0, 8.0, kNoEnd};
constexpr std::array kAreaEdges = {1.0, 5.0, 10.0, 26.0, 82.0, kNoEnd};
constexpr std::array kSpeedEdges = {0.0, 0.5, 1.0, 2.0, 4.0, kNoEnd};
constexpr std::array kDprimeEdges = {0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, kNoEnd};

/// Index of the bin, or none below the first edge.
std::optional<std::size_t> BinOf(std::span<const double> edges, std::optional<double> value) {
  if (!value || !(*value >= edges.front())) return std::nullopt;
  return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end() - 1, *value) - edges.begin()) - 1;
}

std::string Label(std::span<const double> edges, std::size_t bin) {
  return edges[bin + 1] == kNoEnd ? fmt::format(">= {:g}", edges[bin])
                                  : fmt::format("[{:g}, {:g})", edges[bin], edges[bin + 1]);
}

PdBin Bin(std::string quantity, std::string label, const std::vector<const TargetRecord*>& targets) {
  PdBin bin{std::move(quantity), std::move(label), {0, std::ssize(targets)}, {}, 0};
  std::vector<ClusterSum> sums;
  for (const TargetRecord* target : targets) {
    bin.pd.numerator += target->hit;
    sums.push_back({target->source, target->hit ? 1.0 : 0.0, 1});
  }
  bin.interval = BootstrapRatio(sums);
  return bin;
}

void AddBins(std::vector<PdBin>& bins, const std::vector<TargetRecord>& targets, const char* quantity,
             std::span<const double> edges, std::optional<double> TargetRecord::*value) {
  std::map<std::size_t, std::vector<const TargetRecord*>> members;
  for (const TargetRecord& target : targets) {
    if (const auto bin = BinOf(edges, target.*value)) members[*bin].push_back(&target);
  }
  for (const auto& [index, in_bin] : members) {
    bins.push_back(Bin(quantity, Label(edges, index), in_bin));
    double sum = 0;
    for (const TargetRecord* target : in_bin) sum += *(target->*value);
    bins.back().mean = sum / static_cast<double>(in_bin.size());
  }
}

double Squared(Vec2 offset) { return offset.x * offset.x + offset.y * offset.y; }

}  // namespace

std::vector<PdBin> PdByQuantity(const std::vector<TargetRecord>& targets) {
  std::vector<PdBin> bins;
  AddBins(bins, targets, "scr", kScrEdges, &TargetRecord::scr);
  AddBins(bins, targets, "area_px", kAreaEdges, &TargetRecord::area_px);
  AddBins(bins, targets, "speed_px", kSpeedEdges, &TargetRecord::speed_px);
  AddBins(bins, targets, "dprime", kDprimeEdges, &TargetRecord::dprime);
  std::map<std::string, std::vector<const TargetRecord*>> classes;
  for (const TargetRecord& target : targets) {
    if (!target.class_name.empty()) classes[target.class_name].push_back(&target);
  }
  for (const auto& [name, members] : classes) bins.push_back(Bin("class", name, members));
  return bins;
}

std::vector<std::string> GroupsOf(std::optional<double> area_px, std::optional<double> speed_px,
                                  const std::string& class_name) {
  std::vector<std::string> groups;
  if (const auto bin = BinOf(kAreaEdges, area_px)) groups.push_back("area_px " + Label(kAreaEdges, *bin));
  if (const auto bin = BinOf(kSpeedEdges, speed_px)) groups.push_back("speed_px " + Label(kSpeedEdges, *bin));
  if (!class_name.empty()) groups.push_back("class " + class_name);
  return groups;
}

std::vector<SurfaceCell> PdSurface(const std::vector<TargetRecord>& targets) {
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, Ratio> cells;
  for (const TargetRecord& target : targets) {
    const auto scr = BinOf(kScrEdges, target.scr), area = BinOf(kAreaEdges, target.area_px),
               speed = BinOf(kSpeedEdges, target.speed_px);
    if (!scr || !area || !speed) continue;
    Ratio& pd = cells[{*scr, *area, *speed}];
    pd.numerator += target.hit;
    ++pd.denominator;
  }
  std::vector<SurfaceCell> surface;
  for (const auto& [bins, pd] : cells) {
    surface.push_back({Label(kScrEdges, std::get<0>(bins)), Label(kAreaEdges, std::get<1>(bins)),
                       Label(kSpeedEdges, std::get<2>(bins)), pd});
  }
  return surface;
}

std::optional<double> LeastScr(const std::vector<TargetRecord>& targets, double pd) {
  std::map<double, Ratio> by_scr;  // equal SCR stay together
  for (const TargetRecord& target : targets) {
    if (!target.scr) continue;
    Ratio& hits = by_scr[*target.scr];
    hits.numerator += target.hit;
    ++hits.denominator;
  }
  struct Block {
    double least_scr;
    Ratio hits;
  };
  std::vector<Block> blocks;
  for (const auto& [scr, hits] : by_scr) {
    blocks.push_back({scr, hits});
    const auto falls = [](const Ratio& a, const Ratio& b) {
      return a.numerator * b.denominator >= b.numerator * a.denominator;
    };
    while (blocks.size() > 1 && falls(blocks[blocks.size() - 2].hits, blocks.back().hits)) {
      blocks[blocks.size() - 2].hits.numerator += blocks.back().hits.numerator;
      blocks[blocks.size() - 2].hits.denominator += blocks.back().hits.denominator;
      blocks.pop_back();
    }
  }
  for (const Block& block : blocks) {
    if (*block.hits.value() >= pd) return block.least_scr;
  }
  return std::nullopt;
}

std::optional<double> Efficiency(const Ratio& pd, double fa, double dprime) {
  const std::optional<double> found = pd.value();
  if (!found || *found <= 0 || *found >= 1 || !(fa > 0 && fa < 1) || !(dprime > 0)) return std::nullopt;
  const double reached = NormalQuantile(*found) - NormalQuantile(fa);
  return reached <= 0 ? 0 : (reached / dprime) * (reached / dprime);
}

Ratio ChancePd(const CountedFrame& frame, const Mask* ignore, RandomStream& random) {
  constexpr double kApartPx = 2 * kMatchDistancePx;
  constexpr int kTries = 100;
  std::vector<Component> moved;
  for (const Component& target : frame.targets.components) {
    const auto columns = static_cast<std::uint32_t>(frame.targets.width - target.box.width + 1),
               rows = static_cast<std::uint32_t>(frame.targets.height - target.box.height + 1);
    for (int i = 0; i < kTries; ++i) {
      Component candidate = target;
      candidate.box.x = static_cast<int>(random.Integer(columns));
      candidate.box.y = static_cast<int>(random.Integer(rows));
      candidate.centroid = target.centroid + Vec2{static_cast<double>(candidate.box.x - target.box.x),
                                                  static_cast<double>(candidate.box.y - target.box.y)};
      const auto& targets = frame.targets.components;
      bool free = std::none_of(targets.begin(), targets.end(), [&](const Component& truth) {
        return Squared(candidate.centroid - truth.centroid) < kApartPx * kApartPx;
      });
      for (int y = candidate.box.y; ignore != nullptr && free && y < candidate.box.bottom(); ++y) {
        const std::uint8_t* const row = ignore->row(y);
        free = std::none_of(row + candidate.box.x, row + candidate.box.right(), [](int value) { return value > 127; });
      }
      if (!free) continue;
      moved.push_back(candidate);
      break;
    }
  }
  const std::vector<int> match = MatchByCentroid(moved, frame.predictions.components);
  return {std::ssize(match) - std::count(match.begin(), match.end(), kUnmatched), std::ssize(match)};
}

}  // namespace mirst
