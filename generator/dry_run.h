// A data set planned, made and measured in memory: whether its options can be met, what it would hold, how large it
// would be and how long it would take.
#pragma once

#include <cstdint>
#include <string>

#include "generator/options.h"
#include "generator/plan_report.h"

namespace mirst {

struct DryRunReport {
  PlanReport plan;
  int sources = 0, models = 0;
  std::int64_t frames = 0;
  double bytes = 0;    ///< on disk, from `probed` sequences that were written to a temporary folder
  double plan_s = 0;   ///< as measured here
  double write_s = 0;  ///< from the probed sequences
  int probed = 0;
};

/// Makes every sequence that can be made; those that cannot are in plan.refused. Throws kBadInput: no usable background
/// or model, every sequence refused, no room for the probe; kInterrupted.
DryRunReport DryRun(const GenerateOptions& options);

/// One JSON object on a line.
std::string ToJson(const DryRunReport& report);

}  // namespace mirst
