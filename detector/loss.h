// Training loss of the segmentation detectors.
#pragma once

#include <torch/types.h>

namespace mirst {

/// Soft intersection over union: 1 - mean over the batch of (sum p y + 1) / (sum p + sum y - sum p y + 1), p =
/// sigmoid(logits), sums over one image. logits, masks: (B, 1, H, W), masks in [0, 1]. `ignore` (same shape, 1 = counts
/// nowhere) may be undefined. Result: a scalar in [0, 1). Throws kBadInput where shapes differ.
torch::Tensor SoftIouLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore = {});

}  // namespace mirst
