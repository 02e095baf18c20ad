#include "detector/network/dtum.h"

#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/network_input.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

constexpr std::int64_t kTaps = 5;

nn::Conv3d TapsConv(std::int64_t in) {
  return nn::Conv3d(nn::Conv3dOptions(in, kDtumChannels, {kTaps, 1, 1}).padding({kTaps / 2, 0, 0}));
}

/// Frames into the channels and back: a module of 3-D convolutions without spatial extent is one of matrices.
Tensor Flat(const Tensor& x) { return x.flatten(1, 2); }
Tensor Unflat(const Tensor& x) { return x.view({x.size(0), kDtumChannels, -1, x.size(2), x.size(3)}); }

/// The taps of a (5, 1, 1) kernel for the frames `first` .. 4 as one matrix: its row (channel, frame t) holds the
/// weight of frame s at tap s - t + 2, which is how a convolution with zero padding meets a window of five.
Tensor TemporalMatrix(const Tensor& weight, std::int64_t first) {
  const Tensor taps = torch::constant_pad_nd(weight.flatten(2), {kTaps / 2, kTaps / 2});
  std::vector<Tensor> rows;
  for (std::int64_t t = first; t < kWindowFrames; ++t) rows.push_back(taps.narrow(2, kWindowFrames - 1 - t, kTaps));
  return torch::stack(rows, 1).flatten(2).flatten(0, 1).unsqueeze(-1).unsqueeze(-1);
}

/// A (5, 1, 1) convolution over (B, C, 5, h, w) that keeps all frames.
Tensor MixFrames(nn::Conv3d& conv, const Tensor& x) {
  return Unflat(torch::conv2d(Flat(x), TemporalMatrix(conv->weight, 0), conv->bias.repeat_interleave(kWindowFrames)));
}

/// The same without temporal padding: (B, C, 5, h, w) -> (B, 32, 1, h, w).
Tensor JoinFrames(nn::Conv3d& conv, const Tensor& x) {
  return Unflat(torch::conv2d(Flat(x), conv->weight.flatten(1).unsqueeze(-1).unsqueeze(-1), conv->bias));
}

Tensor Down(const Tensor& x) {
  const Tensor pooled = PoolWithDirection(x.flatten(0, 2));
  return pooled.view({x.size(0), x.size(1), x.size(2), pooled.size(1), pooled.size(2)});
}

/// The coarse level enlarged to the fine one's size, before it.
Tensor UpAndJoin(const Tensor& coarse, const Tensor& fine) {
  return torch::cat({Unflat(torch::upsample_nearest2d(Flat(coarse), {fine.size(3), fine.size(4)})), fine}, 1);
}

}  // namespace

Tensor PoolWithDirection(const Tensor& x) {
  const auto [maxima, index] = torch::max_pool2d_with_indices(x, {2, 2});
  const std::int64_t width = x.size(-1);
  const Tensor right = index.remainder(width).bitwise_and(1), below = index.div(width, "trunc").bitwise_and(1);
  return maxima * (right + 2 * below - 1.5).to(x.scalar_type());
}

DtumImpl::DtumImpl()
    : bn0_(register_module("bn0", nn::BatchNorm3d(kDtumChannels))),
      conv1_1_(register_module("conv1_1", TapsConv(kDtumChannels))),
      bn1_1_(register_module("bn1_1", nn::BatchNorm3d(kDtumChannels))),
      conv2_1_(register_module("conv2_1", TapsConv(kDtumChannels))),
      bn2_1_(register_module("bn2_1", nn::BatchNorm3d(kDtumChannels))),
      conv3_1_(register_module("conv3_1", TapsConv(kDtumChannels))),
      bn3_1_(register_module("bn3_1", nn::BatchNorm3d(kDtumChannels))),
      conv4_1_(register_module("conv4_1", TapsConv(kDtumChannels))),
      bn4_1_(register_module("bn4_1", nn::BatchNorm3d(kDtumChannels))),
      conv3_2_(register_module("conv3_2", TapsConv(2 * kDtumChannels))),
      bn3_2_(register_module("bn3_2", nn::BatchNorm3d(kDtumChannels))),
      conv2_2_(register_module("conv2_2", TapsConv(2 * kDtumChannels))),
      bn2_2_(register_module("bn2_2", nn::BatchNorm3d(kDtumChannels))),
      conv1_2_(register_module("conv1_2", TapsConv(2 * kDtumChannels))),
      bn1_2_(register_module("bn1_2", nn::BatchNorm3d(kDtumChannels))),
      final_(register_module(
          "final",
          nn::Sequential(nn::Conv3d(nn::Conv3dOptions(2 * kDtumChannels, kDtumChannels, {1, 3, 3}).padding({0, 1, 1})),
                         nn::BatchNorm3d(kDtumChannels), nn::ReLU(nn::ReLUOptions().inplace(true)), nn::Dropout3d(0.5),
                         nn::Conv3d(nn::Conv3dOptions(kDtumChannels, 1, 1))))) {}

Tensor DtumImpl::forward(const Tensor& features) {
  const Tensor x = bn0_(features).relu_();
  const Tensor x1 = bn1_1_(MixFrames(conv1_1_, x)).relu_();
  const Tensor x2 = bn2_1_(MixFrames(conv2_1_, Down(x1)).abs()).relu_();
  const Tensor x3 = bn3_1_(MixFrames(conv3_1_, Down(x2)).abs()).relu_();
  const Tensor x4 = bn4_1_(MixFrames(conv4_1_, Down(x3)).abs()).relu_();
  const Tensor o3 = bn3_2_(MixFrames(conv3_2_, UpAndJoin(x4, x3))).relu_();
  // Detached as in the release, whose weights were trained so: the levels below learn nothing, their layers stay as
  // initialised but for the normalisations' running statistics.
  const Tensor o2 = bn2_2_(MixFrames(conv2_2_, UpAndJoin(o3, x2))).relu_().detach();
  const Tensor o1 = bn1_2_(JoinFrames(conv1_2_, UpAndJoin(o2, x1))).relu_();
  return final_->forward(torch::cat({o1, x.narrow(2, kWindowFrames - 1, 1)}, 1)).squeeze(2);
}

Tensor DtumNetworkImpl::forward(const Tensor& frames) {
  const Tensor images = ThreeChannelFrames(arch_.c_str(), frames, kDtumStride);
  // Frame by frame, the newest first: each is one batch of the normalisations, in the order of the release.
  std::vector<Tensor> window(kWindowFrames);
  for (std::int64_t t = kWindowFrames - 1; t >= 0; --t)
    window[static_cast<std::size_t>(t)] = encode_(images.select(2, t));
  return FromFeatures(window);
}

Tensor DtumNetworkImpl::EncodeFrame(const Tensor& image) {
  const Tensor image3 = image.expand({-1, 3, -1, -1});
  CheckImages(arch_.c_str(), image3, 3, kDtumStride);
  return encode_(image3);
}

Tensor DtumNetworkImpl::FromFeatures(const std::vector<Tensor>& window) {
  if (window.size() != kWindowFrames) throw InternalError("DTUM needs the features of five frames");
  return dtum_(torch::stack(window, 2));
}

}  // namespace mirst
