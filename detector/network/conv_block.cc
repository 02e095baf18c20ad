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

// `conv` with the weights that hold its normalisation.
Tensor ConvolveFolded(const nn::Conv2d& conv, const ConvWeights& folded, const Tensor& x) {
  return torch::conv2d(x, folded.weight, folded.bias, conv->options.stride(),
                       c10::get<torch::ExpandingArray<2>>(conv->options.padding()), conv->options.dilation());
}

}  // namespace

Tensor NormalisedConv(nn::Conv2d& conv, nn::BatchNorm2d& norm, const Tensor& x) {
  const std::int64_t stride = conv->options.stride()->at(0);
  const std::int64_t outputs = x.numel() / x.size(1) * conv->weight.size(0) / (stride * stride);
  if (!Inference(norm) || conv->weight.numel() > outputs) return norm(conv(x));
  return ConvolveFolded(conv, Folded(conv, norm), x);
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
  const bool folded = folded_.weight.defined() && Inference(norm_);
  return Activate(folded ? ConvolveFolded(conv_, folded_, x) : NormalisedConv(conv_, norm_, x), activation_);
}

void ConvBlockImpl::FoldForInference() {
  const torch::NoGradGuard no_gradient;
  folded_ = Folded(conv_, norm_);
}

}  // namespace mirst
