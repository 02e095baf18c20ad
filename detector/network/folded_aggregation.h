// PTAM of one level (temporal_aggregation.h) for inference: normalisation folded, and of the 3-D convolutions only the
// frames that the window's last one needs. Sample by sample of a batch, frame by frame of the window.
#pragma once

#include <torch/types.h>

#include <array>
#include <string>
#include <vector>

#include "detector/network/direct_convolution.h"
#include "detector/network/folded_weights.h"
#include "detector/network/temporal_aggregation.h"

namespace mirst {

/// One tensor a frame of the window, oldest first; undefined where nobody needs it.
using WindowMaps = std::array<torch::Tensor, kWindowFrames>;

/// ReLU(BN(conv3d)) of a window, output frame by output frame.
class FoldedTemporalConv {
 public:
  FoldedTemporalConv() = default;
  /// weight (out, in, taps, k, k).
  explicit FoldedTemporalConv(const ConvWeights& conv);
  /// Output at frame `at`; in: the input's channels, as maps laid side by side. Reads the frames that it needs.
  torch::Tensor operator()(const std::vector<const WindowMaps*>& in, std::size_t at) const;

 private:
  std::size_t half_ = 0;
  std::array<DirectConvolution, kWindowFrames> by_frame_;  // the taps that meet frames of the window
};

class FoldedAggregation {
 public:
  FoldedAggregation() = default;
  /// `prefix`: of the level's names, "hdc0".
  FoldedAggregation(const FoldedWeights& weights, const std::string& prefix, const PstfnetOptions& options);

  /// What the first 3-D convolutions of both branches take of one frame: (N, C, h, w) -> (N, 3 * maps, h, w), a part
  /// for each tap in time; maps = C/4 a branch.
  torch::Tensor Taps(const torch::Tensor& features) const { return taps_({{features, {}}}); }
  /// Their output at a frame, from the taps of it and its neighbours in the window (undefined where it has none).
  torch::Tensor Start(const torch::Tensor& before, const torch::Tensor& frame, const torch::Tensor& after) const;
  /// current (N, C, h, w), starts: Start() of the five frames -> (N, C, h, w).
  torch::Tensor operator()(const torch::Tensor& current, const WindowMaps& starts) const;

 private:
  torch::Tensor Progressive(const WindowMaps& x) const;
  torch::Tensor MultiScale(const WindowMaps& x) const;

  bool p2d_ = false, m3d_ = false;
  std::int64_t maps_ = 0;  // of a branch
  DirectConvolution taps_;
  std::array<std::array<DirectConvolution, kWindowFrames>, kWindowFrames> steps_;  // [target][source], oldest first
  FoldedTemporalConv progressive_end_;
  std::array<std::array<FoldedTemporalConv, 4>, 3> branches_;
  FoldedTemporalConv tail_;
};

}  // namespace mirst
