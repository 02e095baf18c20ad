#include "detector/network/rdian.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <array>
#include <memory>
#include <utility>

#include "detector/network/network_input.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

constexpr std::int64_t kChannels = 32;
constexpr std::array<std::int64_t, 4> kKernels = {1, 3, 5, 7};
/// Where the eight 5x5 differences hold their -1 (row, column); the k-th and the (k + 4)-th look in opposite ways.
constexpr std::array<std::pair<std::int64_t, std::int64_t>, 8> kDirections = {
    {{0, 0}, {0, 2}, {0, 4}, {2, 4}, {4, 4}, {4, 2}, {4, 0}, {2, 0}}};

ConvBlock LeakyBlock(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1) {
  return ConvBlock(in, out, ConvBlockOptions{.kernel = kernel, .stride = stride, .activation = Activation::kLeakyRelu});
}

/// Two convolutions to half the channels and back, added to the input.
class ReceptiveBlockImpl : public nn::Module {
 public:
  explicit ReceptiveBlockImpl(std::int64_t kernel)
      : layer1_(register_module("layer1", LeakyBlock(kChannels, kChannels / 2, kernel))),
        layer2_(register_module("layer2", LeakyBlock(kChannels / 2, kChannels, kernel))) {}
  Tensor forward(const Tensor& x) { return layer2_(layer1_(x)) + x; }

 private:
  ConvBlock layer1_, layer2_;
};
TORCH_MODULE(ReceptiveBlock);

/// A module that only holds `child` under its name.
std::shared_ptr<nn::Module> Holding(const char* name, std::shared_ptr<nn::Module> child) {
  auto holder = std::make_shared<nn::Module>();
  holder->register_module(name, std::move(child));
  return holder;
}

}  // namespace

RdianImpl::RdianImpl()
    : conv1_(register_module("conv1", LeakyBlock(1, kChannels / 2, 3))),
      conv2_(register_module("conv2", LeakyBlock(kChannels / 2, kChannels, 3, 2))),
      spatial_(2, 1,
               ConvBlockOptions{.kernel = 7,
                                .activation = Activation::kSigmoid,
                                .conv_name = "conv",
                                .norm_name = "bn",
                                .momentum = 0.01}),
      conv_cat_(nullptr),
      conv_res_(nullptr),
      head_(nullptr) {
  for (std::size_t i = 0; i < kKernels.size(); ++i) {
    nn::Sequential branch(ReceptiveBlock(kKernels[i]));
    if (kKernels[i] > 1) branch->push_back(ReceptiveBlock(kKernels[i]));
    branches_.push_back(register_module(fmt::format("residual_block{}", i), branch));
  }
  channel_mlp_ = nn::Sequential(nn::Flatten(), nn::Linear(kChannels, 1), nn::ReLU(), nn::Linear(1, kChannels));
  const auto attention = register_module("cbam", Holding("ChannelGate", Holding("mlp", channel_mlp_.ptr())));
  attention->register_module("SpatialGate", Holding("spatial", spatial_.ptr()));
  conv_cat_ = register_module("conv_cat", LeakyBlock(4 * kChannels, kChannels, 3));
  conv_res_ = register_module("conv_res", LeakyBlock(kChannels / 2, kChannels, 1));
  for (std::size_t i = 0; i < kDirections.size(); ++i) {
    Tensor kernel = torch::zeros({1, 1, 5, 5});
    kernel[0][0][2][2] = 1;
    kernel[0][0][kDirections[i].first][kDirections[i].second] = -1;
    const auto filter = std::make_shared<nn::Module>();
    filter->register_parameter("weight", kernel, /*requires_grad=*/false);
    directions_.push_back(register_module(fmt::format("d1{}", i + 1), filter));
  }
  head_ = register_module("head", FcnHead(kChannels, 1));
}

/// Large where the pixel differs from both of an opposite pair in the same way.
Tensor RdianImpl::DirectionWeights(const Tensor& images) {
  std::vector<Tensor> kernels;
  for (const auto& direction : directions_) kernels.push_back(direction->parameters().front());
  const Tensor differences = torch::conv2d(images, torch::cat(kernels), {}, 1, 2);
  return torch::sigmoid((differences.narrow(1, 0, 4) * differences.narrow(1, 4, 4)).sum(1, true));
}

/// Attention over channels, then over pixels (Woo et al., ECCV 2018), here with the maximum before the mean.
Tensor RdianImpl::Attend(Tensor x) {
  const Tensor mean = torch::adaptive_avg_pool2d(x, {1, 1}),
               largest = std::get<0>(torch::adaptive_max_pool2d(x, {1, 1}));
  const Tensor weights = torch::sigmoid(channel_mlp_->forward(mean) + channel_mlp_->forward(largest));
  x = x * weights.view({-1, kChannels, 1, 1});
  return x * spatial_(torch::cat({std::get<0>(x.max(1, true)), x.mean(1, true)}, 1));
}

Tensor RdianImpl::forward(const Tensor& images) {
  CheckImages("rdian", images, 1, 1);
  const Tensor shallow = conv1_(images);
  const Tensor x = conv2_(torch::addcmul(shallow, shallow, DirectionWeights(images)));
  std::vector<Tensor> fields;
  for (nn::Sequential& branch : branches_) fields.push_back(branch->forward(x));
  const Tensor deep = Attend(conv_cat_(torch::cat(fields, 1)));
  const Tensor enlarged = Bilinear(deep, images.size(2), images.size(3), Corners::kScaled);
  return head_((enlarged + conv_res_(shallow)).relu_());
}

}  // namespace mirst
