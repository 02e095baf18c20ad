#include "detector/network/conv_block.h"

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

namespace {

ConvWeights Folded(const nn::Conv2d& conv, const nn::BatchNorm2d& norm) {
  const Tensor bias = conv->bias.defined() ? conv->bias : torch::zeros_like(norm->running_mean);
  return FoldNorm({conv->weight, bias}, norm);
}

at::IntArrayRef Padding(const nn::Conv2d& conv) { return c10::get<torch::ExpandingArray<2>>(conv->options.padding()); }

}  // namespace

Tensor NormalisedConv(nn::Conv2d& conv, nn::BatchNorm2d& norm, const Tensor& x) {
  const std::int64_t stride = conv->options.stride()->at(0);
  const std::int64_t outputs = x.numel() / x.size(1) * conv->weight.size(0) / (stride * stride);
  if (!Inference(norm) || conv->weight.numel() > outputs) return norm(conv(x));
  const ConvWeights folded = Folded(conv, norm);
  return torch::conv2d(x, folded.weight, folded.bias, conv->options.stride(), Padding(conv), conv->options.dilation());
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

Tensor ConvBlockImpl::forward(const Tensor& x) {
  if (!folded_.weight.defined() || !Inference(norm_)) return Activate(NormalisedConv(conv_, norm_, x), activation_);
  return Activate(torch::conv2d(x, folded_.weight, folded_.bias, conv_->options.stride(), Padding(conv_),
                                conv_->options.dilation()),
                  activation_);
}

void ConvBlockImpl::FoldForInference() {
  const torch::NoGradGuard no_gradient;
  folded_ = Folded(conv_, norm_);
}

}  // namespace mirst
