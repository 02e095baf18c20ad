// A planned sequence carried out: its frames, masks and labels. A function of inventory, scenario and options alone.
#pragma once

#include "core/sample.h"
#include "generator/plan.h"

namespace mirst {

/// Throws kBadInput when the background cannot be read any more or the sensor chain cannot show the SCR; kInternal when
/// the placement that was planned does not hold.
Sample MakeSample(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options);

}  // namespace mirst
