#include "detector/network/isnet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <memory>

#include "core/error.h"
#include "detector/network/conv_block.h"
#include "detector/network/network_input.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

constexpr std::int64_t kEdgeChannels = 64;

nn::Conv2d Conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
  return nn::Conv2d(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}
nn::Conv2d Point(std::int64_t in, std::int64_t out) { return nn::Conv2d(nn::Conv2dOptions(in, out, 1)); }
nn::ReLU Relu() { return nn::ReLU(nn::ReLUOptions().inplace(true)); }
nn::ConvTranspose2d Twice(std::int64_t in, std::int64_t out) {
  return nn::ConvTranspose2d(nn::ConvTranspose2dOptions(in, out, 4).stride(2).padding(1));
}

class ResidualImpl final : public nn::Module {
 public:
  ResidualImpl(std::int64_t in, std::int64_t out, std::int64_t stride)
      : body_(register_module("body", nn::Sequential(Conv(in, out, 3, stride), nn::BatchNorm2d(out), Relu(),
                                                     Conv(out, out, 3), nn::BatchNorm2d(out)))) {
    if (in != out || stride != 1) {
      register_module("downsample", downsample_);
      downsample_->push_back(Conv(in, out, 1, stride));
      downsample_->push_back(nn::BatchNorm2d(out));
    }
  }
  Tensor forward(const Tensor& x) {
    return (body_->forward(x) + (downsample_->is_empty() ? x : downsample_->forward(x))).relu_();
  }

 private:
  nn::Sequential body_, downsample_;  // the latter empty: the shortcut is the identity
};

nn::Sequential FourResiduals(std::int64_t in, std::int64_t out) {
  const std::int64_t stride = in == out ? 1 : 2;
  nn::Sequential layer(std::make_shared<ResidualImpl>(in, out, stride));
  for (int i = 0; i < 3; ++i) layer->push_back(std::make_shared<ResidualImpl>(out, out, 1));
  return layer;
}

/// The stored, unused attention of the release: four factors and a normalisation.
std::shared_ptr<nn::Module> UnusedShuffleAttention(std::int64_t channels) {
  const auto module = std::make_shared<nn::Module>();
  for (const char* name : {"cweight", "cbias", "sweight", "sbias"}) {
    module->register_parameter(name, torch::zeros({1, channels, 1, 1}));
  }
  module->register_module("gn", nn::GroupNorm(channels, channels));
  return module;
}

}  // namespace

EdgeBlockImpl::EdgeBlockImpl(std::int64_t channels)
    : conv1_(register_module("conv1", Conv(channels, channels, 3))),
      bn1_(register_module("bn1", nn::BatchNorm2d(channels))),
      conv2_(register_module("conv2", Conv(channels, channels, 3))),
      bn2_(register_module("bn2", nn::BatchNorm2d(channels))) {}

EdgeBlockImpl::Result EdgeBlockImpl::forward(const Tensor& x) {
  const Tensor change = NormalisedConv(conv2_, bn2_, NormalisedConv(conv1_, bn1_, x).relu_());
  return {torch::relu(x + change), torch::relu(change)};
}

GateConvImpl::GateConvImpl(std::int64_t channels)
    : weight_(register_parameter("weight", torch::empty({channels, channels, 1, 1}))),
      gate_conv_(register_module(
          "_gate_conv", nn::Sequential(nn::BatchNorm2d(channels + 1), Point(channels + 1, channels + 1), Relu(),
                                       Point(channels + 1, 1), nn::BatchNorm2d(1), nn::Sigmoid()))) {
  const torch::NoGradGuard no_gradient;
  nn::init::xavier_normal_(weight_);
}

Tensor GateConvImpl::forward(const Tensor& x, const Tensor& guide) {
  const Tensor gate = gate_conv_->forward(torch::cat({x, guide}, 1));
  return torch::conv2d(x * (gate + 1), weight_);
}

EdgeStageImpl::EdgeStageImpl()
    : res1_(register_module("res1", EdgeBlock(kEdgeChannels))),
      res2_(register_module("res2", EdgeBlock(kEdgeChannels))),
      gate_(register_module("gate", GateConv(kEdgeChannels))) {}

Tensor EdgeStageImpl::forward(const Tensor& x, const Tensor& guide) {
  const EdgeBlockImpl::Result first = res1_(x);
  const Tensor second = res2_(first.sum).change;
  return 3 * first.change + second + gate_(second, guide);
}

OrientedAttentionImpl::OrientedAttentionImpl(std::int64_t channels)
    : row_(register_module("dcn_row", DeformableConv(channels, channels, DeformableKernel{1, 3}))),
      column_(register_module("dcn_colum", DeformableConv(channels, channels, DeformableKernel{3, 1}))),
      preprocess_(register_module("preprocess",
                                  nn::Sequential(Point(channels, channels / 2), Point(channels / 2, channels)))) {}

