#include "detector/network/folded_aggregation.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>

#include "detector/network/fused_maps.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr std::size_t kLast = kWindowFrames - 1;
constexpr std::size_t kHalfTaps = 1;  // of the first and last convolutions, three taps in time

ConvWeights Layer(const FoldedWeights& weights, const std::string& name) {
  return weights.ConvNorm(name + ".conv1", name + ".norm");
}

/// Taps [first, first + count) in time, side by side in the input's channels.
ConvWeights Slice(const ConvWeights& conv, std::size_t first, std::size_t count) {
  const Tensor taps = conv.weight.narrow(2, static_cast<std::int64_t>(first), static_cast<std::int64_t>(count));
  return {taps.permute({0, 2, 1, 3, 4}).flatten(1, 2), conv.bias};
}

/// The names of M3DConv's branches: convolutions in space (1x3x3) and in time or point by point, in turns.
constexpr const char* kBranchNames[3][4] = {{"conv_1x3x3_1", "conv_1x1x1_2", "conv_1x3x3_3", "conv_1x1x1_4"},
                                            {"conv_1x3x3_3_1", "conv_3x1x1_1", "conv_1x3x3_3_2", "conv_3x1x1_2"},
                                            {"conv_1x3x3_5_1", "conv_5x1x1_1", "conv_1x3x3_5_2", "conv_5x1x1_2"}};

}  // namespace

FoldedTemporalConv::FoldedTemporalConv(const ConvWeights& conv)
    : half_(static_cast<std::size_t>(conv.weight.size(2)) / 2) {
  for (std::size_t at = 0; at <= kLast; ++at) {
    const std::size_t first = at >= half_ ? 0 : half_ - at, last = std::min(at + half_, kLast) + half_ - at;
    by_frame_[at] = DirectConvolution(Slice(conv, first, last - first + 1));
  }
}

Tensor FoldedTemporalConv::operator()(const std::vector<const WindowMaps*>& in, std::size_t at) const {
  std::vector<ConvInput> inputs;
  for (std::size_t frame = at >= half_ ? at - half_ : 0; frame <= std::min(at + half_, kLast); ++frame) {
    for (const WindowMaps* maps : in) inputs.push_back({(*maps)[frame], {}});
  }
  return by_frame_[at](inputs, {.summand = {}, .relu = true, .after = {}});
}

FoldedAggregation::FoldedAggregation(const FoldedWeights& weights, const std::string& prefix,
                                     const PstfnetOptions& options)
    : p2d_(options.p2dconv), m3d_(options.m3dconv) {
  std::vector<ConvWeights> first;
  if (p2d_) {
    first.push_back(Layer(weights, prefix + ".DT.conv1"));
    for (std::size_t target = 0; target <= kLast; ++target) {
      for (std::size_t source = 0; source <= target; ++source) {
        const std::string name = fmt::format("{}.DT.conv{}_{}", prefix, kLast - source, kLast - target);
        steps_[target][source] = DirectConvolution(Layer(weights, name));
      }
    }
    progressive_end_ = FoldedTemporalConv(Layer(weights, prefix + ".DT.conv2"));
  }
  if (m3d_) {
    first.push_back(Layer(weights, prefix + ".head"));
    for (std::size_t b = 0; b < branches_.size(); ++b) {
      for (std::size_t i = 0; i < branches_[b].size(); ++i) {
        branches_[b][i] = FoldedTemporalConv(Layer(weights, prefix + "." + kBranchNames[b][i]));
      }
    }
    tail_ = FoldedTemporalConv(Layer(weights, prefix + ".tail"));
  }
  maps_ = first.front().weight.size(0);
  std::vector<Tensor> by_tap, biases;
  for (std::int64_t tap = 0; tap < 3; ++tap) {
    for (const ConvWeights& conv : first) {
      by_tap.push_back(conv.weight.select(2, tap));
      biases.push_back(tap == kHalfTaps ? conv.bias : torch::zeros_like(conv.bias));
    }
  }
  taps_ = DirectConvolution({torch::cat(by_tap), torch::cat(biases)});
}

Tensor FoldedAggregation::Start(const Tensor& before, const Tensor& frame, const Tensor& after) const {
  const std::int64_t maps = frame.size(1) / 3;
  std::vector<Tensor> parts;
  if (before.defined()) parts.push_back(before.narrow(1, 0, maps));
  parts.push_back(frame.narrow(1, maps, maps));
  if (after.defined()) parts.push_back(after.narrow(1, 2 * maps, maps));
  return ReluOfSum(parts);
}

Tensor FoldedAggregation::operator()(const Tensor& current, const WindowMaps& starts) const {
  const auto branch = [&](std::int64_t index) {
    WindowMaps maps;
    for (std::size_t t = 0; t <= kLast; ++t) maps[t] = starts[t].narrow(1, index * maps_, maps_);
    return maps;
  };
  std::vector<Tensor> scores;
  if (p2d_) scores.push_back(Progressive(branch(0)));
  if (m3d_) scores.push_back(MultiScale(branch(p2d_ ? 1 : 0)));
  return PlusWeighted(current, scores);
}

Tensor FoldedAggregation::Progressive(const WindowMaps& x) const {
  WindowMaps f;
  for (std::size_t target = 0; target <= kLast; ++target) {
    Tensor sum = steps_[target][target]({{x[target], {}}}, {.summand = {}, .relu = true, .after = {}});
    for (std::size_t source = target; source-- > 0;) {
      sum = steps_[target][source]({{x[target], f[source]}}, {.summand = {}, .relu = true, .after = sum});
    }
    f[target] = sum;
  }
  return progressive_end_({&f}, kLast);
}

Tensor FoldedAggregation::MultiScale(const WindowMaps& x) const {
  std::array<WindowMaps, 3> ends;
  for (std::size_t b = 0; b < branches_.size(); ++b) {
    // The first frame of each convolution's output: the tail needs the last two, those in time look b frames back.
    const std::size_t last_in = kLast - kHalfTaps, middle = last_in - b;
    const std::array<std::size_t, 4> first = {middle >= b ? middle - b : 0, middle, middle, last_in};
    WindowMaps y = x;
    for (std::size_t i = 0; i < 4; ++i) {
      WindowMaps next;
      for (std::size_t at = first[i]; at <= kLast; ++at) next[at] = branches_[b][i]({&y}, at);
      y = next;
    }
    ends[b] = y;
  }
  return tail_({&ends[0], &ends[1], &ends[2]}, kLast);
}

}  // namespace mirst
