#include "generator/plan_report.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/config.h"
#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "datasets/compare_statistics.h"
#include "datasets/sample_store.h"
#include "generator/quota.h"

namespace mirst {
namespace {

AskedAndRealised Compare(const std::vector<double>& asked, const std::vector<double>& realised) {
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  if (asked.empty()) return {};
  return {mean(asked), mean(realised), WassersteinDistance(asked, realised)};
}

// The bin [edges[i], edges[i + 1]) that holds the value, -1 outside.
int BinOf(const std::vector<double>& edges, double value) {
  const auto above = std::upper_bound(edges.begin(), edges.end(), value);
  if (above == edges.begin() || above == edges.end()) return -1;
  return static_cast<int>(above - edges.begin()) - 1;
}

QuotaReport CountCells(const GenerateOptions& options, std::span<const TrackOutcome> outcomes) {
  QuotaReport report{options.quota.area_edges_px, options.quota.scr_edges, {}, {}, 0};
  report.asked.assign(report.area_edges_px.size() - 1, std::vector<int>(report.scr_edges.size() - 1));
  report.realised = report.asked;
  const auto count = [&](double area_px, double scr, std::vector<std::vector<int>>& counts) {
    const int area_bin = BinOf(report.area_edges_px, area_px), scr_bin = BinOf(report.scr_edges, scr);
    if (area_bin < 0 || scr_bin < 0) return false;
    ++counts[static_cast<std::size_t>(area_bin)][static_cast<std::size_t>(scr_bin)];
    return true;
  };
  for (const TrackOutcome& outcome : outcomes) {
    if (const auto& cell = outcome.request.cell) count(cell->area_px.first, cell->scr.first, report.asked);
    if (!count(outcome.measured.area_px, outcome.measured.scr, report.realised)) ++report.outside;
  }
  return report;
}

Association AssociateSources(std::span<const TrackOutcome> outcomes, const std::vector<double>& edges,
                             double MeasuredTrack::*value) {
  std::vector<std::string> sources;
  std::vector<int> bins;
  for (const TrackOutcome& outcome : outcomes) {
    sources.push_back(outcome.source);
    bins.push_back(BinOf(edges, outcome.measured.*value));
  }
  return Associate(sources, bins);
}

}  // namespace

int QuotaReport::Shortfall() const {
  int shortfall = 0;
  for (std::size_t a = 0; a < asked.size(); ++a) {
    for (std::size_t s = 0; s < asked[a].size(); ++s) shortfall += std::max(0, asked[a][s] - realised[a][s]);
  }
  return shortfall;
}

PlanReport ReportPlan(const GenerateOptions& options, std::span<const TrackOutcome> outcomes, int sequences) {
  PlanReport report;
  report.sequences = sequences;
  report.targets = static_cast<int>(outcomes.size());
  std::vector<double> areas, scrs, speeds, asked_areas, asked_scrs, asked_speeds;
  for (const TrackOutcome& outcome : outcomes) {
    const MeasuredTrack& measured = outcome.measured;
    areas.push_back(measured.area_px);
    asked_areas.push_back(outcome.request.area_px);
    if (outcome.request.scr > 0) {
      scrs.push_back(measured.scr);
      asked_scrs.push_back(outcome.request.scr);
    }
    if (outcome.is_px_speed) {
      speeds.push_back(measured.speed_px_per_frame);
      asked_speeds.push_back(outcome.request.speed_px_per_frame);
    }
    report.labels += measured.frames;
    report.flagged += measured.flagged;
    for (const auto& [name, frames] : measured.flags) report.flags[name] += frames;
    if (outcome.lowered) ++report.lowered;
  }
  report.area_px = Compare(asked_areas, areas);
  if (!scrs.empty()) report.scr = Compare(asked_scrs, scrs);
  if (!speeds.empty()) report.speed_px_per_frame = Compare(asked_speeds, speeds);
  const bool has_quota = options.quota.enabled();
  if (has_quota) report.quota = CountCells(options, outcomes);
  report.source_scr =
      AssociateSources(outcomes, has_quota ? options.quota.scr_edges : ScrBinEdges(), &MeasuredTrack::scr);
  report.source_area =
      AssociateSources(outcomes, has_quota ? options.quota.area_edges_px : AreaBinEdges(), &MeasuredTrack::area_px);
  return report;
}

PlanReport ReportPlan(const std::filesystem::path& data_set) {
  const SampleStoreReader reader(data_set);
  const Manifest& manifest = reader.manifest();
  const auto options =
      ReadOptions<GenerateOptions>(ConfigTree::FromText(manifest.config_json, "the manifest's config"));
  std::vector<std::vector<TrackOutcome>> outcomes(manifest.sequences.size());
  ParallelFor(outcomes.size(), [&](std::size_t i) {
    const ManifestSequence& sequence = manifest.sequences[i];
    outcomes[i] = OutcomesOf(sequence, MeasureTracks(reader.ReadAnnotations(sequence)));
  });
  std::vector<TrackOutcome> all;
  for (auto& of_sequence : outcomes) std::move(of_sequence.begin(), of_sequence.end(), std::back_inserter(all));
  return ReportPlan(options, all, static_cast<int>(outcomes.size()));
}

PlanReport WritePlanReport(const std::filesystem::path& data_set) {
  PlanReport report = ReportPlan(data_set);
  WriteFileAtomically(data_set / "plan.json", ToJson(report) + "\n");
  return report;
}

}  // namespace mirst
