#include "detector/network/uiunet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/network_input.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

ConvBlock Block(std::int64_t in, std::int64_t out, std::int64_t dilation) {
  return ConvBlock(in, out,
                   ConvBlockOptions{.dilation = dilation, .bias = true, .conv_name = "conv_s1", .norm_name = "bn_s1"});
}

Tensor Half(const Tensor& x) { return torch::max_pool2d(x, {2, 2}, {2, 2}, {0, 0}, {1, 1}, /*ceil_mode=*/true); }

Tensor AtSizeOf(const Tensor& x, const Tensor& other) {
  return Bilinear(x, other.size(2), other.size(3), Corners::kScaled);
}

nn::Conv2d Side(std::int64_t in) { return nn::Conv2d(nn::Conv2dOptions(in, 1, 3).padding(1)); }

}  // namespace

UBlockImpl::UBlockImpl(std::int64_t depth, std::int64_t in, std::int64_t middle, std::int64_t out, Scales scales)
    : scales_(scales), input_(register_module("rebnconvin", Block(in, out, 1))) {
  const bool dilated = scales == Scales::kDilated;
  for (std::int64_t level = 1; level <= depth; ++level) {
    const std::int64_t dilation = dilated ? std::int64_t{1} << (level - 1) : (level == depth ? 2 : 1);
    encoder_.push_back(
        register_module(fmt::format("rebnconv{}", level), Block(level == 1 ? out : middle, middle, dilation)));
  }
  for (std::int64_t level = depth - 1; level >= 1; --level) {
    const std::int64_t dilation = dilated ? std::int64_t{1} << (level - 1) : 1;
    decoder_.push_back(
        register_module(fmt::format("rebnconv{}d", level), Block(2 * middle, level == 1 ? out : middle, dilation)));
  }
}

Tensor UBlockImpl::forward(const Tensor& x) {
  const Tensor input = input_(x);
  std::vector<Tensor> levels;
  for (std::size_t i = 0; i < encoder_.size(); ++i) {
    const bool halves = scales_ == Scales::kPooled && i > 0 && i + 1 < encoder_.size();
    const Tensor& above = i == 0 ? input : levels.back();
    levels.push_back(encoder_[i](halves ? Half(above) : above));
  }
  Tensor y = levels.back();
  for (std::size_t i = 0; i < decoder_.size(); ++i) {
    const Tensor& level = levels[levels.size() - 2 - i];
    y = decoder_[i](torch::cat({AtSizeOf(y, level), level}, 1));
  }
  return y + input;
}

CrossAttentionImpl::CrossAttentionImpl(std::int64_t channels)
    : feature_high_(
          register_module("feature_high", ConvBlock(channels, channels, ConvBlockOptions{.kernel = 1, .bias = true}))),
      topdown_(register_module(
          "topdown",
          nn::Sequential(nn::AdaptiveAvgPool2d(1), nn::Conv2d(channels, channels / 4, 1), nn::BatchNorm2d(channels / 4),
                         nn::ReLU(), nn::Conv2d(channels / 4, channels, 1), nn::BatchNorm2d(channels), nn::Sigmoid()))),
      bottomup_(nn::Sequential(nn::Conv2d(channels, channels / 4, 1), nn::BatchNorm2d(channels / 4), nn::ReLU())),
      spatial_(nn::Conv2dOptions(2, 1, 3).padding(1).bias(false)),
      post_(nullptr) {
  register_module("bottomup", bottomup_);
  const auto attention = std::make_shared<nn::Module>();
  attention->register_module("conv1", spatial_);
  bottomup_->register_module("3", attention);
  post_ = register_module("post", ConvBlock(channels, channels, ConvBlockOptions{.bias = true}));
}

Tensor CrossAttentionImpl::forward(const Tensor& coarse, const Tensor& fine) {
  const Tensor high = feature_high_(coarse);
  const Tensor low = fine * topdown_->forward(high);
  const Tensor narrow = bottomup_->forward(low);
  const Tensor places =
      torch::sigmoid(spatial_(torch::cat({narrow.mean(1, true), std::get<0>(narrow.max(1, true))}, 1)));
  return torch::cat({post_(2 * low), post_(2 * high * places)}, 1);
}

UiunetImpl::UiunetImpl(std::int64_t channels) : channels_(channels) {
  const auto dilated = UBlockImpl::Scales::kDilated;
  const auto stage = [&](const std::string& name, const UBlock& block) {
    return register_module("stage" + name, block);
  };
  encoder_ = {stage("1", UBlock(7, channels, 32, 64)),       stage("2", UBlock(6, 64, 32, 128)),
              stage("3", UBlock(5, 128, 64, 256)),           stage("4", UBlock(4, 256, 128, 512)),
              stage("5", UBlock(4, 512, 256, 512, dilated)), stage("6", UBlock(4, 512, 256, 512, dilated))};
  decoder_ = {stage("5d", UBlock(4, 1024, 256, 512, dilated)), stage("4d", UBlock(4, 1024, 128, 256)),
              stage("3d", UBlock(5, 512, 64, 128)), stage("2d", UBlock(6, 256, 32, 64)),
              stage("1d", UBlock(7, 128, 16, 64))};
  for (const std::int64_t in : {64, 64, 128, 256, 512, 512}) {
    side_.push_back(register_module(fmt::format("side{}", side_.size() + 1), Side(in)));
  }
  join_ = register_module("outconv", nn::Conv2d(nn::Conv2dOptions(6, 1, 1)));
  for (const std::int64_t width : {512, 512, 256, 128}) {
    fuse_.push_back(register_module(fmt::format("fuse{}", 5 - fuse_.size()), CrossAttention(width)));
  }
}

std::vector<Tensor> UiunetImpl::forward(const Tensor& images) {
  CheckImages("uiunet", images, channels_, 1);
  if (is_training() && images.size(0) < 2) {
    throw BadInput(
        "uiunet needs two or more images a batch in training: it normalises maps of one pixel over the batch");
  }
  std::vector<Tensor> stages;  // 1..6
  for (UBlock& block : encoder_) stages.push_back(block(stages.empty() ? images : Half(stages.back())));
  std::vector<Tensor> sources = {stages.back()};  // of the side outputs, coarsest first
  for (std::size_t i = 0; i < decoder_.size(); ++i) {
    const Tensor& fine = stages[stages.size() - 2 - i];
    const Tensor coarse = AtSizeOf(sources.back(), fine);
    sources.push_back(decoder_[i](i < fuse_.size() ? fuse_[i](coarse, fine) : torch::cat({coarse, fine}, 1)));
  }
  std::vector<Tensor> sides;
  for (std::size_t i = 0; i < side_.size(); ++i) {
    sides.push_back(AtSizeOf(side_[i](sources[sources.size() - 1 - i]), images));
  }
  std::vector<Tensor> outputs = {join_(torch::cat(sides, 1))};
  outputs.insert(outputs.end(), sides.begin(), sides.end());
  return outputs;
}

}  // namespace mirst
