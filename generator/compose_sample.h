// The finished sequence: targets that EmbedTracks has laid and solved, written into their frames in whole counts, with
// mask, coverage and labels.
#pragma once

#include <vector>

#include "core/sample.h"
#include "generator/embed_track.h"
#include "generator/options.h"
#include "generator/scenario.h"

namespace mirst {

/// From tracks of all frames; every measurement is repeated on the written counts. The backdrop knows its frames' sums.
/// `models` has one for each target.
Sample ComposeSample(const Scenario& scenario, const std::vector<EmbeddedTrack>& tracks, const Backdrop& backdrop,
                     const GenerateOptions& options, const std::vector<const TargetModel*>& models);

}  // namespace mirst
