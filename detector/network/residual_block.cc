#include "detector/network/residual_block.h"

#include "detector/network/conv_norm.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;

namespace {

/// y * weight; in inference in y's own memory, as a pass over a full-size map costs as much as a third of a
/// convolution.
Tensor Weigh(Tensor y, const Tensor& weight) { return torch::GradMode::is_enabled() ? y * weight : y.mul_(weight); }

}  // namespace

ChannelAttentionImpl::ChannelAttentionImpl(std::int64_t channels, std::int64_t reduction)
    : fc1_(register_module("fc1", nn::Conv2d(nn::Conv2dOptions(channels, channels / reduction, 1).bias(false)))),
      fc2_(register_module("fc2", nn::Conv2d(nn::Conv2dOptions(channels / reduction, channels, 1).bias(false)))) {}

Tensor ChannelAttentionImpl::forward(const Tensor& x) {
  const auto weigh = [this](const Tensor& pooled) { return fc2_(torch::relu(fc1_(pooled))); };
  return torch::sigmoid(weigh(torch::adaptive_avg_pool2d(x, {1, 1})) +
                        weigh(std::get<0>(torch::adaptive_max_pool2d(x, {1, 1}))));
}

SpatialAttentionImpl::SpatialAttentionImpl()
    : conv1_(register_module("conv1", nn::Conv2d(nn::Conv2dOptions(2, 1, 7).padding(3).bias(false)))) {}

Tensor SpatialAttentionImpl::forward(const Tensor& x) {
  return torch::sigmoid(
      Convolved(torch::cat({x.mean(1, true), std::get<0>(x.max(1, true))}, 1), conv1_->weight, conv1_->bias));
}

ResidualBlockImpl::ResidualBlockImpl(std::int64_t in, std::int64_t out, Cbam cbam, std::int64_t reduction)
    : conv1_(register_module("conv1", SameConv2d(in, out, 3))),
      bn1_(register_module("bn1", nn::BatchNorm2d(out))),
      conv2_(register_module("conv2", SameConv2d(out, out, 3))),
      bn2_(register_module("bn2", nn::BatchNorm2d(out))) {
  if (in != out) {
    shortcut_conv_ = SameConv2d(in, out, 1);
    shortcut_norm_ = nn::BatchNorm2d(out);
    register_module("shortcut", nn::Sequential(shortcut_conv_, shortcut_norm_));
  }
  if (cbam == Cbam::kOn) {
    ca_ = register_module("ca", ChannelAttention(out, reduction));
    sa_ = register_module("sa", SpatialAttention());
  }
}

Tensor ResidualBlockImpl::forward(const Tensor& x) {
  Tensor y = ConvNorm(conv2_, bn2_, ConvNorm(conv1_, bn1_, x).relu_());
  if (ca_) y = Weigh(y, ca_(y));
  if (sa_) y = Weigh(y, sa_(y));
  return y.add_(shortcut_conv_ ? ConvNorm(shortcut_conv_, shortcut_norm_, x) : x).relu_();
}

nn::Sequential ResidualPair(std::int64_t in, std::int64_t out, Cbam cbam) {
  return nn::Sequential(ResidualBlock(in, out, cbam), ResidualBlock(out, out, cbam));
}

}  // namespace mirst
