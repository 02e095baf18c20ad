#include "detector/network/feature_fusion.h"

#include <cmath>
#include <string>

#include "detector/network/conv_norm.h"
#include "detector/network/matrix_product.h"

namespace mirst {
namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

constexpr std::int64_t kFusionChannels = 30;  // a quarter of the levels' 120
constexpr std::int64_t kStride = 16;          // of the coarse grid
constexpr std::int64_t kHeads = 8;
constexpr std::int64_t kKeyChannels = 32;  // of each head
constexpr std::int64_t kValueChannels = 64;
constexpr std::int64_t kNativeGrid = 24;  // 384 / 16

Tensor EnlargeTo(const Tensor& x, const Tensor& like) {
  return F::interpolate(x, F::InterpolateFuncOptions()
                               .size(std::vector<std::int64_t>{like.size(2), like.size(3)})
                               .mode(torch::kBilinear)
                               .align_corners(false));
}

nn::Sequential StridedDepthwise(std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
  return nn::Sequential(
      nn::Conv2d(nn::Conv2dOptions(channels, channels, kernel).stride(stride).padding(kernel / 2).groups(channels)),
      nn::BatchNorm2d(channels));
}

/// Tokens of a map with n pixels a side, behind a strided convolution.
std::int64_t StridedTokens(std::int64_t n, std::int64_t stride) {
  const std::int64_t side = (n - 1) / stride + 1;
  return side * side;
}

Tensor Tokens(const Tensor& map) { return map.flatten(2).transpose(1, 2); }  // (B, C, h, w) -> (B, h * w, C)

}  // namespace

FeedForwardImpl::FeedForwardImpl(std::int64_t channels)
    : bn1_(register_module("bn1", nn::BatchNorm2d(channels))),
      conv1_(register_module("conv1", SameConv2d(channels, 2 * channels, 1))),
      bn2_(register_module("bn2", nn::BatchNorm2d(2 * channels))),
      conv2_(register_module("conv2",
                             nn::Conv2d(nn::Conv2dOptions(2 * channels, 2 * channels, 3).padding(1).groups(channels)))),
      conv3_(register_module("conv3", SameConv2d(2 * channels, channels, 1))) {}

Tensor FeedForwardImpl::forward(const Tensor& x) { return conv3_(torch::relu6(conv2_(bn2_(conv1_(bn1_(x)))))); }

IntraFeedForwardImpl::IntraFeedForwardImpl() {
  for (int i = 1; i <= 4; ++i) {
    parts_.push_back(register_module("ff" + std::to_string(i), Residual<FeedForward>(FeedForward(1 << i))));
  }
}

Tensor IntraFeedForwardImpl::forward(const Tensor& x) {
  std::vector<Tensor> parts = x.split_with_sizes({2, 4, 8, 16}, 1);
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = parts_[i](parts[i]);
  return torch::cat(parts, 1);
}

TokenProjectionImpl::TokenProjectionImpl(std::int64_t in, std::int64_t out)
    : c_(register_module("c", nn::Linear(nn::LinearOptions(in, out).bias(false)))),
      bn_(register_module("bn", nn::BatchNorm1d(out))) {}

Tensor TokenProjectionImpl::forward(const Tensor& tokens) {
  const Tensor y = c_(tokens);
  return bn_(y.flatten(0, 1)).view_as(y);
}

TokenAttentionImpl::TokenAttentionImpl(std::int64_t channels, const PstfnetOptions& options)
    : layout_(options.attention_layout),
      qkv_(register_module("qkv", TokenProjection(channels, kHeads * (2 * kKeyChannels + kValueChannels)))),
      parallel_conv_(register_module(
          "parallel_conv",
          nn::Sequential(nn::Functional([](const Tensor& x) { return torch::hardswish(x); }),
                         nn::Conv2d(nn::Conv2dOptions(kHeads * kValueChannels, kHeads * kValueChannels, 3)
                                        .padding(1)
                                        .groups(kHeads * kValueChannels))))),
      to_out_(register_module("to_out", nn::Linear(kHeads * kValueChannels, channels))) {
  if (options.size_mode == SizeMode::kNative) {
    const std::int64_t fine = kNativeGrid * kNativeGrid;
    const std::int64_t all =
        fine + StridedTokens(kNativeGrid, 2) + StridedTokens(kNativeGrid, options.multi_scale ? 3 : 2);
    proj_ = register_module("proj", nn::Linear(all, fine));
  }
}

Tensor TokenAttentionImpl::forward(const Tensor& tokens, std::int64_t h, std::int64_t w) {
  const std::int64_t batch = tokens.size(0), all = tokens.size(1), fine = h * w;
  const std::vector<Tensor> qkv = qkv_(tokens)
                                      .view({batch, all, kHeads, 2 * kKeyChannels + kValueChannels})
                                      .transpose(1, 2)
                                      .split_with_sizes({kKeyChannels, kKeyChannels, kValueChannels}, 3);
  // Without the token layer only the fine tokens can be placed on the map, so only they ask.
  const Tensor query = proj_ ? qkv[0] : qkv[0].narrow(2, 0, fine);
  const Tensor scores = MatrixProduct(query / std::sqrt(static_cast<double>(kKeyChannels)), qkv[1].transpose(2, 3));
  const Tensor attended = MatrixProduct(scores.softmax(-1), qkv[2]);  // (B, heads, queries, 64)
  const Tensor values = qkv[2].narrow(2, 0, fine);
  const std::int64_t maps = kHeads * kValueChannels;
  Tensor joined, side;
  if (layout_ == AttentionLayout::kProper) {
    joined = attended.transpose(2, 3).reshape({batch, maps, -1});
    side = values.transpose(2, 3).reshape({batch, maps, h, w});
  } else {
    joined = attended.transpose(1, 2).reshape({batch, maps, -1});
    side = values.reshape({batch, maps, h, w});
  }
  if (proj_) {
    joined = (MatrixProduct(joined.flatten(0, 1), proj_->weight.t()) + proj_->bias).reshape({batch, maps, fine});
  }
  joined = joined + parallel_conv_->forward(side).flatten(2);
  return to_out_(joined.transpose(1, 2)).transpose(1, 2).reshape({batch, -1, h, w});
}

