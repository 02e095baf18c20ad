// Convolution followed by batch normalisation, as one step. In inference (evaluation mode, no gradient wanted) the
// normalisation is folded into the weights, which saves a pass over the map; else the two run one after the other.
#pragma once

#include <torch/nn.h>

#include "detector/network/window_convolution.h"

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

/// Convolution of stride 1 with zero padding that keeps the size; x (N, in, h, w), weight (out, in, k, k).
inline torch::Tensor Convolved(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  return FewChannels(x, weight.size(0)) ? WindowConvolution(x, 1, 1, weight.unsqueeze(2), bias)
                                        : torch::conv2d(x, weight, bias, 1, weight.size(2) / 2);
}

/// norm(conv(x)) for x of shape (N, in, h, w) and a convolution of stride 1 that keeps the size.
inline torch::Tensor ConvNorm(torch::nn::Conv2d& conv, torch::nn::BatchNorm2d& norm, const torch::Tensor& x) {
  if (!Inference(norm)) return norm(Convolved(x, conv->weight, conv->bias));
  const ConvWeights folded = FoldNorm({conv->weight, conv->bias}, norm);
  return Convolved(x, folded.weight, folded.bias);
}

/// Convolution of stride 1 that keeps the size.
inline torch::nn::Conv2d SameConv2d(std::int64_t in, std::int64_t out, std::int64_t kernel) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).padding(kernel / 2));
}

}  // namespace mirst
