// Requests and placements of a data set whose targets must be of the size and SCR that their quota says, as measured on
// the finished frames. Without a quota these are DrawRequests and PlanSequence.
#pragma once

#include <vector>

#include "generator/plan.h"

namespace mirst {

/// One request for each sequence, with its quota's cells.
std::vector<SequenceRequest> RequestsOf(const Inventory& inventory, const GenerateOptions& options);

/// PlanSequence; where the request has cells, the sequence is made, measured, and asked for anew while a target misses
/// its cell: area and SCR corrected by the miss, from the second time on (and where the SCR had to be lowered) with
/// other placements. After quota.corrections the nearest miss is kept: a shortfall for the report (plan_report.h).
/// Throws as PlanSequence and MakeSample do.
Scenario PlanToQuota(const Inventory& inventory, const SequenceRequest& request, const GenerateOptions& options);

}  // namespace mirst
