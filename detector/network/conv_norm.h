// Convolution followed by batch normalisation, as one step. In inference (evaluation mode, no gradient wanted) the
// normalisation is folded into the weights, which saves a pass over the map; else the two run one after the other.
#pragma once

#include <torch/nn.h>

namespace mirst {

/// True where batch normalisation is a constant affine map and no gradient is recorded.
inline bool Inference(const torch::nn::BatchNorm2d& norm) {
  return !norm->is_training() && !torch::GradMode::is_enabled();
}

struct ConvWeights {
  torch::Tensor weight;  ///< (out, in, ...)
  torch::Tensor bias;    ///< (out)
};

/// The weights of norm(conv(x)) written as one convolution. Evaluation mode only.
inline ConvWeights FoldNorm(const ConvWeights& conv, const torch::nn::BatchNorm2d& norm) {
  const torch::Tensor scale = norm->weight * torch::rsqrt(norm->running_var + norm->options.eps());
  std::vector<std::int64_t> shape(static_cast<std::size_t>(conv.weight.dim()), 1);
  shape[0] = -1;
  return {conv.weight * scale.view(shape), (conv.bias - norm->running_mean) * scale + norm->bias};
}

/// norm(conv(x)) for x of shape (N, in, h, w).
inline torch::Tensor ConvNorm(torch::nn::Conv2d& conv, torch::nn::BatchNorm2d& norm, const torch::Tensor& x) {
  if (!Inference(norm)) return norm(conv(x));
  const ConvWeights folded = FoldNorm({conv->weight, conv->bias}, norm);
  return torch::conv2d(x, folded.weight, folded.bias, conv->options.stride(),
                       c10::get<torch::ExpandingArray<2>>(conv->options.padding()), conv->options.dilation(),
                       conv->options.groups());
}

/// Convolution of stride 1 that keeps the size.
inline torch::nn::Conv2d SameConv2d(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).padding(kernel / 2));
}

}  // namespace mirst
