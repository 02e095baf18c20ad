#include "detector/network/folded_pstfnet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "detector/network/fused_maps.h"
#include "detector/torch_error.h"

namespace mirst {
namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

bool Aggregates(const PstfnetOptions& options, std::size_t level) {
  return static_cast<int>(level) + 1 >= options.first_ptam_level;
}

Tensor Enlarge(const Tensor& x, const Tensor& like, bool align_corners) {
  return torch::upsample_bilinear2d(x, {like.size(2), like.size(3)}, align_corners);
}

/// Doubles one dimension of a part whose finer map begins at `first` of `whole` pixels, by the whole map's corners.
Tensor DoublePart(const Tensor& x, std::int64_t dimension, std::int64_t first, std::int64_t whole) {
  const std::int64_t in = x.size(dimension);
  const double scale = static_cast<double>(whole / 2 - 1) / static_cast<double>(whole - 1);
  const auto options = x.options().dtype(torch::kDouble);
  const Tensor position =
      ((torch::arange(2 * in, options) + static_cast<double>(first)) * scale - static_cast<double>(first) / 2)
          .clamp(0, static_cast<double>(in - 1));
  const Tensor below = position.floor().clamp_max(static_cast<double>(in - 2)).to(torch::kLong);
  std::vector<std::int64_t> shape(4, 1);
  shape[static_cast<std::size_t>(dimension)] = -1;
  const Tensor weight = (position - below).to(x.scalar_type()).view(shape);
  return torch::lerp(x.index_select(dimension, below), x.index_select(dimension, below + 1), weight);
}

}  // namespace

FoldedPstfnet::Block FoldedPstfnet::MakeBlock(const FoldedWeights& weights, const std::string& prefix) {
  Block block;
  block.conv1 = DirectConvolution(weights.ConvNorm(prefix + ".conv1", prefix + ".bn1"));
  block.conv2 = DirectConvolution(weights.ConvNorm(prefix + ".conv2", prefix + ".bn2"));
  if (weights.Has(prefix + ".shortcut.0.weight")) {
    block.shortcut = DirectConvolution(weights.ConvNorm(prefix + ".shortcut.0", prefix + ".shortcut.1"));
  }
  if (weights.Has(prefix + ".sa.conv1.weight")) {
    block.squeeze = weights.Tensor(prefix + ".ca.fc1.weight").flatten(1).t().contiguous();
    block.excite = weights.Tensor(prefix + ".ca.fc2.weight").flatten(1).t().contiguous();
    block.spatial = DirectConvolution(weights.Conv(prefix + ".sa.conv1"));
  }
  return block;
}

FoldedPstfnet::Block FoldedPstfnet::ForGrey(const Block& block) {
  const auto joined = [](const DirectConvolution& conv) {
    return DirectConvolution({conv.weights().weight.sum(1, /*keepdim=*/true), conv.weights().bias});
  };
  Block grey = block;
  grey.conv1 = joined(block.conv1);
  grey.shortcut = joined(block.shortcut);
  return grey;
}

FoldedPstfnet::FoldedPstfnet(Pstfnet network) : network_(std::move(network)) {
  network_->eval();
  const torch::NoGradGuard no_gradient;
  const FoldedWeights weights(*network_);
  const PstfnetOptions& options = network_->options();
  for (std::size_t i = 0; i < encoder_.size(); ++i) {
    for (std::size_t b = 0; b < 2; ++b) encoder_[i][b] = MakeBlock(weights, fmt::format("conv{}_0.{}", i, b));
    if (Aggregates(options, i)) aggregation_[i] = FoldedAggregation(weights, fmt::format("hdc{}", i), options);
    if (!options.msfm) continue;
    const std::string gate = fmt::format("CIM.fusion.{}.", i);
    gates_[i] = {DirectConvolution(weights.ConvNorm(gate + "local_embedding", gate + "bn1")),
                 DirectConvolution(weights.ConvNorm(gate + "global_embedding", gate + "bn2")),
                 DirectConvolution(weights.ConvNorm(gate + "global_act", gate + "bn3"))};
  }
  for (std::size_t i = 0; i < decoder_.size(); ++i) {
    for (std::size_t b = 0; b < 2; ++b) {
      decoder_[i][b] = MakeBlock(weights, fmt::format("conv{}_1.{}", decoder_.size() - 1 - i, b));
    }
  }
  grey_ = ForGrey(encoder_[0][0]);
  final_ = DirectConvolution(weights.Conv("final"));
}

Tensor FoldedPstfnet::Run(const Block& block, const std::vector<ConvInput>& x) {
  const Tensor hidden = block.conv1(x, {.summand = {}, .relu = true, .after = {}});
  const Tensor shortcut = block.shortcut.defined() ? block.shortcut(x) : x.front().map;
  if (!block.squeeze.defined()) return block.conv2({{hidden, {}}}, {.summand = shortcut, .relu = true, .after = {}});
  const Tensor y = block.conv2({{hidden, {}}});
  const auto weigh = [&](const Tensor& pooled) {
    return torch::matmul(torch::matmul(pooled, block.squeeze).relu_(), block.excite);
  };
  const Tensor channels = torch::sigmoid(weigh(y.mean({2, 3})) + weigh(y.amax({2, 3}))).unsqueeze(2).unsqueeze(3);
  const Tensor pixels = block.spatial({{ChannelMeanAndMaximum(y, channels), {}}}).sigmoid_();
  return ReluOfWeighted(y, channels, pixels, shortcut);
}

