// The scenarios of a data set, or of a part of it: for each request a placement that reaches what is asked. Every
// decision is drawn and checked here, before anything is written.
#pragma once

#include <vector>

#include "generator/plan.h"

namespace mirst {

/// One scenario for each of `requests`, in their order; a scenario depends on its own request alone, so the same for
/// any number of threads and whatever part of the set is asked for. Throws the first error in their order, with the
/// number of the requests that fail.
std::vector<Scenario> PlanSequences(const Inventory& inventory, const std::vector<SequenceRequest>& requests,
                                    const GenerateOptions& options);

}  // namespace mirst
