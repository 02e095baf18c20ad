// SSTNet, sliced spatio-temporal network (Chen et al., IEEE TGRS 62, 2024): boxes of targets in the last of five
// frames. A YOLOX backbone on each frame, a neck that couples the frames, YOLOX's head. While training, a recurrent
// branch over the raw frames must foretell the backbone's features. The parameters' names are those of the authors'
// release, including the layers that it stores and does not use.
#pragma once

#include <torch/nn.h>

#include <vector>

#include "detector/network/conv_block.h"
#include "detector/network/yolox.h"

namespace mirst {

inline constexpr std::int64_t kSstnetTrainingSize = 512;  ///< height and width while training

/// Features of five frames (B, 128, h, w), the last one current -> (B, 128, h, w).
class MotionNeckImpl : public torch::nn::Module {
 public:
  MotionNeckImpl();
  torch::Tensor forward(const std::vector<torch::Tensor>& features);

 private:
  torch::nn::ParameterList weight_;
  torch::nn::Sequential conv_ref_, conv_cur_, conv_gl_, conv_gl_mix_, conv_cr_mix_, conv_final_;
};
TORCH_MODULE(MotionNeck);

class SstnetImpl : public torch::nn::Module {
 public:
  SstnetImpl();

  /// frames: (B, 1 or 3, 5, H, W) float, oldest first, normalised; one channel stands for three equal ones; H and W
  /// multiples of 32. Result: (B, 6, H / 8, W / 8), YoloxHead's outputs of the last frame. Throws kBadInput for another
  /// shape.
  torch::Tensor forward(const torch::Tensor& frames);

  struct Training {
    torch::Tensor outputs;      ///< as forward()
    torch::Tensor motion_loss;  ///< scalar: how far the foretold features are from the backbone's
  };
  /// H = W = 512.
  Training ForTraining(const torch::Tensor& frames);

  /// forward() in two steps, for streams: (B, 1 or 3, H, W) -> (B, 128, H / 8, W / 8), and five of them.
  torch::Tensor EncodeFrame(const torch::Tensor& image);
  torch::Tensor FromFeatures(const std::vector<torch::Tensor>& window);

 private:
  std::vector<torch::Tensor> Encode(const torch::Tensor& frames);
  torch::Tensor Foretell(const torch::Tensor& frames);

  YoloxPyramid backbone_;
  MotionNeck neck_;
  YoloxHead head_;
  torch::nn::Sequential mapping1_, mapping2_;
  torch::nn::Conv2d cell_conv_{nullptr}, cell_conv2_{nullptr};
};
TORCH_MODULE(Sstnet);

}  // namespace mirst
