// The parts of YOLOX (Ge et al., arXiv 2107.08430, 2021) that SSTNet is made of: the CSP-Darknet backbone in size s
// with its feature pyramid down to stride 8, and the decoupled head. The parameters' names are those of SSTNet's
// release.
#pragma once

#include <torch/nn.h>

#include <vector>

#include "detector/network/conv_block.h"

namespace mirst {

inline constexpr std::int64_t kYoloxStride = 8;        ///< of the features and of the head's grid
inline constexpr std::int64_t kYoloxInputStride = 32;  ///< height and width of images must be multiples of it
inline constexpr std::int64_t kYoloxFeatures = 128;    ///< channels of the features
inline constexpr std::int64_t kYoloxOutputs = 6;       ///< x, y, w, h, object, class

/// Convolution, normalisation (eps 1e-3, momentum 0.03) and an activation.
ConvBlock YoloxBlock(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
                     Activation activation = Activation::kSilu);

/// (N, 3, H, W) -> (N, 128, H / 8, W / 8).
class YoloxPyramidImpl : public torch::nn::Module {
 public:
  YoloxPyramidImpl();
  torch::Tensor forward(const torch::Tensor& images);

 private:
  ConvBlock stem_;
  torch::nn::Sequential dark2_, dark3_, dark4_, dark5_;
  ConvBlock lateral_conv0_;
  torch::nn::Sequential c3_p4_, c3_p3_;
  ConvBlock reduce_conv1_;
};
TORCH_MODULE(YoloxPyramid);

/// (N, 128, h, w) -> (N, 6, h, w): box (x, y offsets from the cell, logarithms of w and h, in strides), object logit,
/// class logit (one class).
class YoloxHeadImpl : public torch::nn::Module {
 public:
  YoloxHeadImpl();
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::Sequential cls_convs_, reg_convs_;
  torch::nn::Conv2d cls_pred_, reg_pred_, obj_pred_;
  ConvBlock stem_;
};
TORCH_MODULE(YoloxHead);

}  // namespace mirst
