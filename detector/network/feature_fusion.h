// MSFM, the multi-scale feature fusion of PSTFNet (Zeng et al., J. Infrared Millim. Waves 43(6), 2024): it mixes the
// four levels on a coarse grid (stride 16) and weighs each level with the result.
#pragma once

#include <torch/nn.h>

#include <array>
#include <vector>

#include "detector/network/pstfnet_options.h"

namespace mirst {

/// One tensor a level, finest first: (N, 8, H, W), (N, 16, H/2, W/2), (N, 32, H/4, W/4), (N, 64, H/8, W/8).
using Levels = std::array<torch::Tensor, 4>;
inline constexpr std::array<std::int64_t, 4> kLevelChannels = {8, 16, 32, 64};

/// x + inner(x), with the inner module registered as "m".
template <class Inner>
class ResidualImpl : public torch::nn::Module {
 public:
  explicit ResidualImpl(Inner inner) : m_(register_module("m", std::move(inner))) {}
  torch::Tensor forward(const torch::Tensor& x) { return x + m_(x); }

 private:
  Inner m_;
};
template <class Inner>
using Residual = torch::nn::ModuleHolder<ResidualImpl<Inner>>;

/// BN, 1x1, BN, grouped 3x3, ReLU6, 1x1: (N, C, h, w) -> (N, C, h, w).
class FeedForwardImpl : public torch::nn::Module {
 public:
  explicit FeedForwardImpl(std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn2_;
  torch::nn::Conv2d conv2_, conv3_;
};
TORCH_MODULE(FeedForward);

/// Residual feed-forward on 2, 4, 8 and 16 of the 30 channels, each part on its own.
class IntraFeedForwardImpl : public torch::nn::Module {
 public:
  IntraFeedForwardImpl();
  torch::Tensor forward(const torch::Tensor& x);

 private:
  std::vector<Residual<FeedForward>> parts_;
};
TORCH_MODULE(IntraFeedForward);

/// Linear without bias, then batch normalisation over the channels of all tokens.
class TokenProjectionImpl : public torch::nn::Module {
 public:
  TokenProjectionImpl(std::int64_t in, std::int64_t out);
  /// (B, tokens, in) -> (B, tokens, out).
  torch::Tensor forward(const torch::Tensor& tokens);

 private:
  torch::nn::Linear c_;
  torch::nn::BatchNorm1d bn_;
};
TORCH_MODULE(TokenProjection);

/// Attention of 8 heads over the tokens of all scales (keys 32, values 64) with a convolution on the values beside it.
class TokenAttentionImpl : public torch::nn::Module {
 public:
  TokenAttentionImpl(std::int64_t channels, const PstfnetOptions& options);
  /// tokens (B, N, C), the first h * w of them the finest map -> (B, C, h, w).
  torch::Tensor forward(const torch::Tensor& tokens, std::int64_t h, std::int64_t w);

 private:
  AttentionLayout layout_;
  TokenProjection qkv_;
  torch::nn::Sequential parallel_conv_;
  torch::nn::Linear to_out_;
  torch::nn::Linear proj_{nullptr};  // null: any size
};
TORCH_MODULE(TokenAttention);

/// CSA: the map at strides 1, 2 and 3 (relative), joined by attention. (B, C, h, w) -> (B, C, h, w).
class CrossScaleAttentionImpl : public torch::nn::Module {
 public:
  CrossScaleAttentionImpl(std::int64_t channels, const PstfnetOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Sequential half_, third_;
  TokenAttention attention_{nullptr};  // either this
  torch::nn::Conv2d fuse_{nullptr};    // or that
  torch::nn::BatchNorm2d bn4_;
  torch::nn::Conv2d conv_;
};
TORCH_MODULE(CrossScaleAttention);

/// One level: local features times an enlarged gate plus enlarged global features.
class GateImpl : public torch::nn::Module {
 public:
  explicit GateImpl(std::int64_t channels);
  /// local (B, C, H, W), coarse (B, C, h, w) -> (B, C, H, W).
  torch::Tensor forward(const torch::Tensor& local, const torch::Tensor& coarse);

 private:
  torch::nn::Conv2d local_embedding_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d global_embedding_;
  torch::nn::BatchNorm2d bn2_;
  torch::nn::Conv2d global_act_;
  torch::nn::BatchNorm2d bn3_;
};
TORCH_MODULE(Gate);

class FeatureFusionImpl : public torch::nn::Module {
 public:
  explicit FeatureFusionImpl(const PstfnetOptions& options);
  Levels forward(const Levels& levels);
  /// The levels mixed on the coarse grid, one tensor a level: (B, C, H/16, W/16). What the gates then enlarge.
  std::vector<torch::Tensor> Context(const Levels& levels);

 private:
  torch::nn::Conv2d down_channel_, up_channel_;
  Residual<CrossScaleAttention> csa1_;
  Residual<IntraFeedForward> intra_ff_;
  Residual<CrossScaleAttention> csa2_;
  Residual<FeedForward> ff_;
  torch::nn::BatchNorm2d bn_;
  std::vector<Gate> gates_;
};
TORCH_MODULE(FeatureFusion);

}  // namespace mirst
