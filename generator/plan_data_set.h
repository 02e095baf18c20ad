// The scenarios of a whole data set: what is asked of each sequence, and a placement that reaches it. Every decision is
// drawn and checked here, before anything is written.
#pragma once

#include <vector>

#include "generator/plan.h"

namespace mirst {

/// One scenario a sequence, in order; the same for any number of threads.
/// Throws kBadInput when a sequence cannot be made: the first one, with the number of its fellows.
std::vector<Scenario> PlanDataSet(const Inventory& inventory, const GenerateOptions& options);

}  // namespace mirst
