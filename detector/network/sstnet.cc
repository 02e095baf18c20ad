#include "detector/network/sstnet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <memory>

#include "core/error.h"
#include "detector/network/network_input.h"
#include "detector/network/temporal_aggregation.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

constexpr std::int64_t kState = 64;             // channels of the recurrent branch
constexpr std::int64_t kForetoldSize = 64;      // height and width of the backbone's features in training
constexpr std::int64_t kAttentionWidth = 1024;  // of the stored, unused attention

nn::Conv2d Plain(std::int64_t in, std::int64_t out, std::int64_t kernel, bool bias) {
  return nn::Conv2d(nn::Conv2dOptions(in, out, kernel).padding(kernel / 2).bias(bias));
}

nn::LeakyReLU Leaky() { return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.01).inplace(true)); }

nn::Sequential Pair(std::int64_t in, std::int64_t middle, std::int64_t out, Activation last = Activation::kSilu) {
  return nn::Sequential(YoloxBlock(in, middle, 3), YoloxBlock(middle, out, 3, 1, last));
}

}  // namespace

MotionNeckImpl::MotionNeckImpl()
    : weight_(register_module("weight", nn::ParameterList())),
      conv_ref_(register_module("conv_ref", Pair(512, 256, 128, Activation::kSigmoid))),
      conv_cur_(register_module("conv_cur", Pair(128, 128, 128))),
      conv_gl_(register_module("conv_gl", Pair(256, 256, 128))),
      conv_gl_mix_(register_module("conv_gl_mix", Pair(128, 128, 128))),
      conv_cr_mix_(register_module("conv_cr_mix", Pair(256, 256, 128))),
      conv_final_(register_module("conv_final", Pair(256, 256, 128))) {
  for (std::int64_t t = 0; t < kWindowFrames; ++t)
    weight_->append(torch::full({1}, 0.25, torch::requires_grad()));  // the last is not used
}

Tensor MotionNeckImpl::forward(const std::vector<Tensor>& features) {
  const std::vector<Tensor> past(features.begin(), features.end() - 1);
  const Tensor& current = features.back();
  const Tensor reference = conv_ref_->forward(torch::cat(past, 1));
  const Tensor coupled = conv_cr_mix_->forward(torch::cat({conv_cur_->forward(reference * current), current}, 1));
  Tensor sum;
  for (std::size_t t = 0; t < past.size(); ++t) {
    const Tensor term = weight_[t] * conv_gl_->forward(torch::cat({past[t], current}, 1));
    sum = sum.defined() ? sum + term : term;
  }
  return conv_final_->forward(torch::cat({conv_gl_mix_->forward(sum), coupled}, 1));
}

SstnetImpl::SstnetImpl()
    : backbone_(register_module("backbone", YoloxPyramid())),
      neck_(register_module("neck", MotionNeck())),
      head_(register_module("head", YoloxHead())) {
  register_module("mapping0", nn::Sequential(Plain(640, 128, 1, false)));  // stored, not used
  const auto cell = std::make_shared<nn::Module>();
  register_module("SSTNet", std::make_shared<nn::Module>())
      ->register_module("cell_list", std::make_shared<nn::Module>())
      ->register_module("00", cell);
  cell_conv_ = cell->register_module("conv", Plain(2 * kState, 4 * kState, 3, true));
  cell_conv2_ = cell->register_module("conv2", Plain(4 * kState, 4 * kState, 3, true));
  // The coupling between slices: with the one slice and one layer of the release its result is never read.
  cell->register_module("motion", nn::Sequential(Plain(3 * kState, 4 * kState, 3, true)));
  cell->register_module("mm1", Plain(2 * kState, kState, 1, false));
  cell->register_module("mm2", Plain(2 * kState, kState, 1, false));
  cell->register_module("past_attention", nn::MultiheadAttention(nn::MultiheadAttentionOptions(kAttentionWidth, 8)));
  cell->register_module("future_attention", nn::MultiheadAttention(nn::MultiheadAttentionOptions(kAttentionWidth, 8)));
  mapping1_ = register_module(
      "mapping1", nn::Sequential(nn::Conv2d(nn::Conv2dOptions(3, 32, 5).stride(4).padding(1).bias(false)), Leaky(),
                                 Plain(32, kState, 1, false), Leaky()));
  mapping2_ = register_module(
      "mapping2", nn::Sequential(Plain(5 * kState, 640, 1, false), Leaky(), nn::AdaptiveMaxPool2d(kForetoldSize)));
}

std::vector<Tensor> SstnetImpl::Encode(const Tensor& frames) {
  const Tensor images = ThreeChannelFrames("sstnet", frames, kYoloxInputStride);
  std::vector<Tensor> features;  // frame by frame: each is one batch of the normalisations, as published
  for (std::int64_t t = 0; t < kWindowFrames; ++t) features.push_back(backbone_(images.select(2, t)));
  return features;
}

Tensor SstnetImpl::EncodeFrame(const Tensor& image) {
  const Tensor image3 = image.expand({-1, 3, -1, -1});
  CheckImages("sstnet", image3, 3, kYoloxInputStride);
  return backbone_(image3);
}

Tensor SstnetImpl::FromFeatures(const std::vector<Tensor>& window) {
  if (window.size() != kWindowFrames) throw InternalError("SSTNet needs the features of five frames");
  return head_(neck_(window));
}

Tensor SstnetImpl::forward(const Tensor& frames) { return FromFeatures(Encode(frames)); }

SstnetImpl::Training SstnetImpl::ForTraining(const Tensor& frames) {
  const std::vector<Tensor> features = Encode(frames);
  if (frames.size(3) != kSstnetTrainingSize || frames.size(4) != kSstnetTrainingSize) {
    throw BadInput(fmt::format("sstnet trains on frames of {0} x {0} px, these are {1} x {2}", kSstnetTrainingSize,
                               frames.size(4), frames.size(3)));
  }
  const Tensor foretold = Foretell(frames.expand({-1, 3, -1, -1, -1}));
  return {FromFeatures(features), torch::mse_loss(torch::cat(features, 1), foretold)};
}

/// An LSTM of convolutions over the raw frames -> (B, 640, 64, 64). Its second convolution sees the frame once more
/// and, in place of the state between slices, zeros.
Tensor SstnetImpl::Foretell(const Tensor& frames) {
  std::vector<Tensor> states;
  Tensor hidden, memory;
  for (std::int64_t t = 0; t < kWindowFrames; ++t) {
    const Tensor x = mapping1_->forward(frames.select(2, t).contiguous());
    if (t == 0) hidden = memory = torch::zeros_like(x);
    const Tensor gates =
        cell_conv_(torch::cat({x, hidden}, 1)) + cell_conv2_(torch::cat({x, hidden, x, torch::zeros_like(x)}, 1));
    const std::vector<Tensor> part = gates.chunk(4, 1);  // in, forget, out, candidate
    memory = torch::sigmoid(part[1]) * memory + torch::sigmoid(part[0]) * torch::tanh(part[3]);
    hidden = torch::sigmoid(part[2]) * torch::tanh(memory);
    states.push_back(hidden);
  }
  return mapping2_->forward(torch::cat(states, 1));
}

}  // namespace mirst
