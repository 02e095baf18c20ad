#include "generator/quota.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "core/error.h"

namespace mirst {
namespace {

struct Cell {
  std::size_t area_bin, scr_bin;
};

// What a law gives each bin.
std::vector<double> SharesOf(const SamplingLaw& law, const std::vector<double>& edges) {
  std::vector<double> shares;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i)
    shares.push_back(law.ShareBelow(edges[i + 1]) - law.ShareBelow(edges[i]));
  return shares;
}

// All cells, as often as their quotas say, by rising SCR; within an SCR bin the areas alternate evenly.
std::vector<Cell> DeckOf(const std::vector<std::vector<int>>& counts) {
  std::vector<Cell> deck;
  for (std::size_t scr_bin = 0; scr_bin < counts.front().size(); ++scr_bin) {
    std::vector<std::tuple<double, std::size_t>> places;
    for (std::size_t area_bin = 0; area_bin < counts.size(); ++area_bin) {
      const int count = counts[area_bin][scr_bin];
      for (int i = 0; i < count; ++i) places.emplace_back((i + 0.5) / count, area_bin);
    }
    std::sort(places.begin(), places.end());
    for (const auto& [place, area_bin] : places) deck.push_back({area_bin, scr_bin});
  }
  return deck;
}

// Rounds of one cell a source, each from a narrow band of the SCR. In a round, the cells of an area bin (rare ones
// first) go to the sources that had fewest of it so far. One round may be short, from a random place of the deck; it
// comes last.
std::vector<Cell> Deal(const std::vector<Cell>& deck, std::size_t sources, RandomStream& random) {
  const std::size_t rest = deck.size() % sources, full = deck.size() / sources;
  const std::size_t short_round = rest == 0 ? full : random.Integer(static_cast<std::uint32_t>(full + 1));
  std::vector<std::vector<Cell>> rounds;
  std::vector<Cell> last;
  auto next = deck.begin();
  for (std::size_t r = 0; next != deck.end(); ++r) {
    const auto end = next + static_cast<std::ptrdiff_t>(r == short_round ? rest : sources);
    (r == short_round ? last : rounds.emplace_back()).assign(next, end);
    next = end;
  }
  random.Shuffle(rounds);
  if (!last.empty()) rounds.push_back(std::move(last));

  std::map<std::size_t, int> in_deck;
  for (const Cell& cell : deck) ++in_deck[cell.area_bin];
  std::map<std::pair<std::size_t, std::size_t>, int> given;  // (area bin, source)
  std::vector<Cell> dealt;
  for (std::vector<Cell>& round : rounds) {
    std::stable_sort(round.begin(), round.end(), [&](const Cell& a, const Cell& b) {
      return std::pair(in_deck[a.area_bin], a.area_bin) < std::pair(in_deck[b.area_bin], b.area_bin);
    });
    std::vector<std::size_t> waiting(round.size());
    std::iota(waiting.begin(), waiting.end(), std::size_t{0});
    random.Shuffle(waiting);
    const std::size_t first = dealt.size();
    dealt.resize(first + round.size());
    for (const Cell& cell : round) {
      const auto source = std::min_element(waiting.begin(), waiting.end(), [&](std::size_t a, std::size_t b) {
        return given[{cell.area_bin, a}] < given[{cell.area_bin, b}];
      });
      dealt[first + *source] = cell;
      ++given[{cell.area_bin, *source}];
      waiting.erase(source);
    }
  }
  return dealt;
}

// A value of the law within [low, high).
double ValueWithin(const SamplingLaw& law, SamplingLaw::Kind otherwise, double low, double high, double u) {
  const double below = law.ShareBelow(low), above = law.ShareBelow(high);
  constexpr double kLeastShare = 1e-9;
  const double value = above - below > kLeastShare ? law.Quantile(below + u * (above - below))
                                                   : SamplingLaw(low, high).As(otherwise).Quantile(u);
  return std::clamp(std::floor(value * 1e6 + 0.5) / 1e6, low, high - 1e-6);
}

std::pair<double, double> BinOf(const std::vector<double>& edges, std::size_t bin) {
  return {edges[bin], edges[bin + 1]};
}

}  // namespace

