// Losses of the baseline networks, each as its paper or release has it. masks: (B, 1, H, W) in [0, 1]; `ignore` (same
// shape, 1 = counts nowhere) may be undefined. Results are scalars. All throw kBadInput where shapes differ.
#pragma once

#include <torch/types.h>

#include <vector>

namespace mirst {

enum class IouOver {
  kSample,  ///< sums over each image, then the mean of the batch
  kBatch,   ///< sums over all images of the batch
};

/// 1 - (sum p y + smooth) / (sum p + sum y - sum p y + smooth) with probabilities p.
torch::Tensor SoftIou(const torch::Tensor& probabilities, const torch::Tensor& masks, const torch::Tensor& ignore,
                      IouOver over, double smooth);

/// DNANet: the mean over its four outputs of SoftIou over the batch, smooth 1.
torch::Tensor DeepSupervisionIou(const std::vector<torch::Tensor>& logits, const torch::Tensor& masks,
                                 const torch::Tensor& ignore);

/// UIUNet: the sum over its seven outputs of the mean cross entropy.
torch::Tensor DeepSupervisionCrossEntropy(const std::vector<torch::Tensor>& logits, const torch::Tensor& masks,
                                          const torch::Tensor& ignore);

/// Magnitude of the differences between a pixel's two neighbours along rows and along columns, zeros outside:
/// sqrt(dy^2 + dx^2 + 1e-6), a channel each. (B, C, H, W) -> the same shape.
torch::Tensor GradientMagnitude(const torch::Tensor& images);

/// ISNet: SoftIou of the mask (smooth 0) + 10 x cross entropy of the edge + SoftIou of the edge. The edge's truth is
/// the mask's gradient magnitude (up to 1.41, not cut), and its IoU sees the sigmoid of a sigmoid: as released.
torch::Tensor ShapeLoss(const torch::Tensor& logits, const torch::Tensor& edge_logits, const torch::Tensor& masks,
                        const torch::Tensor& ignore);

}  // namespace mirst