CrossScaleAttentionImpl::CrossScaleAttentionImpl(std::int64_t channels, const PstfnetOptions& options)
    : bn1_(register_module("bn1", nn::BatchNorm2d(channels))),
      half_(register_module("DWConv1", StridedDepthwise(channels, 3, 2))),
      third_(register_module(
          "DWConv2", options.multi_scale ? StridedDepthwise(channels, 5, 3) : StridedDepthwise(channels, 3, 2))),
      bn4_(nn::BatchNorm2d(channels)),
      conv_(SameConv2d(channels, channels, 1)) {
  if (options.self_attention) {
    attention_ = register_module("attention", TokenAttention(channels, options));
  } else {
    fuse_ = register_module("fuse", SameConv2d(3 * channels, channels, 1));
  }
  register_module("bn4", bn4_);
  register_module("conv", conv_);
}

Tensor CrossScaleAttentionImpl::forward(const Tensor& x) {
  const Tensor fine = bn1_(x), half = half_->forward(fine), third = third_->forward(fine);
  const Tensor joined =
      attention_ ? attention_(torch::cat({Tokens(fine), Tokens(half), Tokens(third)}, 1), x.size(2), x.size(3))
                 : fuse_(torch::cat({fine, EnlargeTo(half, fine), EnlargeTo(third, fine)}, 1));
  return conv_(torch::hardswish(bn4_(joined)));
}

GateImpl::GateImpl(std::int64_t channels)
    : local_embedding_(register_module("local_embedding", SameConv2d(channels, channels, 1))),
      bn1_(register_module("bn1", nn::BatchNorm2d(channels))),
      global_embedding_(register_module("global_embedding", SameConv2d(channels, channels, 1))),
      bn2_(register_module("bn2", nn::BatchNorm2d(channels))),
      global_act_(register_module("global_act", SameConv2d(channels, channels, 1))),
      bn3_(register_module("bn3", nn::BatchNorm2d(channels))) {}

Tensor GateImpl::forward(const Tensor& local, const Tensor& coarse) {
  const Tensor gate = torch::hardsigmoid(ConvNorm(global_act_, bn3_, coarse));
  const Tensor context = ConvNorm(global_embedding_, bn2_, coarse);
  return ConvNorm(local_embedding_, bn1_, local) * EnlargeTo(gate, local) + EnlargeTo(context, local);
}

FeatureFusionImpl::FeatureFusionImpl(const PstfnetOptions& options)
    : down_channel_(register_module("down_channel", SameConv2d(4 * kFusionChannels, kFusionChannels, 1))),
      up_channel_(register_module("up_channel", SameConv2d(kFusionChannels, 4 * kFusionChannels, 1))),
      csa1_(CrossScaleAttention(kFusionChannels, options)),
      intra_ff_(IntraFeedForward()),
      csa2_(CrossScaleAttention(kFusionChannels, options)),
      ff_(FeedForward(kFusionChannels)),
      bn_(nn::BatchNorm2d(kFusionChannels)) {
  const auto block = register_module("block", std::make_shared<nn::Module>());
  block->register_module("csa1", csa1_);
  block->register_module("intra_ff", intra_ff_);
  block->register_module("csa2", csa2_);
  block->register_module("ff", ff_);
  register_module("bn", bn_);
  const auto fusion = register_module("fusion", std::make_shared<nn::Module>());
  for (const std::int64_t channels : kLevelChannels) {
    gates_.push_back(fusion->register_module(std::to_string(gates_.size()), Gate(channels)));
  }
}

std::vector<Tensor> FeatureFusionImpl::Context(const Levels& levels) {
  const std::int64_t h = levels[0].size(2) / kStride, w = levels[0].size(3) / kStride;
  std::vector<Tensor> pooled;
  for (const Tensor& level : levels) pooled.push_back(torch::adaptive_avg_pool2d(level, {h, w}));
  Tensor x = down_channel_(torch::cat(pooled, 1));
  x = ff_(csa2_(intra_ff_(csa1_(x))));
  return up_channel_(bn_(x)).split_with_sizes({kLevelChannels.begin(), kLevelChannels.size()}, 1);
}

Levels FeatureFusionImpl::forward(const Levels& levels) {
  const std::vector<Tensor> coarse = Context(levels);
  Levels fused;
  for (std::size_t i = 0; i < fused.size(); ++i) fused[i] = gates_[i](levels[i], coarse[i]);
  return fused;
}

}  // namespace mirst
