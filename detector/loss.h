// Training losses of the segmentation detectors. Where several processes share a batch (process_group.h), sums that
// stand in a denominator run over all of them, so that the mean of the processes' losses is the loss of the whole
// batch.
#pragma once

#include <torch/types.h>

#include "detector/train_options.h"

namespace mirst {

/// Soft intersection over union: 1 - mean over the batch of (sum p y + 1) / (sum p + sum y - sum p y + 1), p =
/// sigmoid(logits), sums over one image. logits, masks: (B, 1, H, W), masks in [0, 1]. `ignore` (same shape, 1 = counts
/// nowhere) may be undefined. Result: a scalar in [0, 1). Throws kBadInput where shapes differ.
torch::Tensor SoftIouLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore = {});

/// Binary cross entropy: mean over the pixels of the batch of -ln q, q = the probability given to the pixel's true
/// class. Shapes as in SoftIouLoss.
torch::Tensor CrossEntropyLoss(const torch::Tensor& logits, const torch::Tensor& masks,
                               const torch::Tensor& ignore = {});

/// Focal loss (Lin et al., ICCV 2017): sum over the batch of -(1 - q)^gamma ln q, q = the probability given to the
/// pixel's true class, divided by the number of target pixels in the batch (at least 1). Shapes as in SoftIouLoss.
torch::Tensor FocalLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore,
                        double gamma);

/// The weighted sum of the three.
torch::Tensor TrainingLoss(const torch::Tensor& logits, const torch::Tensor& masks, const torch::Tensor& ignore,
                           const LossOptions& options);

}  // namespace mirst