Tensor OrientedAttentionImpl::forward(const Tensor& low_in, const Tensor& high_in) {
  const Tensor low = preprocess_->forward(low_in), high = preprocess_->forward(high_in);
  return 2 * low + (torch::sigmoid(row_(low)) + torch::sigmoid(column_(low))) * high;
}

IsnetImpl::IsnetImpl(std::int64_t channels)
    : channels_(channels),
      stem_(register_module(
          "stem", nn::Sequential(nn::BatchNorm2d(channels), Conv(channels, 8, 3, 2), nn::BatchNorm2d(8), Relu(),
                                 Conv(8, 8, 3), nn::BatchNorm2d(8), Relu(), Conv(8, 16, 3), nn::BatchNorm2d(16), Relu(),
                                 nn::MaxPool2d(nn::MaxPool2dOptions(3).stride(2).padding(1))))),
      join_low_(register_module("TTOA_low", OrientedAttention(32))),
      join_high_(register_module("TTOA_high", OrientedAttention(16))),
      layer1_(register_module("layer1", FourResiduals(16, 16))),
      layer2_(register_module("layer2", FourResiduals(16, 32))),
      layer3_(register_module("layer3", FourResiduals(32, 64))),
      up2_(nullptr),
      up1_(nullptr),
      deconv2_(register_module("deconv2", Twice(64, 32))),
      deconv1_(nullptr),
      head_(nullptr),
      guides_{nullptr, nullptr, nullptr},
      fuse_(nullptr),
      gradient_features_(nullptr),
      edges_{nullptr, nullptr, nullptr} {
  up2_ = register_module("uplayer2", FourResiduals(32, 32));
  deconv1_ = register_module("deconv1", Twice(32, 16));
  up1_ = register_module("uplayer1", FourResiduals(16, 16));
  head_ = register_module("head", FcnHead(16, 1));
  for (std::size_t i = 0; i < 3; ++i) {
    guides_[i] = register_module(fmt::format("dsn{}", i + 1), Point(64 >> i, 1));
  }
  RegisterUnused();
  for (std::size_t i = 0; i < 3; ++i) edges_[i] = register_module(fmt::format("myb{}", i + 1), EdgeStage());
}

/// In the order of the release, with the two layers among them that are used.
void IsnetImpl::RegisterUnused() {
  for (std::int64_t i = 1; i <= 3; ++i) {
    const std::int64_t width = 128 >> i;
    register_module(fmt::format("res{}", i), EdgeBlock(width));
    register_module(fmt::format("d{}", i), Point(width, width / 2));
  }
  fuse_ = register_module("fuse", Conv(kEdgeChannels, 1, 1));
  register_module("cw", Conv(4, 1, 1));
  for (std::int64_t i = 1; i <= 3; ++i) register_module(fmt::format("gate{}", i), GateConv(64 >> i));
  register_module("SA", UnusedShuffleAttention(1));
  register_module("SA_att", UnusedShuffleAttention(4));
  gradient_features_ = register_module("dsup", Point(channels_, kEdgeChannels));
  register_module("head2", FcnHead(16, 3));
  register_module("conv2_1", Point(3, 1));
  register_module("conv16", Point(3, 16));
}

IsnetImpl::Outputs IsnetImpl::forward(const Tensor& images, const Tensor& gradients) {
  CheckImages("isnet", images, channels_, kIsnetStride);
  if (gradients.sizes() != images.sizes()) throw BadInput("isnet needs gradients of the images' shape");
  const auto full_size = [&](const Tensor& x, Corners corners) {
    return Bilinear(x, images.size(2), images.size(3), corners);
  };
  const Tensor c1 = layer1_->forward(stem_->forward(images));
  const Tensor c2 = layer2_->forward(c1);
  const Tensor c3 = layer3_->forward(c2);
  const Tensor u2 = up2_->forward(join_low_(deconv2_(c3), c2));
  const Tensor u1 = up1_->forward(join_high_(deconv1_(u2), c1));

  Tensor edge = gradient_features_(gradients);
  const std::array<Tensor, 3> levels = {c3, u2, u1};
  for (std::size_t i = 0; i < 3; ++i) edge = edges_[i](edge, full_size(guides_[i](levels[i]), Corners::kAligned));
  const Tensor edge_logits = fuse_(edge);

  const Tensor features = full_size(u1, Corners::kScaled);
  return {head_(features * torch::sigmoid(edge_logits) + features), edge_logits};
}

}  // namespace mirst
