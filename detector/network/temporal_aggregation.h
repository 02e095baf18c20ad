// PTAM, the progressive temporal aggregation of PSTFNet (Zeng et al., J. Infrared Millim. Waves 43(6), 2024): from the
// features of five frames at one level it weighs those of the current frame. Five frames lie one after the other in the
// batch, oldest first: shape (5 * B, C, h, w), frame t at [t * B, (t + 1) * B).
#pragma once

#include <torch/nn.h>

#include <array>
#include <vector>

#include "detector/network/pstfnet_options.h"

namespace mirst {

inline constexpr std::int64_t kWindowFrames = 5;

/// ReLU(BN(3-D convolution)), computed as 2-D convolutions with the time taps in the channels: several times faster on
/// a CPU where channels are few. Zero padding in time and space; kernels are odd.
class TemporalConvImpl : public torch::nn::Module {
 public:
  TemporalConvImpl(std::int64_t in, std::int64_t out, std::array<std::int64_t, 3> kernel_thw);

  /// x holds the last `frames` frames of the window, (frames * B, in, h, w); result: the last `kept` frames. Frames
  /// older than x count as 0, so x must reach back InputFrames(kept).
  torch::Tensor forward(const torch::Tensor& x, std::int64_t frames, std::int64_t kept);
  /// Frames of input on which the last `kept` frames of output depend.
  std::int64_t InputFrames(std::int64_t kept) const;
  /// In inference the last `wanted` frames suffice; batch normalisation in training needs the whole window.
  std::int64_t FramesToCompute(std::int64_t wanted) const;

 private:
  torch::nn::Conv3d conv1_;
  torch::nn::BatchNorm2d norm_;
};
TORCH_MODULE(TemporalConv);

/// ReLU(BN(conv k x k)) of stride 1.
class SpatialConvImpl : public torch::nn::Module {
 public:
  SpatialConvImpl(std::int64_t channels, std::int64_t kernel);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv1_;
  torch::nn::BatchNorm2d norm_;
};
TORCH_MODULE(SpatialConv);

/// P2DConv: frame by frame towards the present, each step sees all earlier results through a kernel that grows with the
/// time gap (k = 2 gap + 1). (5 * B, C, h, w) -> weights (B, C, h, w) in [0.5, 1).
class Progressive2dConvImpl : public torch::nn::Module {
 public:
  explicit Progressive2dConvImpl(std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  // From frame `source` to frame `target`, both counted backwards from the present; source >= target.
  SpatialConv& Step(std::size_t source, std::size_t target) { return steps_[source - target][kOldest - source]; }

  static constexpr std::size_t kOldest = kWindowFrames - 1;
  TemporalConv conv1_, conv2_;
  std::vector<std::vector<SpatialConv>> steps_;
};
TORCH_MODULE(Progressive2dConv);

/// One level's PTAM: R + R * Wp * Wm with R the current frame's features. Holds the M3DConv branch itself (head, three
/// branches of growing temporal kernel, tail) and the P2DConv branch as "DT".
class TemporalAggregationImpl : public torch::nn::Module {
 public:
  TemporalAggregationImpl(std::int64_t channels, const PstfnetOptions& options);
  /// (5 * B, C, h, w) -> (B, C, h, w).
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::Tensor MultiScaleWeights(const torch::Tensor& x);

  TemporalConv head_{nullptr}, tail_{nullptr};  // null: no M3DConv
  std::vector<std::vector<TemporalConv>> branches_;
  Progressive2dConv progressive_{nullptr};  // null: no P2DConv
};
TORCH_MODULE(TemporalAggregation);

}  // namespace mirst
