// Training losses of the segmentation detectors.
#pragma once

#include <torch/types.h>

#include "detector/train_options.h"

namespace mirst {

/// Soft intersection over union: 1 - mean over the batch of (sum p y + 1) / (sum p + sum y - sum p y + 1), p =
/// sigmoid(logits), sums over one image. logits, masks: (B, 1, H, W), masks in [0, 1]. `ignore` (same shape, 1 = counts
/// nowhere) may be undefined. Result: a scalar in [0, 1). Throws kBadInput where shapes differ.
torch::Tensor SoftIouLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore = {});

/// Focal loss (Lin et al., ICCV 2017): sum over the batch of -(1 - q)^gamma ln q, q = the probability given to the
/// pixel's true class, divided by the number of target pixels in the batch (at least 1). Shapes as in SoftIouLoss.
torch::Tensor FocalLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore,
                        double gamma);

/// The weighted sum of both.
torch::Tensor TrainingLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore,
                           const LossOptions& options);

}  // namespace mirst
