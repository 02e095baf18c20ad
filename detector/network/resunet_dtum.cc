#include "detector/network/resunet_dtum.h"

#include <torch/torch.h>

#include "detector/network/network_input.h"
#include "detector/network/residual_block.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

nn::Sequential Block(std::int64_t in, std::int64_t out) { return nn::Sequential(ResidualBlock(in, out, Cbam::kOff)); }

Tensor Half(const Tensor& x) { return torch::max_pool2d(x, {2, 2}); }

/// The fine level, then the coarse one enlarged to its size.
Tensor Join(const Tensor& fine, const Tensor& coarse) {
  return torch::cat({fine, Bilinear(coarse, fine.size(2), fine.size(3), Corners::kAligned)}, 1);
}

class ResunetImpl final : public nn::Module {
 public:
  ResunetImpl()
      : conv0_0_(register_module("conv0_0", Block(3, 8))),
        conv1_0_(register_module("conv1_0", ResidualPair(8, 16, Cbam::kOff))),
        conv2_0_(register_module("conv2_0", ResidualPair(16, 32, Cbam::kOff))),
        conv3_0_(register_module("conv3_0", ResidualPair(32, 64, Cbam::kOff))),
        conv2_1_(register_module("conv2_1", Block(32 + 64, 32))),
        conv1_2_(register_module("conv1_2", Block(16 + 32, 16))),
        conv0_3_(register_module("conv0_3", Block(8 + 16, 8))),
        final_(register_module("final", nn::Conv2d(nn::Conv2dOptions(8, kDtumChannels, 1)))) {}

  Tensor forward(const Tensor& images) {
    const Tensor a0 = conv0_0_->forward(images);
    const Tensor a1 = conv1_0_->forward(Half(a0));
    const Tensor a2 = conv2_0_->forward(Half(a1));
    const Tensor b2 = conv2_1_->forward(Join(a2, conv3_0_->forward(Half(a2))));
    const Tensor b1 = conv1_2_->forward(Join(a1, b2));
    return final_(conv0_3_->forward(Join(a0, b1)));
  }

 private:
  nn::Sequential conv0_0_, conv1_0_, conv2_0_, conv3_0_, conv2_1_, conv1_2_, conv0_3_;
  nn::Conv2d final_;
};

}  // namespace

DtumNetwork MakeResunetDtum() { return DtumNetwork("resunet_dtum", "UNet", std::make_shared<ResunetImpl>()); }

}  // namespace mirst
