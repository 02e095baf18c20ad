// Scores of a network on the validation split, on whole frames.
#pragma once

#include <c10/core/Device.h>

#include "detector/data_split.h"
#include "detector/trainable_network.h"
#include "metrics/detection.h"

namespace mirst {

/// Protocol P1 with a target where logit > threshold, on every `stride`-th frame that has four before it.
DetectionReport ScoreSplit(TrainableNetwork& network, Normalisation normalisation, double threshold,
                           const SplitFrames& frames, int stride, c10::Device device);

}  // namespace mirst
