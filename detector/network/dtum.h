// DTUM, the direction-coded temporal U-shape module (Li et al., IEEE TNNLS 2023): it turns the features of five frames
// into logits of the last one. Each 2x2 maximum is multiplied by where it lay inside its cell, so that motion leaves a
// trace in the coarse levels. A per-frame network in front of it gives the features; those of a stream's older frames
// can be kept. The parameters' names are those of the authors' release.
#pragma once

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "detector/network/temporal_aggregation.h"

namespace mirst {

inline constexpr std::int64_t kDtumChannels = 32;
inline constexpr std::int64_t kDtumStride = 8;  ///< height and width must be multiples of it

/// Maxima of 2x2 cells, each times the place where it lay: left above -1.5, right above -0.5, left below 0.5, right
/// below 1.5; of equal values the first counts. (N, h, w) -> (N, h / 2, w / 2).
torch::Tensor PoolWithDirection(const torch::Tensor& x);

class DtumImpl : public torch::nn::Module {
 public:
  DtumImpl();
  /// Features of five frames, oldest first, (B, 32, 5, H, W) -> logits (B, 1, H, W).
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::BatchNorm3d bn0_;
  torch::nn::Conv3d conv1_1_;
  torch::nn::BatchNorm3d bn1_1_;
  torch::nn::Conv3d conv2_1_;
  torch::nn::BatchNorm3d bn2_1_;
  torch::nn::Conv3d conv3_1_;
  torch::nn::BatchNorm3d bn3_1_;
  torch::nn::Conv3d conv4_1_;
  torch::nn::BatchNorm3d bn4_1_;
  torch::nn::Conv3d conv3_2_;
  torch::nn::BatchNorm3d bn3_2_;
  torch::nn::Conv3d conv2_2_;
  torch::nn::BatchNorm3d bn2_2_;
  torch::nn::Conv3d conv1_2_;
  torch::nn::BatchNorm3d bn1_2_;
  torch::nn::Sequential final_;
};
TORCH_MODULE(Dtum);

/// A per-frame network followed by DTUM.
class DtumNetworkImpl : public torch::nn::Module {
 public:
  /// `encoder`: a module that gives features of images at their own resolution, (N, 3, H, W) -> (N, 32, H, W), stored
  /// under `encoder_name`.
  template <class Encoder>
  DtumNetworkImpl(std::string arch, const std::string& encoder_name, std::shared_ptr<Encoder> encoder)
      : arch_(std::move(arch)), encode_([encoder](const torch::Tensor& images) { return encoder->forward(images); }) {
    register_module(encoder_name, encoder);
    register_module("DTUM", dtum_);
  }

  /// frames: (B, 1 or 3, 5, H, W) float, oldest first, normalised; one channel stands for three equal ones. Result:
  /// logits (B, 1, H, W) of the last frame. Throws kBadInput for a shape that the network does not take.
  torch::Tensor forward(const torch::Tensor& frames);

  /// The same in two steps, for streams that encode each frame once. image: (B, 1 or 3, H, W) -> (B, 32, H, W).
  torch::Tensor EncodeFrame(const torch::Tensor& image);
  /// Five frames' features, oldest first -> logits (B, 1, H, W).
  torch::Tensor FromFeatures(const std::vector<torch::Tensor>& window);

 private:
  std::string arch_;
  std::function<torch::Tensor(const torch::Tensor&)> encode_;
  Dtum dtum_;
};
TORCH_MODULE(DtumNetwork);

}  // namespace mirst
