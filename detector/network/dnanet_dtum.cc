#include "detector/network/dnanet_dtum.h"

#include <torch/torch.h>

#include "detector/network/nested_unet.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

constexpr std::size_t kLevels = 4;

class TriangleImpl final : public NestedUnet {
 public:
  TriangleImpl()
      : NestedUnet(3),
        final_(register_module("final", nn::Conv2d(nn::Conv2dOptions(kNestedChannels[0], kDtumChannels, 1)))) {}
  Tensor forward(const Tensor& images) { return final_(Triangle(images, kLevels)[0][kLevels - 1]); }

 private:
  nn::Conv2d final_;
};

}  // namespace

DtumNetwork MakeDnanetDtum() { return DtumNetwork("dnanet_dtum", "DNANet", std::make_shared<TriangleImpl>()); }

}  // namespace mirst
