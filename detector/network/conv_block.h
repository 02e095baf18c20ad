// Convolution, batch normalisation, activation: the block that most detectors are made of. In inference the
// normalisation is folded into the weights where they are fewer than the values that it would pass over.
#pragma once

#include <torch/nn.h>

#include <cstdint>

#include "detector/network/conv_norm.h"

namespace mirst {

enum class Activation { kNone, kRelu, kLeakyRelu, kSilu, kSigmoid };

/// LeakyRelu has the slope 0.01. May write into `x`.
torch::Tensor Activate(torch::Tensor x, Activation activation);

/// norm(conv(x)) for x of shape (N, in, h, w).
torch::Tensor NormalisedConv(torch::nn::Conv2d& conv, torch::nn::BatchNorm2d& norm, const torch::Tensor& x);

struct ConvBlockOptions {
  std::int64_t kernel = 3;  ///< odd
  std::int64_t stride = 1;
  std::int64_t dilation = 1;  ///< the zero padding keeps the size at stride 1
  bool bias = false;
  Activation activation = Activation::kRelu;
  const char* conv_name = "0";  ///< under which the weights are stored
  const char* norm_name = "1";
  double eps = 1e-5;
  double momentum = 0.1;
};

class ConvBlockImpl : public torch::nn::Module {
 public:
  ConvBlockImpl(std::int64_t in, std::int64_t out, const ConvBlockOptions& options = {});
  /// (N, in, h, w) -> (N, out, ceil(h / stride), ceil(w / stride)).
  torch::Tensor forward(const torch::Tensor& x);
  /// Folds the normalisation into the weights once instead of at every pass in inference. Weights and running
  /// statistics must stay as they are from then on.
  void FoldForInference();

 private:
  Activation activation_;
  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d norm_;
  ConvWeights folded_;  // none: not folded yet
};
TORCH_MODULE(ConvBlock);

}  // namespace mirst
