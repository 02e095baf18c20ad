// From embedded linear frames to what image/ holds: gain control and codec, with the SCR held on the displayed frames
// and measured again on what is written.
#pragma once

#include <functional>

#include "core/sample.h"
#include "generator/embed_track.h"
#include "generator/options.h"

namespace mirst {

/// Whether a sequence goes beyond its linear frames.
bool NeedsFinish(const GenerateOptions& options);

/// `embed(scr)` makes the linear sample with the SCR asked for on the linear frames, one for each target; `scr` are
/// asked for on image/. With image: displayed, the linear requests are corrected until each target's mean SCR over the
/// displayed frames lies within 1 % of its `scr` (the nearest of a few tries otherwise; a miss of more than 5 % is
/// refused, kBadInput, or with on_infeasible: lower the measured mean becomes the request and the flag "lowered" keeps
/// the first one). The labels are measured on image/; "<id>_linear" is the controlled SCR of linear/, and
/// "<id>_before_codec" that of the frames which the codec was given. `backdrop` holds the frames without targets.
Sample FinishSample(const Backdrop& backdrop, const GenerateOptions& options, const std::vector<double>& scr,
                    const std::function<Sample(const std::vector<double>&)>& embed);

}  // namespace mirst
