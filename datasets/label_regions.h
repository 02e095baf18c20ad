// Targets of a frame that comes with a mask or with ids and nothing else: which pixels are one target, and what can be
// said about it from them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/annotation.h"
#include "core/sample.h"

namespace mirst {

/// Instance ids of the mask's 8-connected regions, in raster order. Throws kBadInput above 65535 regions.
Image<std::uint16_t> RegionsOf(const Mask& mask);

/// One annotation an id of `ids` above 0, in rising order; box, area and unweighted centroid of its pixels.
std::vector<Annotation> DescribeIds(const Image<std::uint16_t>& ids);

/// scr["box20"] and the polarity of its contrast; scr_empty and scr_delta where the background is at hand.
void MeasureContrast(const LabelledFrame& labelled, Annotation& target);

}  // namespace mirst
