// The part of a label that the counts of a written image decide.
#pragma once

#include "core/annotation.h"
#include "core/image.h"
#include "metrics/scr.h"

namespace mirst {

/// Fills box, area_px, sigma_b and scr (every definition that has a value) from the written image, sets or clears the
/// flag `quantised` (where an SCR was asked for), and with `background` (the frame without targets) fills scr_empty and scr_delta. `a` states
/// scr_id, scr_requested and polarity. Throws kBadInput for a scr_id that is none.
void MeasureLabel(const TargetInImage& target, const Image<float>* background, Box20Rule domain, Annotation& a);

}  // namespace mirst
