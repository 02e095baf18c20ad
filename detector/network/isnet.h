// ISNet, the shape-matters network (Zhang et al., CVPR 2022), single-frame: a U-Net whose skips are joined by
// deformable convolutions along rows and columns, and a branch at full resolution that finds the targets' edges from
// the image's gradient. The parameters' names are those of the authors' release, including layers that it does not use.
#pragma once

#include <torch/nn.h>

#include <array>
#include <vector>

#include "detector/network/deformable_convolution.h"
#include "detector/network/fcn_head.h"

namespace mirst {

inline constexpr std::int64_t kIsnetStride = 16;  ///< height and width must be multiples of it

/// Two convolutions and what comes of them: sums to go on with and the change alone.
class EdgeBlockImpl : public torch::nn::Module {
 public:
  explicit EdgeBlockImpl(std::int64_t channels);
  struct Result {
    torch::Tensor sum, change;  ///< ReLU(x + b), ReLU(b), as x
  };
  Result forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  torch::nn::BatchNorm2d bn2_;
};
TORCH_MODULE(EdgeBlock);

/// Weighs a map by a gate of one value a pixel, made of it and of one more channel.
class GateConvImpl : public torch::nn::Module {
 public:
  explicit GateConvImpl(std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& guide);

 private:
  torch::Tensor weight_;
  torch::nn::Sequential gate_conv_;
};
TORCH_MODULE(GateConv);

/// TFD: sharpens the edge features (N, 64, H, W) where the guide (N, 1, H, W) asks for it.
class EdgeStageImpl : public torch::nn::Module {
 public:
  EdgeStageImpl();
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& guide);

 private:
  EdgeBlock res1_, res2_;
  GateConv gate_;
};
TORCH_MODULE(EdgeStage);

/// TTOA: joins a coarse map (enlarged) and a fine one by attention along rows and along columns.
class OrientedAttentionImpl : public torch::nn::Module {
 public:
  explicit OrientedAttentionImpl(std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& low, const torch::Tensor& high);

 private:
  DeformableConv row_, column_;
  torch::nn::Sequential preprocess_;
};
TORCH_MODULE(OrientedAttention);

class IsnetImpl : public torch::nn::Module {
 public:
  /// `channels` of the image: 3 as released, 1 as in BasicIRSTD.
  explicit IsnetImpl(std::int64_t channels = 3);

  struct Outputs {
    torch::Tensor logits;       ///< (B, 1, H, W)
    torch::Tensor edge_logits;  ///< (B, 1, H, W), of the target's edge
  };
  /// images: (B, channels, H, W) float, normalised. `gradients`: their GradientMagnitude (network_loss.h), same shape.
  /// Throws kBadInput for another shape.
  Outputs forward(const torch::Tensor& images, const torch::Tensor& gradients);

 private:
  void RegisterUnused();

  std::int64_t channels_;
  torch::nn::Sequential stem_;
  OrientedAttention join_low_, join_high_;
  torch::nn::Sequential layer1_, layer2_, layer3_, up2_, up1_;
  torch::nn::ConvTranspose2d deconv2_, deconv1_;
  FcnHead head_;
  std::array<torch::nn::Conv2d, 3> guides_;
  torch::nn::Conv2d fuse_, gradient_features_;
  std::array<EdgeStage, 3> edges_;
};
TORCH_MODULE(Isnet);

}  // namespace mirst
