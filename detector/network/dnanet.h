// DNANet, the dense nested attention network (Li et al., IEEE TIP 32, 2023), single-frame. Four outputs are trained;
// the last one is the prediction. The parameters' names are those of the authors' release.
#pragma once

#include <torch/nn.h>

#include <array>
#include <vector>

#include "detector/network/nested_unet.h"

namespace mirst {

inline constexpr std::int64_t kDnanetStride = 16;  ///< height and width must be multiples of it

class DnanetImpl : public NestedUnet {
 public:
  /// `channels` of the image: 3 as released, 1 as in BasicIRSTD.
  explicit DnanetImpl(std::int64_t channels = 3);
  /// images: (B, channels, H, W) float. Result: four logit maps (B, 1, H, W); the last is the prediction. Throws
  /// kBadInput for another shape.
  std::vector<torch::Tensor> forward(const torch::Tensor& images);

 private:
  std::int64_t channels_;
  std::array<torch::nn::Conv2d, 4> final_;
};
TORCH_MODULE(Dnanet);

}  // namespace mirst