std::vector<int> LargestRemainder(std::span<const double> weights, int total) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int> counts;
  std::vector<std::pair<double, std::size_t>> remainders;
  int left = total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double share = weights[i] / sum * total;
    counts.push_back(static_cast<int>(share));
    remainders.emplace_back(-(share - counts.back()), i);
    left -= counts.back();
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; left > 0; ++i, --left) ++counts[remainders[i % remainders.size()].second];
  return counts;
}

std::vector<std::vector<int>> QuotaCounts(const GenerateOptions& options, int targets) {
  const QuotaOptions& quota = options.quota;
  const auto marginal = [](const std::vector<double>& weights, const SamplingLaw& law,
                           const std::vector<double>& edges) {
    return weights.empty() ? SharesOf(law, edges) : weights;
  };
  const std::vector<double> of_area = marginal(quota.area_weights, options.AreaLaw(), quota.area_edges_px);
  const std::vector<double> of_scr = marginal(quota.scr_weights, options.ScrLaw(), quota.scr_edges);
  std::vector<double> weights;
  for (std::size_t a = 0; a < of_area.size(); ++a) {
    for (std::size_t s = 0; s < of_scr.size(); ++s)
      weights.push_back(quota.weights.empty() ? of_area[a] * of_scr[s] : quota.weights[a][s]);
  }
  if (std::none_of(weights.begin(), weights.end(), [](double weight) { return weight > 0; }))
    throw UsageError("quota: target.area_px and scr.range give none of its cells any weight");
  const std::vector<int> flat = LargestRemainder(weights, targets);
  std::vector<std::vector<int>> counts;
  for (std::size_t a = 0; a < of_area.size(); ++a) {
    const auto row = flat.begin() + static_cast<std::ptrdiff_t>(a * of_scr.size());
    counts.emplace_back(row, row + static_cast<std::ptrdiff_t>(of_scr.size()));
  }
  return counts;
}

void AssignCells(const GenerateOptions& options, int sources, std::vector<SequenceRequest>& requests) {
  if (!options.quota.enabled()) return;
  std::vector<TargetRequest*> targets;  // first targets of all sequences, then second ones ...
  std::size_t most = 0;
  for (const SequenceRequest& request : requests) most = std::max(most, request.targets.size());
  for (std::size_t slot = 0; slot < most; ++slot) {
    for (SequenceRequest& request : requests) {
      if (slot < request.targets.size()) targets.push_back(&request.targets[slot]);
    }
  }
  constexpr std::uint16_t kDeal = 1000, kAreas = 1001, kScrs = 1002;  // beyond the objects of DrawRequests
  const RandomKey key{.seed = options.seed, .object = kDeal, .purpose = Purpose::kScenario};
  RandomStream random(key);
  const auto counts = QuotaCounts(options, static_cast<int>(targets.size()));
  const std::vector<Cell> cells = Deal(DeckOf(counts), static_cast<std::size_t>(sources), random);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i]->cell = QuotaCell{BinOf(options.quota.area_edges_px, cells[i].area_bin),
                                 BinOf(options.quota.scr_edges, cells[i].scr_bin)};
  }

  // Within a bin, the targets of all cells share one stratification.
  const auto stratify = [&](std::size_t bins, auto bin_of, auto set_value, std::uint16_t object) {
    for (std::size_t bin = 0; bin < bins; ++bin) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (bin_of(cells[i]) == bin) members.push_back(i);
      }
      const auto strata = LatinStrata(static_cast<int>(members.size()),
                                      key.WithObject(object).WithFrame(static_cast<std::uint32_t>(bin)));
      for (std::size_t m = 0; m < members.size(); ++m) set_value(*targets[members[m]], strata[m]);
    }
  };
  const SamplingLaw areas = options.AreaLaw(), scrs = options.ScrLaw();
  stratify(
      counts.size(), [](Cell cell) { return cell.area_bin; },
      [&](TargetRequest& target, double u) {
        const auto [low, high] = target.cell->area_px;
        target.area_px = ValueWithin(areas, SamplingLaw::Kind::kLogUniform, low, high, u);
      },
      kAreas);
  stratify(
      counts.front().size(), [](Cell cell) { return cell.scr_bin; },
      [&](TargetRequest& target, double u) {
        const auto [low, high] = target.cell->scr;
        target.scr = ValueWithin(scrs, SamplingLaw::Kind::kUniform, low, high, u);
      },
      kScrs);
}

}  // namespace mirst
