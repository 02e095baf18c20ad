// UIU-Net, the U-Net in U-Net (Wu et al., IEEE TIP 32, 2023), single-frame: residual U-blocks as the stages of a larger
// U, joined by interactive cross-attention. Seven outputs are trained; the first is the prediction. The parameters'
// names are those of the authors' release.
#pragma once

#include <torch/nn.h>

#include <array>
#include <string>
#include <vector>

#include "detector/network/conv_block.h"

namespace mirst {

/// A residual U-block: `depth` levels between two convolutions (in -> out), `middle` channels inside.
class UBlockImpl : public torch::nn::Module {
 public:
  enum class Scales {
    kPooled,   ///< each level at half the size of the one above it; the deepest dilated by 2 instead
    kDilated,  ///< all levels at full size, dilated by 1, 2, 4, 8
  };
  UBlockImpl(std::int64_t depth, std::int64_t in, std::int64_t middle, std::int64_t out,
             Scales scales = Scales::kPooled);
  /// (N, in, h, w) -> (N, out, h, w).
  torch::Tensor forward(const torch::Tensor& x);

 private:
  Scales scales_;
  ConvBlock input_;
  std::vector<ConvBlock> encoder_;  // levels 1..depth
  std::vector<ConvBlock> decoder_;  // levels depth - 1..1
};
TORCH_MODULE(UBlock);

/// Interactive cross-attention of a coarse (already enlarged) and a fine map of the same shape: two maps, joined.
class CrossAttentionImpl : public torch::nn::Module {
 public:
  explicit CrossAttentionImpl(std::int64_t channels);
  /// (N, C, h, w) twice -> (N, 2 C, h, w).
  torch::Tensor forward(const torch::Tensor& coarse, const torch::Tensor& fine);

 private:
  ConvBlock feature_high_;
  torch::nn::Sequential topdown_, bottomup_;
  torch::nn::Conv2d spatial_;
  ConvBlock post_;
};
TORCH_MODULE(CrossAttention);

class UiunetImpl : public torch::nn::Module {
 public:
  /// `channels` of the image: 3 as released, 1 as in BasicIRSTD.
  explicit UiunetImpl(std::int64_t channels = 3);
  /// images: (B, channels, H, W) float, any size; in training more than one image. Result: seven logit maps
  /// (B, 1, H, W); the first is the prediction. Throws kBadInput for another shape.
  std::vector<torch::Tensor> forward(const torch::Tensor& images);

 private:
  std::int64_t channels_;
  std::vector<UBlock> encoder_;          // stages 1..6
  std::vector<UBlock> decoder_;          // stages 5..1
  std::vector<torch::nn::Conv2d> side_;  // of the decoder's stages 1..5 and the encoder's stage 6
  torch::nn::Conv2d join_{nullptr};
  std::vector<CrossAttention> fuse_;  // stages 5..2
};
TORCH_MODULE(Uiunet);

}  // namespace mirst
