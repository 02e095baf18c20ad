// PSTFNet: progressive spatio-temporal feature fusion network for infrared small targets (Zeng et al., J. Infrared
// Millim. Waves 43(6), 2024, 858-870). From five consecutive frames it gives a logit a pixel for the last one;
// prediction: logit > 0. The parameters' names are those of the authors' release, so that its weights can be loaded.
#pragma once

#include <torch/nn.h>

#include <array>
#include <vector>

#include "detector/network/feature_fusion.h"
#include "detector/network/pstfnet_options.h"
#include "detector/network/residual_block.h"
#include "detector/network/temporal_aggregation.h"

namespace mirst {

inline constexpr std::int64_t kPstfnetStride = 16;       ///< height and width must be multiples of it
inline constexpr std::int64_t kPstfnetNativeSize = 384;  ///< height and width in size mode native

class PstfnetImpl : public torch::nn::Module {
 public:
  explicit PstfnetImpl(const PstfnetOptions& options = {});

  const PstfnetOptions& options() const { return options_; }

  /// Sets the bias of the last layer, so that an untrained network answers `probability` in (0, 1) on the average.
  void SetInitialProbability(double probability);

  /// frames: (B, 1 or 3, 5, H, W) float, oldest first, normalised; one channel stands for three equal ones. Result:
  /// logits (B, 1, H, W) of the last frame. Throws kBadInput for a shape that the network does not take.
  torch::Tensor forward(const torch::Tensor& frames);

  /// The same in two steps, for streams: each frame is encoded once (inference only, as training in bn_frames separate
  /// or joint needs all frames together). image: (B, 1 or 3, H, W).
  Levels EncodeFrame(const torch::Tensor& image);
  /// The window's features, oldest first -> logits (B, 1, H, W).
  torch::Tensor FromFeatures(const std::array<Levels, 5>& window);

  /// Throws kBadInput for images (N, 1 or 3, H, W) that the network does not take.
  void CheckImages(const torch::Tensor& images) const;
  /// A null holder where the options leave it out.
  FeatureFusion fusion() const { return fusion_; }

  // The stages of forward(). `features`: five frames one after the other in the batch, oldest first.
  Levels Encode(const torch::Tensor& frames);
  Levels Aggregate(const Levels& features);
  Levels Fuse(const Levels& aggregated) { return fusion_ ? fusion_(aggregated) : aggregated; }
  torch::Tensor Decode(const Levels& fused);

 private:
  Levels EncodeBatch(torch::Tensor images);

  PstfnetOptions options_;
  std::vector<torch::nn::Sequential> encoder_, decoder_;
  torch::nn::Conv2d final_;
  FeatureFusion fusion_{nullptr};                 // null: no fusion
  std::vector<TemporalAggregation> aggregation_;  // a null entry: the current frame's features pass
};
TORCH_MODULE(Pstfnet);

/// Logits for frames of any size: padded on the right and below by reflection to a multiple of 16, cropped again.
/// frames as in forward(). Throws kBadInput where the image is too small to be reflected (less than half the padded
/// size).
torch::Tensor ForwardPadded(Pstfnet& network, const torch::Tensor& frames);

}  // namespace mirst
