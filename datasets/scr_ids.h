// The SCR of one target under every definition of docs/metrics.md at once.
#pragma once

#include <map>
#include <string>

#include "core/image.h"
#include "metrics/scr.h"

namespace mirst {

/// id -> SCR on an image of shape (height, width) in counts; arguments as MeasureBox20. All ids take |mean over the
/// mask
/// - mean of the background| / sigma, sigma of the population and at least one count, and differ in the background:
/// - box20: MeasureBox20 with `rule`;
/// - bbox5, bbox10, bbox20: the target's box grown by so many pixels on each side, clipped at the image;
/// - guard3_10: the box grown by 10 less the box grown by 3;
/// - global: the image;
/// each less the pixels of all targets; and peak: the largest |pixel of the mask - mean| with box20's background.
/// Throws kBadInput when `target` is empty.
std::map<std::string, double> MeasureIds(ImageView<const float> image, const Mask& target, const Mask& all_targets,
                                         Box20Rule rule);

}  // namespace mirst
