// What was asked of a data set and what came of it: quotas filled, distances between the laws and the measured values,
// flags, and whether backgrounds and SCR or size go together. plan.json of a data set, and the result of a dry run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/statistics.h"
#include "generator/options.h"
#include "generator/track_outcome.h"

namespace mirst {

/// A quantity over all targets: means, and Wasserstein's distance between what was asked for and what was measured, in
/// the quantity's unit.
struct AskedAndRealised {
  double asked = 0, realised = 0, wasserstein = 0;
};

/// Counts of targets, [area bin][SCR bin].
struct QuotaReport {
  std::vector<double> area_edges_px, scr_edges;
  std::vector<std::vector<int>> asked, realised;
  int outside = 0;  ///< targets beyond all edges

  /// Targets that cells lack, over all of them; 0: every bin holds exactly its quota.
  int Shortfall() const;
};

struct PlanReport {
  int sequences = 0;                 ///< that can be made
  std::vector<std::string> refused;  ///< why each of the others cannot
  int targets = 0, lowered = 0;
  std::int64_t labels = 0;                    ///< targets in frames
  std::int64_t flagged = 0;                   ///< labels with any flag but "quantised"
  std::map<std::string, std::int64_t> flags;  ///< name -> labels
  AskedAndRealised area_px;
  std::optional<AskedAndRealised> scr;                 ///< where it was asked for (not in scr.mode: contrast)
  std::optional<AskedAndRealised> speed_px_per_frame;  ///< of the targets whose speed was asked for in this unit
  std::optional<QuotaReport> quota;
  /// Of a target's background source with the bin of its SCR and of its area: the quota's bins, or those of mirst
  /// stats.
  Association source_scr, source_area;
};

PlanReport ReportPlan(const GenerateOptions& options, std::span<const TrackOutcome> outcomes, int sequences);

/// Of a written data set of `mirst generate`, from its manifest and annotations. Throws kBadInput.
PlanReport ReportPlan(const std::filesystem::path& data_set);

/// Writes ReportPlan(data_set) to its plan.json.
PlanReport WritePlanReport(const std::filesystem::path& data_set);

/// Indented JSON without a last line break.
std::string ToJson(const PlanReport& report);
/// For people: some lines and the table of the quota, without a last line break.
std::string ToText(const PlanReport& report);

}  // namespace mirst
