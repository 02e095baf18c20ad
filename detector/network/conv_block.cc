#include "detector/network/conv_block.h"

#include "detector/network/conv_norm.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;

Tensor Activate(Tensor x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x.relu_();
    case Activation::kLeakyRelu:
      return torch::leaky_relu_(x);
    case Activation::kSilu:
      return torch::GradMode::is_enabled() ? torch::silu(x) : torch::silu_(x);
    case Activation::kSigmoid:
      return x.sigmoid_();
  }
  return x;
}

Tensor NormalisedConv(nn::Conv2d& conv, nn::BatchNorm2d& norm, const Tensor& x) {
  const std::int64_t stride = conv->options.stride()->at(0);
  const std::int64_t outputs = x.numel() / x.size(1) * conv->weight.size(0) / (stride * stride);
  if (!Inference(norm) || conv->weight.numel() > outputs) return norm(conv(x));
  const Tensor bias = conv->bias.defined() ? conv->bias : torch::zeros_like(norm->running_mean);
  const ConvWeights folded = FoldNorm({conv->weight, bias}, norm);
  return torch::conv2d(x, folded.weight, folded.bias, conv->options.stride(),
                       c10::get<torch::ExpandingArray<2>>(conv->options.padding()), conv->options.dilation());
}

ConvBlockImpl::ConvBlockImpl(std::int64_t in, std::int64_t out, const ConvBlockOptions& options)
    : activation_(options.activation),
      conv_(register_module(options.conv_name, nn::Conv2d(nn::Conv2dOptions(in, out, options.kernel)
                                                              .stride(options.stride)
                                                              .dilation(options.dilation)
                                                              .padding(options.dilation * (options.kernel / 2))
                                                              .bias(options.bias)))),
      norm_(register_module(options.norm_name,
                            nn::BatchNorm2d(nn::BatchNormOptions(out).eps(options.eps).momentum(options.momentum)))) {}

Tensor ConvBlockImpl::forward(const Tensor& x) { return Activate(NormalisedConv(conv_, norm_, x), activation_); }

}  // namespace mirst
