// A sequence's entry in the manifest: where its background and models come from, and its scenario.
#pragma once

#include "core/manifest.h"
#include "generator/plan.h"

namespace mirst {

/// Paths are relative to the roots that the options name, so the manifest holds no machine's own paths.
ManifestSequence DescribeSequence(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options);

}  // namespace mirst
