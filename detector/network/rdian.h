// RDIAN, the receptive-field and direction-induced attention network (Sun et al., IEEE TGRS 61, 2023): a single-frame
// detector that weighs shallow features by fixed directional differences and deep ones by kernels of four sizes. From
// one image it gives a logit a pixel. The parameters' names are those of the authors' release.
#pragma once

#include <torch/nn.h>

#include <vector>

#include "detector/network/conv_block.h"
#include "detector/network/fcn_head.h"

namespace mirst {

class RdianImpl : public torch::nn::Module {
 public:
  RdianImpl();
  /// images: (B, 1, H, W) float, any size. Result: logits (B, 1, H, W). Throws kBadInput for another shape.
  torch::Tensor forward(const torch::Tensor& images);

 private:
  torch::Tensor DirectionWeights(const torch::Tensor& images);
  torch::Tensor Attend(torch::Tensor x);

  ConvBlock conv1_, conv2_;
  std::vector<torch::nn::Sequential> branches_;  // receptive fields 1, 3, 5, 7
  torch::nn::Sequential channel_mlp_;
  ConvBlock spatial_;
  ConvBlock conv_cat_, conv_res_;
  std::vector<std::shared_ptr<torch::nn::Module>> directions_;  // of one fixed kernel each
  FcnHead head_;
};
TORCH_MODULE(Rdian);

}  // namespace mirst
