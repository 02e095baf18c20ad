#include "detector/loss.h"

#include "core/error.h"

namespace mirst {
using torch::Tensor;
namespace {

void CheckShapes(const Tensor& logits, const Tensor& masks, const Tensor& ignore) {
  if (logits.dim() != 4 || masks.sizes() != logits.sizes() || (ignore.defined() && ignore.sizes() != logits.sizes())) {
    throw BadInput("a loss needs logits, masks and ignore masks of one shape (batch, 1, height, width)");
  }
}

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

Tensor FocalLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore, double gamma) {
  CheckShapes(logits, masks, ignore);
  const Tensor towards_truth = logits * (2 * masks - 1);
  Tensor loss = -torch::log_sigmoid(towards_truth) * torch::sigmoid(-towards_truth).pow(gamma);
  Tensor truth = masks;
  if (ignore.defined()) {
    loss = loss * (1 - ignore);
    truth = truth * (1 - ignore);
  }
  return loss.sum() / truth.sum().clamp_min(1);
}

Tensor TrainingLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore, const LossOptions& options) {
  Tensor loss = torch::zeros({}, logits.options());
  if (options.soft_iou > 0) loss = loss + options.soft_iou * SoftIouLoss(logits, masks, ignore);
  if (options.focal > 0) loss = loss + options.focal * FocalLoss(logits, masks, ignore, options.focal_gamma);
  return loss;
}

}  // namespace mirst
