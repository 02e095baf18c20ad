// Detectors as an evaluation takes them: a checkpoint, or a classical method by its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "detector/device_choice.h"
#include "detector/evaluation.h"
#include "detector/model_driven/methods.h"

namespace mirst {

/// `shuffle_seed`: frames come in the order that it draws, as a control. Throws kBadInput where this build has no
/// LibTorch, or as LoadSequenceDetector.
Contender FromWeights(const std::string& weights, DeviceChoice device, int threads,
                      std::optional<std::uint64_t> shuffle_seed = {});

Contender FromMethod(const std::string& method, const ModelDrivenOptions& options);

}  // namespace mirst
