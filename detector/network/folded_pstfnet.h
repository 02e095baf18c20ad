// PSTFNet for inference: batch normalisation folded into the convolutions, only the time steps that the last frame
// needs, and the work split into what a frame needs once and what each window needs. Few channels cost little
// (direct_convolution.h). Weights are copied, so later changes of the network do not count.
#pragma once

#include <torch/types.h>

#include <array>
#include <vector>

#include "detector/network/direct_convolution.h"
#include "detector/network/folded_aggregation.h"
#include "detector/network/pstfnet.h"

namespace mirst {

/// What a frame gives to every window that it lies in.
struct FrameFeatures {
  Levels features;  ///< (N, C, h, w)
  Levels taps;      ///< FoldedAggregation::Taps, undefined at levels without aggregation
};

/// Where a part of a frame lies in it, in pixels at full resolution: its corner (a multiple of 16) and the whole
/// frame's size (padded to such). The decoder enlarges its maps by the frame's corners, so a part must know them.
struct FramePart {
  std::int64_t y = 0, x = 0, height = 0, width = 0;
};

struct DecodedFrame {
  std::array<torch::Tensor, 3> features;  ///< (N, 32, H/4, W/4), (N, 16, H/2, W/2), (N, 8, H, W)
  torch::Tensor logits;                   ///< (N, 1, H, W)
};

class FoldedPstfnet {
 public:
  /// `network` must lie where the frames will. It is put into evaluation mode; its fusion block goes on being used.
  explicit FoldedPstfnet(Pstfnet network);

  /// N frames: images (N, 1 or 3, H, W). Throws kBadInput as the network.
  FrameFeatures Encode(const torch::Tensor& images) const;
  /// FoldedAggregation::Start at each level; null: no such neighbour in the window.
  Levels Start(const FrameFeatures* before, const FrameFeatures& frame, const FrameFeatures* after) const;
  /// current: of the window's last frame; starts: of its five frames, oldest first; `part`: null for whole frames.
  DecodedFrame Decode(const FrameFeatures& current, const std::array<Levels, kWindowFrames>& starts,
                      const FramePart* part = nullptr) const;

  /// A whole window: frames (B, 1 or 3, 5, H, W) -> logits (B, 1, H, W), as Pstfnet::forward.
  torch::Tensor Forward(const torch::Tensor& frames) const;

 private:
  struct Block {
    DirectConvolution conv1, conv2, shortcut;  // shortcut without weights: the identity
    torch::Tensor squeeze, excite;             // undefined: no CBAM
    DirectConvolution spatial;
  };
  struct Gate {
    DirectConvolution local, context, gate;
  };
  static Block MakeBlock(const FoldedWeights& weights, const std::string& prefix);
  static Block ForGrey(const Block& block);
  static torch::Tensor Run(const Block& block, const std::vector<ConvInput>& x);
  DecodedFrame RunDecoder(const Levels& fused, const FramePart* part) const;
  Levels Fuse(const Levels& aggregated) const;

  Pstfnet network_;
  std::array<std::array<Block, 2>, 4> encoder_;
  Block grey_;  // the encoder's first block for one channel that stands for three
  std::array<FoldedAggregation, 4> aggregation_;
  std::array<Gate, 4> gates_;
  std::array<std::array<Block, 2>, 3> decoder_;  // coarsest first
  DirectConvolution final_;
};

/// So far around a pixel a network without CBAM and MSFM sees; with CBAM's spatial attention `kCbamRadiusPx`. (Its
/// channel attention and MSFM see all.) Levels add up: encoder 4 + 8 + 16 + 32 and 7 by pooling, with spatial attention
/// 90 more; aggregation 6 x 8; decoder 8 + 16, 4 + 8, 2 + 4; up to a multiple of 16.
inline constexpr int kPlainRadiusPx = 160, kCbamRadiusPx = 256;

}  // namespace mirst
