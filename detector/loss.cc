#include "detector/loss.h"

#include "core/error.h"
#include "detector/process_group.h"

namespace mirst {
using torch::Tensor;
namespace {

void CheckShapes(const Tensor& logits, const Tensor& masks, const Tensor& ignore) {
  if (logits.dim() != 4 || masks.sizes() != logits.sizes() || (ignore.defined() && ignore.sizes() != logits.sizes())) {
    throw BadInput("a loss needs logits, masks and ignore masks of one shape (batch, 1, height, width)");
  }
}

/// The share of one process in a sum over the whole batch: what its own sum is divided by.
Tensor BatchTotal(const Tensor& own_sum) { return SumOverProcesses(own_sum.detach()).clamp_min(1) / ProcessCount(); }

}  // namespace

Tensor SoftIouLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore) {
  CheckShapes(logits, masks, ignore);
  constexpr double kSmooth = 1;
  Tensor probability = torch::sigmoid(logits), truth = masks;
  if (ignore.defined()) {
    const Tensor counts = 1 - ignore;
    probability = probability * counts;
    truth = truth * counts;
  }
  const Tensor both = (probability * truth).sum({1, 2, 3});
  const Tensor either = probability.sum({1, 2, 3}) + truth.sum({1, 2, 3}) - both;
  return 1 - ((both + kSmooth) / (either + kSmooth)).mean();
}

Tensor CrossEntropyLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore) {
  CheckShapes(logits, masks, ignore);
  const Tensor counts = ignore.defined() ? 1 - ignore : torch::ones_like(masks);
  const Tensor loss = torch::binary_cross_entropy_with_logits(logits, masks, counts, {}, at::Reduction::Sum);
  return loss / BatchTotal(counts.sum());
}

Tensor FocalLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore, double gamma) {
  CheckShapes(logits, masks, ignore);
  const Tensor towards_truth = logits * (2 * masks - 1);
  Tensor loss = -torch::log_sigmoid(towards_truth) * torch::sigmoid(-towards_truth).pow(gamma);
  Tensor truth = masks;
  if (ignore.defined()) {
    loss = loss * (1 - ignore);
    truth = truth * (1 - ignore);
  }
  return loss.sum() / BatchTotal(truth.sum());
}

Tensor TrainingLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore, const LossOptions& options) {
  if (logits.scalar_type() != masks.scalar_type()) {  // mixed precision: sums of many pixels need more than 8 bits
    return TrainingLoss(logits.to(masks.scalar_type()), masks, ignore, options);
  }
  Tensor loss = torch::zeros({}, logits.options());
  if (options.soft_iou > 0) loss = loss + options.soft_iou * SoftIouLoss(logits, masks, ignore);
  if (options.bce > 0) loss = loss + options.bce * CrossEntropyLoss(logits, masks, ignore);
  if (options.focal > 0) loss = loss + options.focal * FocalLoss(logits, masks, ignore, options.focal_gamma);
  return loss;
}

}  // namespace mirst
