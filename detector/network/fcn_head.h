// The last layers of RDIAN and ISNet: a 3x3 convolution to a quarter of the channels, normalisation, ReLU, dropout and
// a 1x1 convolution.
#pragma once

#include <torch/nn.h>

namespace mirst {

class FcnHeadImpl : public torch::nn::Module {
 public:
  FcnHeadImpl(std::int64_t in, std::int64_t out) {
    const std::int64_t inner = in / 4;
    block_ = register_module(
        "block",
        torch::nn::Sequential(torch::nn::Conv2d(torch::nn::Conv2dOptions(in, inner, 3).padding(1).bias(false)),
                              torch::nn::BatchNorm2d(inner), torch::nn::ReLU(torch::nn::ReLUOptions().inplace(true)),
                              torch::nn::Dropout(0.1), torch::nn::Conv2d(torch::nn::Conv2dOptions(inner, out, 1))));
  }
  /// (N, in, h, w) -> (N, out, h, w).
  torch::Tensor forward(const torch::Tensor& x) { return block_->forward(x); }

 private:
  torch::nn::Sequential block_;
};
TORCH_MODULE(FcnHead);

}  // namespace mirst
