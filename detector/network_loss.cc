#include "detector/network_loss.h"

#include <torch/torch.h>

#include "core/error.h"

namespace mirst {
namespace {

using torch::Tensor;

void CheckShapes(const Tensor& values, const Tensor& masks, const Tensor& ignore) {
  if (values.dim() != 4 || masks.sizes() != values.sizes() || (ignore.defined() && ignore.sizes() != values.sizes())) {
    throw BadInput("a loss needs logits, masks and ignore masks of one shape (batch, 1, height, width)");
  }
}

Tensor Counted(const Tensor& values, const Tensor& ignore) { return ignore.defined() ? values * (1 - ignore) : values; }

/// Mean over all pixels; `truth` may exceed 1.
Tensor CrossEntropy(const Tensor& logits, const Tensor& truth, const Tensor& ignore) {
  CheckShapes(logits, truth, ignore);
  return Counted((1 - truth) * logits - torch::log_sigmoid(logits), ignore).mean();
}

}  // namespace

Tensor SoftIou(const Tensor& probabilities, const Tensor& masks, const Tensor& ignore, IouOver over, double smooth) {
  CheckShapes(probabilities, masks, ignore);
  const Tensor p = Counted(probabilities, ignore), y = Counted(masks, ignore);
  const auto sum = [&](const Tensor& x) { return over == IouOver::kBatch ? x.sum() : x.sum({1, 2, 3}); };
  const Tensor both = sum(p * y);
  return 1 - ((both + smooth) / (sum(p) + sum(y) - both + smooth)).mean();
}

Tensor DeepSupervisionIou(const std::vector<Tensor>& logits, const Tensor& masks, const Tensor& ignore) {
  Tensor loss = torch::zeros({}, masks.options());
  for (const Tensor& output : logits) {
    loss = loss + SoftIou(torch::sigmoid(output), masks, ignore, IouOver::kBatch, 1);
  }
  return loss / static_cast<double>(logits.size());
}

Tensor DeepSupervisionCrossEntropy(const std::vector<Tensor>& logits, const Tensor& masks, const Tensor& ignore) {
  Tensor loss = torch::zeros({}, masks.options());
  for (const Tensor& output : logits) loss = loss + CrossEntropy(output, masks, ignore);
  return loss;
}

Tensor GradientMagnitude(const Tensor& images) {
  const Tensor padded = torch::constant_pad_nd(images, {1, 1, 1, 1});
  const std::int64_t height = images.size(2), width = images.size(3);
  const auto at = [&](std::int64_t y, std::int64_t x) {
    return padded.narrow(2, 1 + y, height).narrow(3, 1 + x, width);
  };
  const Tensor down = at(1, 0) - at(-1, 0), right = at(0, 1) - at(0, -1);
  return torch::sqrt(down * down + right * right + 1e-6);
}

Tensor ShapeLoss(const Tensor& logits, const Tensor& edge_logits, const Tensor& masks, const Tensor& ignore) {
  const Tensor edges = GradientMagnitude(masks);
  const Tensor edge_of_edge = torch::sigmoid(torch::sigmoid(edge_logits));
  return SoftIou(torch::sigmoid(logits), masks, ignore, IouOver::kSample, 0) +
         10 * CrossEntropy(edge_logits, edges, ignore) + SoftIou(edge_of_edge, edges, ignore, IouOver::kSample, 0);
}

}  // namespace mirst
