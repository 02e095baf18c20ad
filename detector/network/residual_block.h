// The residual block of PSTFNet's encoder and decoder, with or without CBAM attention (Woo et al., ECCV 2018).
#pragma once

#include <torch/nn.h>

namespace mirst {

enum class Cbam { kOff, kOn };
inline constexpr std::int64_t kAttentionReduction = 8;  ///< of the channel attention, in PSTFNet

/// One weight a channel from its mean and its maximum: sigmoid(MLP(mean) + MLP(max)), shape (N, C, 1, 1).
class ChannelAttentionImpl : public torch::nn::Module {
 public:
  /// The MLP's hidden layer has channels / reduction values.
  explicit ChannelAttentionImpl(std::int64_t channels, std::int64_t reduction = kAttentionReduction);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d fc1_, fc2_;
};
TORCH_MODULE(ChannelAttention);

/// One weight a pixel from the mean and maximum over the channels, shape (N, 1, h, w).
class SpatialAttentionImpl : public torch::nn::Module {
 public:
  SpatialAttentionImpl();
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv1_;
};
TORCH_MODULE(SpatialAttention);

/// (N, in, h, w) -> (N, out, h, w).
class ResidualBlockImpl : public torch::nn::Module {
 public:
  ResidualBlockImpl(std::int64_t in, std::int64_t out, Cbam cbam, std::int64_t reduction = kAttentionReduction);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  torch::nn::BatchNorm2d bn2_;
  torch::nn::Conv2d shortcut_conv_{nullptr};  // null: the shortcut is the identity
  torch::nn::BatchNorm2d shortcut_norm_{nullptr};
  ChannelAttention ca_{nullptr};  // null: no CBAM
  SpatialAttention sa_{nullptr};
};
TORCH_MODULE(ResidualBlock);

/// Two residual blocks, in -> out -> out.
torch::nn::Sequential ResidualPair(std::int64_t in, std::int64_t out, Cbam cbam);

}  // namespace mirst
