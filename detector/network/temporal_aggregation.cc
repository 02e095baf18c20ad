#include "detector/network/temporal_aggregation.h"

#include <string>
#include <vector>

#include "detector/network/conv_norm.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;

namespace {

/// The last `count` of `frames` frames.
Tensor LastFrames(const Tensor& x, std::int64_t frames, std::int64_t count) {
  const std::int64_t batch = x.size(0) / frames;
  return x.narrow(0, (frames - count) * batch, count * batch);
}

}  // namespace

TemporalConvImpl::TemporalConvImpl(std::int64_t in, std::int64_t out, std::array<std::int64_t, 3> kernel_thw)
    : conv1_(register_module("conv1", nn::Conv3d(nn::Conv3dOptions(in, out, kernel_thw)))),
      norm_(register_module("norm", nn::BatchNorm2d(out))) {}

std::int64_t TemporalConvImpl::InputFrames(std::int64_t kept) const {
  return std::min(kWindowFrames, kept + conv1_->weight.size(2) / 2);
}

std::int64_t TemporalConvImpl::FramesToCompute(std::int64_t wanted) const {
  return Inference(norm_) ? wanted : kWindowFrames;
}

Tensor TemporalConvImpl::forward(const Tensor& x, std::int64_t frames, std::int64_t kept) {
  const bool inference = Inference(norm_);
  const ConvWeights conv =
      inference ? FoldNorm({conv1_->weight, conv1_->bias}, norm_) : ConvWeights{conv1_->weight, conv1_->bias};
  if (HasDirectKernels(x)) {
    const Tensor y = WindowConvolution(x, frames, kept, conv.weight, conv.bias);
    return (inference ? y : norm_(y)).relu_();
  }
  const std::int64_t out = conv.weight.size(0), in = conv.weight.size(1), taps = conv.weight.size(2), half = taps / 2;
  const std::int64_t batch = x.size(0) / frames;
  const c10::IntArrayRef shape = conv.weight.sizes();
  const std::array<std::int64_t, 2> padding{shape[3] / 2, shape[4] / 2};
  // Frames that no kept output sees are left out; missing ones are 0.
  const std::int64_t needed = std::min(frames, kept + half);
  const Tensor recent = LastFrames(x, frames, needed);
  const std::int64_t before = kept + half - needed;

  Tensor y;
  if (taps == 1) {
    y = torch::conv2d(recent, conv.weight.squeeze(2), conv.bias, 1, padding);
  } else if (kept == 1) {  // the taps that look into the future meet zeros only
    const std::int64_t seen = std::min(half + 1, needed);
    const Tensor stacked = torch::cat(LastFrames(recent, needed, seen).chunk(seen), 1);
    const Tensor weight = conv.weight.narrow(2, half + 1 - seen, seen).permute({0, 2, 1, 3, 4});
    y = torch::conv2d(stacked, weight.reshape({out, seen * in, shape[3], shape[4]}), conv.bias, 1, padding);
  } else if (out < in) {  // one output map a tap, then the sum of the shifted maps
    const Tensor weight = conv.weight.permute({2, 0, 1, 3, 4}).reshape({taps * out, in, shape[3], shape[4]});
    const Tensor parts = torch::conv2d(recent, weight, {}, 1, padding);
    std::vector<Tensor> by_frame;
    for (std::int64_t t = 0; t < kept; ++t) {
      Tensor sum;
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t source = t + tap - before;
        if (source < 0 || source >= needed) continue;
        const Tensor part = parts.narrow(0, source * batch, batch).narrow(1, tap * out, out);
        sum = sum.defined() ? sum.add_(part) : part + conv.bias.view({1, -1, 1, 1});
      }
      by_frame.push_back(sum);
    }
    y = torch::cat(by_frame, 0);
  } else {  // the taps' input frames side by side in the channels
    std::vector<Tensor> padded;
    const auto zeros = [&](std::int64_t count) {
      return torch::zeros({count * batch, in, x.size(2), x.size(3)}, x.options());
    };
    if (before > 0) padded.push_back(zeros(before));
    padded.push_back(recent);
    padded.push_back(zeros(half));
    const Tensor line = torch::cat(padded, 0);
    std::vector<Tensor> stacked;
    for (std::int64_t tap = 0; tap < taps; ++tap) stacked.push_back(line.narrow(0, tap * batch, kept * batch));
    const Tensor weight = conv.weight.permute({0, 2, 1, 3, 4}).reshape({out, taps * in, shape[3], shape[4]});
    y = torch::conv2d(torch::cat(stacked, 1), weight, conv.bias, 1, padding);
  }
  return (inference ? y : norm_(y)).relu_();
}

