// The contact sheet of a detector: what it hit, missed, and took for a target by mistake, under protocol P1.
#pragma once

#include <string>
#include <vector>

#include "datasets/contact_sheet.h"
#include "detector/evaluation.h"

namespace mirst {

/// Hits green, misses yellow, false alarms red. Throws kInternal without pictures.
Image<Rgb> DrawDetections(const DetectorScores& detector, const std::vector<DetectionPicture>& pictures);

}  // namespace mirst
