#include "datasets/compare_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/json.h"
#include "datasets/texture.h"

namespace mirst {
namespace {

constexpr int kOverlapBins = 32;

/// Name and values of every quantity that the set knows, by a fixed order of the names.
std::vector<std::pair<std::string, std::vector<double>>> QuantitiesOf(const DataSetStatistics& set) {
  std::vector<std::pair<std::string, std::vector<double>>> quantities;
  const auto of_targets = [&](const std::string& name,
                              const std::function<std::optional<double>(const TargetStatistics&)>& field) {
    std::vector<double> values;
    for (const TargetStatistics& target : set.targets) {
      if (const std::optional<double> value = field(target)) values.push_back(*value);
    }
    quantities.emplace_back(name, std::move(values));
  };
  const auto of_sequences = [&](const std::string& name,
                                const std::function<std::optional<double>(const SequenceStatistics&)>& field) {
    std::vector<double> values;
    for (const SequenceStatistics& sequence : set.sequences) {
      if (const std::optional<double> value = field(sequence)) values.push_back(*value);
    }
    quantities.emplace_back(name, std::move(values));
  };
  of_targets("area_px", [](const TargetStatistics& t) { return t.area_px; });
  of_targets("image_share", [](const TargetStatistics& t) { return t.image_share; });
  std::set<std::string> ids;
  for (const TargetStatistics& target : set.targets) {
    for (const auto& [id, scr] : target.scr) ids.insert(id);
  }
  for (const std::string& id : ids) {
    of_targets("scr_" + id, [&](const TargetStatistics& t) {
      const auto found = t.scr.find(id);
      return found == t.scr.end() ? std::nullopt : std::optional(found->second);
    });
  }
  of_targets("scr_empty", [](const TargetStatistics& t) { return t.scr_empty; });
  of_targets("scr_delta", [](const TargetStatistics& t) { return t.scr_delta; });
  of_targets("speed_px_per_frame", [](const TargetStatistics& t) { return t.speed_px_per_frame; });
  of_targets("polarity", [](const TargetStatistics& t) { return t.polarity; });
  std::map<std::pair<std::size_t, int>, double> in_frame;
  for (const TargetStatistics& t : set.targets) in_frame[{t.sequence, t.frame_index}] += 1;
  std::vector<double> targets_a_frame;
  for (const auto& [frame, count] : in_frame) targets_a_frame.push_back(count);
  quantities.emplace_back("targets_a_frame", std::move(targets_a_frame));
  quantities.emplace_back("track_frames", TrackLengths(set, ""));
  of_sequences("mscr_present", [](const SequenceStatistics& s) { return s.mscr_present; });
  of_sequences("entropy_bits", [](const SequenceStatistics& s) { return s.entropy_bits; });
  of_sequences("spectral_slope", [](const SequenceStatistics& s) {
    return s.spectrum.empty() ? std::nullopt : std::optional(SpectralSlope(s.spectrum));
  });
  return quantities;
}

void RequireValues(std::size_t a, std::size_t b) {
  if (a == 0 || b == 0) throw InternalError("a distance between distributions, one of which is empty");
}

std::vector<double> Pooled(std::span<const double> a, std::span<const double> b) {
  std::vector<double> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

Json ToJson(const Distribution& d) {
  return {{"count", d.count}, {"mean", d.mean},     {"standard_deviation", d.standard_deviation},
          {"p5", d.p5},       {"median", d.median}, {"p95", d.p95}};
}

}  // namespace

double WassersteinDistance(std::vector<double> a, std::vector<double> b) {
  RequireValues(a.size(), b.size());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double distance = 0, before = std::min(a.front(), b.front());
  for (std::size_t i = 0, k = 0; i < a.size() || k < b.size();) {
    const double next = k == b.size() || (i < a.size() && a[i] <= b[k]) ? a[i] : b[k];
    const double f = static_cast<double>(i) / static_cast<double>(a.size());
    const double g = static_cast<double>(k) / static_cast<double>(b.size());
    distance += std::abs(f - g) * (next - before);
    before = next;
    while (i < a.size() && a[i] == next) ++i;
    while (k < b.size() && b[k] == next) ++k;
  }
  return distance;
}

double HistogramOverlap(std::span<const double> a, std::span<const double> b) {
  RequireValues(a.size(), b.size());
  std::vector<double> all = Pooled(a, b);
  std::sort(all.begin(), all.end());
  const double low = Percentile(all, 1), high = Percentile(all, 99);
  const auto bin_of = [&](double value) {
    if (low == high) return value < low ? 0 : value > high ? 2 : 1;
    return std::clamp(static_cast<int>(kOverlapBins * (value - low) / (high - low)), 0, kOverlapBins - 1);
  };
  const auto shares = [&](std::span<const double> values) {
    std::array<double, kOverlapBins> share{};
    for (const double value : values)
      share[static_cast<std::size_t>(bin_of(value))] += 1 / static_cast<double>(values.size());
    return share;
  };
  const auto share_a = shares(a), share_b = shares(b);
  double overlap = 0;
  for (std::size_t i = 0; i < share_a.size(); ++i) overlap += std::min(share_a[i], share_b[i]);
  return std::min(1.0, overlap);
}

std::vector<QuantityComparison> CompareSets(const DataSetStatistics& a, const DataSetStatistics& b) {
  const auto of_b = QuantitiesOf(b);
  std::vector<QuantityComparison> comparisons;
  for (const auto& [name, values_a] : QuantitiesOf(a)) {
    const std::string& wanted = name;
    const auto found =
        std::find_if(of_b.begin(), of_b.end(), [&](const auto& quantity) { return quantity.first == wanted; });
    if (found == of_b.end() || values_a.empty() || found->second.empty()) continue;
    const std::vector<double>& values_b = found->second;
    QuantityComparison comparison{name, Describe(values_a), Describe(values_b), 0, 0, 0};
    comparison.distance = WassersteinDistance(values_a, values_b);
    const double deviation = Describe(Pooled(values_a, values_b)).standard_deviation;
    if (deviation > 0) comparison.in_deviations = comparison.distance / deviation;
    comparison.overlap = HistogramOverlap(values_a, values_b);
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

std::string ComparisonJson(const DataSetStatistics& a, const DataSetStatistics& b,
                           std::span<const QuantityComparison> quantities) {
  Json list = Json::array();
  for (const QuantityComparison& q : quantities) {
    list.push_back({{"quantity", q.name},
                    {"a", ToJson(q.a)},
                    {"b", ToJson(q.b)},
                    {"wasserstein", q.distance},
                    {"wasserstein_in_deviations", q.in_deviations},
                    {"overlap", q.overlap}});
  }
  return Dump({{"schema_version", 1}, {"a", a.folder}, {"b", b.folder}, {"quantities", list}}, 1);
}

std::string ComparisonCsv(std::span<const QuantityComparison> quantities) {
  std::string csv =
      "quantity,count_a,mean_a,median_a,count_b,mean_b,median_b,wasserstein,wasserstein_in_deviations,overlap\n";
  for (const QuantityComparison& q : quantities) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", q.name, q.a.count, q.a.mean, q.a.median, q.b.count, q.b.mean,
                       q.b.median, q.distance, q.in_deviations, q.overlap);
  }
  return csv;
}

}  // namespace mirst