SpatialConvImpl::SpatialConvImpl(std::int64_t channels, std::int64_t kernel)
    : conv1_(register_module("conv1", SameConv2d(channels, channels, kernel))),
      norm_(register_module("norm", nn::BatchNorm2d(channels))) {}

Tensor SpatialConvImpl::forward(const Tensor& x) { return ConvNorm(conv1_, norm_, x).relu_(); }

Progressive2dConvImpl::Progressive2dConvImpl(std::int64_t channels)
    : conv1_(register_module("conv1", TemporalConv(channels, channels / 4, std::array<std::int64_t, 3>{3, 3, 3}))),
      conv2_(register_module("conv2", TemporalConv(channels / 4, channels, std::array<std::int64_t, 3>{3, 3, 3}))) {
  for (std::size_t gap = 0; gap <= kOldest; ++gap) {
    std::vector<SpatialConv>& steps = steps_.emplace_back();
    for (std::size_t source = kOldest + 1; source-- > gap;) {
      steps.push_back(register_module("conv" + std::to_string(source) + "_" + std::to_string(source - gap),
                                      SpatialConv(channels / 4, 2 * static_cast<std::int64_t>(gap) + 1)));
    }
  }
}

Tensor Progressive2dConvImpl::forward(const Tensor& x) {
  const std::vector<Tensor> oldest_first = conv1_(x, kWindowFrames, kWindowFrames).chunk(kWindowFrames);
  std::vector<Tensor> results;  // f4, f3, f2, f1, f0
  for (std::size_t target = kOldest + 1; target-- > 0;) {
    const Tensor& current = oldest_first[kOldest - target];
    Tensor sum = Step(target, target)(current);
    for (std::size_t source = target + 1; source <= kOldest; ++source) {
      sum = sum + Step(source, target)(current + results[kOldest - source]);
    }
    results.push_back(sum);
  }
  const std::int64_t kept = conv2_->FramesToCompute(1);
  return torch::sigmoid(LastFrames(conv2_(torch::cat(results, 0), kWindowFrames, kept), kept, 1));
}

TemporalAggregationImpl::TemporalAggregationImpl(std::int64_t channels, const PstfnetOptions& options) {
  if (options.m3dconv) {
    using Kernel = std::array<std::int64_t, 3>;
    const std::int64_t quarter = channels / 4;
    head_ = register_module("head", TemporalConv(channels, quarter, Kernel{3, 3, 3}));
    const char* const names[3][4] = {{"conv_1x3x3_1", "conv_1x1x1_2", "conv_1x3x3_3", "conv_1x1x1_4"},
                                     {"conv_1x3x3_3_1", "conv_3x1x1_1", "conv_1x3x3_3_2", "conv_3x1x1_2"},
                                     {"conv_1x3x3_5_1", "conv_5x1x1_1", "conv_1x3x3_5_2", "conv_5x1x1_2"}};
    for (std::int64_t b = 0; b < 3; ++b) {
      const Kernel in_space{1, 3, 3}, in_time{2 * b + 1, 1, 1};
      std::vector<TemporalConv>& branch = branches_.emplace_back();
      for (int i = 0; i < 4; ++i) {
        branch.push_back(register_module(names[b][i], TemporalConv(quarter, quarter, i % 2 == 0 ? in_space : in_time)));
      }
    }
    tail_ = register_module("tail", TemporalConv(3 * quarter, channels, Kernel{3, 3, 3}));
  }
  if (options.p2dconv) progressive_ = register_module("DT", Progressive2dConv(channels));
}

Tensor TemporalAggregationImpl::forward(const Tensor& x) {
  const Tensor current = LastFrames(x, kWindowFrames, 1);
  Tensor weighted = current;
  if (progressive_) weighted = weighted * progressive_(x);
  if (head_) weighted = weighted * MultiScaleWeights(x);
  return current + weighted;
}

Tensor TemporalAggregationImpl::MultiScaleWeights(const Tensor& x) {
  const std::int64_t tail_frames = tail_->FramesToCompute(1);
  const std::int64_t branch_frames = tail_->InputFrames(tail_frames);
  const Tensor start = head_(x, kWindowFrames, kWindowFrames);
  std::vector<Tensor> ends;
  for (std::vector<TemporalConv>& branch : branches_) {
    std::array<std::int64_t, 5> frames;  // before and after each convolution
    frames[4] = branch_frames;
    for (std::size_t i = 4; i-- > 0;) frames[i] = branch[i]->InputFrames(frames[i + 1]);
    Tensor y = LastFrames(start, kWindowFrames, frames[0]);
    for (std::size_t i = 0; i < 4; ++i) y = branch[i](y, frames[i], frames[i + 1]);
    ends.push_back(y);
  }
  return torch::sigmoid(LastFrames(tail_(torch::cat(ends, 1), branch_frames, tail_frames), tail_frames, 1));
}

}  // namespace mirst