FrameFeatures FoldedPstfnet::Encode(const Tensor& images) const {
  network_->CheckImages(images);
  const torch::NoGradGuard no_gradient;
  return TranslateTorchErrors([&] {
    FrameFeatures frame;
    for (std::size_t i = 0; i < encoder_.size(); ++i) {
      const Tensor in = i == 0 ? images : torch::max_pool2d(frame.features[i - 1], 2);
      const Block& first = i == 0 && images.size(1) == 1 ? grey_ : encoder_[i][0];
      frame.features[i] = Run(encoder_[i][1], {{Run(first, {{in, {}}}), {}}});
      if (Aggregates(network_->options(), i)) frame.taps[i] = aggregation_[i].Taps(frame.features[i]);
    }
    return frame;
  });
}

Levels FoldedPstfnet::Start(const FrameFeatures* before, const FrameFeatures& frame, const FrameFeatures* after) const {
  const torch::NoGradGuard no_gradient;
  Levels starts;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (!frame.taps[i].defined()) continue;
    starts[i] = aggregation_[i].Start(before != nullptr ? before->taps[i] : Tensor(), frame.taps[i],
                                      after != nullptr ? after->taps[i] : Tensor());
  }
  return starts;
}

DecodedFrame FoldedPstfnet::Decode(const FrameFeatures& current, const std::array<Levels, kWindowFrames>& starts,
                                   const FramePart* part) const {
  const torch::NoGradGuard no_gradient;
  return TranslateTorchErrors([&] {
    Levels aggregated = current.features;
    for (std::size_t i = 0; i < aggregated.size(); ++i) {
      if (!starts[0][i].defined()) continue;
      WindowMaps level;
      for (std::size_t t = 0; t < level.size(); ++t) level[t] = starts[t][i];
      aggregated[i] = aggregation_[i](current.features[i], level);
    }
    return RunDecoder(Fuse(aggregated), part);
  });
}

Levels FoldedPstfnet::Fuse(const Levels& aggregated) const {
  if (!network_->options().msfm) return aggregated;
  const std::vector<Tensor> coarse = network_->fusion()->Context(aggregated);
  Levels fused;
  for (std::size_t i = 0; i < fused.size(); ++i) {
    const Tensor gate = torch::hardsigmoid(gates_[i].gate({{coarse[i], {}}}));
    const Tensor context = gates_[i].context({{coarse[i], {}}});
    const Tensor local = gates_[i].local({{aggregated[i], {}}});
    fused[i] = torch::addcmul(Enlarge(context, local, false), local, Enlarge(gate, local, false));
  }
  return fused;
}

DecodedFrame FoldedPstfnet::RunDecoder(const Levels& fused, const FramePart* part) const {
  DecodedFrame decoded;
  Tensor x = fused.back();
  for (std::size_t i = 0; i < decoder_.size(); ++i) {
    const Tensor& finer = fused[fused.size() - 2 - i];
    const std::int64_t stride = std::int64_t{4} >> i;  // of the finer map
    const Tensor enlarged = part == nullptr ? Enlarge(x, finer, true)
                                            : DoublePart(DoublePart(x, 2, part->y / stride, part->height / stride), 3,
                                                         part->x / stride, part->width / stride);
    x = Run(decoder_[i][1], {{Run(decoder_[i][0], {{finer, {}}, {enlarged, {}}}), {}}});
    decoded.features[i] = x;
  }
  decoded.logits = final_({{x, {}}});
  return decoded;
}

Tensor FoldedPstfnet::Forward(const Tensor& frames) const {
  const FrameFeatures all = Encode(frames.permute({2, 0, 1, 3, 4}).flatten(0, 1));
  const std::int64_t batch = frames.size(0);
  std::array<FrameFeatures, kWindowFrames> window;
  for (std::size_t t = 0; t < window.size(); ++t) {
    const auto part = [&](const Tensor& maps) {
      return maps.defined() ? maps.narrow(0, static_cast<std::int64_t>(t) * batch, batch) : maps;
    };
    for (std::size_t i = 0; i < kLevelChannels.size(); ++i) {
      window[t].features[i] = part(all.features[i]);
      window[t].taps[i] = part(all.taps[i]);
    }
  }
  std::array<Levels, kWindowFrames> starts;
  for (std::size_t t = 0; t < window.size(); ++t) {
    starts[t] = Start(t > 0 ? &window[t - 1] : nullptr, window[t], t + 1 < window.size() ? &window[t + 1] : nullptr);
  }
  return Decode(window.back(), starts).logits;
}

}  // namespace mirst
