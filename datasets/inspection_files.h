// An inspection as JSON and as a page to look at.
#pragma once

#include <string>

#include "core/frame.h"
#include "datasets/frame_io.h"
#include "datasets/inspection.h"

namespace mirst {

/// Indented JSON without a last line break, keys in a fixed order, units in the keys' names. What could not be measured
/// is null.
std::string InspectionJson(const Inspection& inspection);

inline constexpr int kPageWidth = 1480, kPageHeight = 1090;  ///< px; the height is the largest
/// One page: the middle frame with the suspects, the noise map, histogram, power spectrum, what repeats and moves over
/// time, the suspects enlarged, numbers and verdict. Reads the frames again. Throws as SequenceSource::Read.
Image<Rgb> DrawInspection(const Inspection& inspection, const SequenceSource& source);

}  // namespace mirst
