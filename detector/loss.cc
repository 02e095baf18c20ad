#include "detector/loss.h"

#include "core/error.h"

namespace mirst {
using torch::Tensor;

Tensor SoftIouLoss(const Tensor& logits, const Tensor& masks, const Tensor& ignore) {
  if (logits.dim() != 4 || masks.sizes() != logits.sizes() || (ignore.defined() && ignore.sizes() != logits.sizes())) {
    throw BadInput("the SoftIoU loss needs logits, masks and ignore masks of one shape (batch, 1, height, width)");
  }
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

}  // namespace mirst
