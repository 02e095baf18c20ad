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

/// `embed(scr)` makes the linear sample with the SCR asked for on the linear frames; `scr` is asked for on image/. With
/// image: displayed, the linear request is corrected until the mean SCR of the displayed frames lies within 1 % of
/// `scr` (the nearest of a few tries otherwise; a miss of more than 5 % is refused, kBadInput, or with on_infeasible:
/// lower the measured mean becomes the request and the flag "lowered" keeps the first one). scr["box20"] is measured on
/// image/; "box20_linear" is that of linear/, and "box20_before_codec" that of the frames which the codec was given.
/// `backdrop` holds the frames without targets.
Sample FinishSample(const Backdrop& backdrop, const GenerateOptions& options, double scr,
                    const std::function<Sample(double)>& embed);

}  // namespace mirst
