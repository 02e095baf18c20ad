#include "generator/quota.h"

#include <algorithm>
#include <cmath>
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

// Rounds of one cell a source, each from a narrow band of the SCR. From round to round a source moves through the sizes
// by the golden ratio of all ranks, which spreads them evenly for any number of rounds. One round may be short, at a
// random place of the deck, and comes last.
std::vector<Cell> Deal(const std::vector<Cell>& deck, std::size_t sources, RandomStream& random) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  const std::size_t rest = deck.size() % sources, full = deck.size() / sources;
  const std::size_t short_round = rest == 0 ? full : random.Integer(static_cast<std::uint32_t>(full + 1));
  const auto turn = random.Integer(static_cast<std::uint32_t>(sources));
  std::vector<std::vector<Cell>> rounds;
  std::vector<Cell> last;
  std::size_t first = 0;
  for (std::size_t r = 0; first < deck.size(); ++r) {
    const std::size_t size = r == short_round ? rest : sources;
    std::vector<Cell> round(deck.begin() + static_cast<std::ptrdiff_t>(first),
                            deck.begin() + static_cast<std::ptrdiff_t>(first + size));
    first += size;
    std::stable_sort(round.begin(), round.end(), [](Cell a, Cell b) { return a.area_bin < b.area_bin; });
    const auto shift = static_cast<std::size_t>(kGoldenRatio * static_cast<double>(r * size)) + turn;
    std::rotate(round.begin(), round.begin() + static_cast<std::ptrdiff_t>(shift % size), round.end());
    (r == short_round ? last : rounds.emplace_back()) = std::move(round);
  }
  random.Shuffle(rounds);
  std::vector<Cell> dealt;
  for (const std::vector<Cell>& round : rounds) dealt.insert(dealt.end(), round.begin(), round.end());
  dealt.insert(dealt.end(), last.begin(), last.end());
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
