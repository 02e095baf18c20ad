#include "detector/network/pstfnet.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "core/error.h"
#include "detector/torch_error.h"

namespace mirst {
namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

void CheckSize(std::int64_t height, std::int64_t width, SizeMode mode) {
  if (mode == SizeMode::kNative && (height != kPstfnetNativeSize || width != kPstfnetNativeSize)) {
    throw BadInput(
        fmt::format("PSTFNet with size_mode native takes frames of 384 x 384 px, found {} x {}; weights of "
                    "size_mode free take any size",
                    width, height));
  }
  if (height < kPstfnetStride || width < kPstfnetStride || height % kPstfnetStride != 0 ||
      width % kPstfnetStride != 0) {
    throw BadInput(fmt::format("PSTFNet takes frames whose width and height are multiples of 16 px, found {} x {}",
                               width, height));
  }
}

void CheckFrames(const Tensor& frames, std::int64_t dimensions) {
  if (frames.dim() == dimensions && (frames.size(1) == 1 || frames.size(1) == 3) &&
      (dimensions == 4 || frames.size(2) == kWindowFrames)) {
    return;
  }
  std::string shape;
  for (const std::int64_t extent : frames.sizes()) shape += fmt::format("{}{}", shape.empty() ? "" : ", ", extent);
  throw BadInput(fmt::format("PSTFNet takes frames of shape (batch, 1 or 3, {}height, width), found ({})",
                             dimensions == 5 ? "5, " : "", shape));
}

Levels JoinFrames(const std::array<Levels, 5>& window) {
  Levels features;
  for (std::size_t i = 0; i < features.size(); ++i) {
    features[i] = torch::cat({window[0][i], window[1][i], window[2][i], window[3][i], window[4][i]}, 0);
  }
  return features;
}

}  // namespace

PstfnetImpl::PstfnetImpl(const PstfnetOptions& options) : options_(options), final_(nn::Conv2dOptions(8, 1, 1)) {
  const Cbam cbam = options.cbam ? Cbam::kOn : Cbam::kOff;
  std::int64_t in = 3;
  for (std::size_t i = 0; i < kLevelChannels.size(); ++i) {
    encoder_.push_back(register_module(fmt::format("conv{}_0", i), ResidualPair(in, kLevelChannels[i], cbam)));
    in = kLevelChannels[i];
  }
  for (std::size_t i = kLevelChannels.size() - 1; i-- > 0;) {
    const std::int64_t joined = kLevelChannels[i] + kLevelChannels[i + 1];
    decoder_.push_back(
        register_module(fmt::format("conv{}_1", i), ResidualPair(joined, kLevelChannels[i], Cbam::kOff)));
  }
  register_module("final", final_);
  if (options.msfm) fusion_ = register_module("CIM", FeatureFusion(options));
  for (std::size_t i = 0; i < kLevelChannels.size(); ++i) {
    aggregation_.push_back(
        static_cast<int>(i) + 1 < options.first_ptam_level
            ? TemporalAggregation(nullptr)
            : register_module(fmt::format("hdc{}", i), TemporalAggregation(kLevelChannels[i], options)));
  }
}

void PstfnetImpl::SetInitialProbability(double probability) {
  const torch::NoGradGuard no_gradient;
  final_->bias.fill_(std::log(probability / (1 - probability)));
}

Tensor PstfnetImpl::forward(const Tensor& frames) {
  CheckFrames(frames, 5);
  CheckSize(frames.size(3), frames.size(4), options_.size_mode);
  return TranslateTorchErrors([&] { return Decode(Fuse(Aggregate(Encode(frames)))); });
}

void PstfnetImpl::CheckImages(const Tensor& images) const {
  CheckFrames(images, 4);
  CheckSize(images.size(2), images.size(3), options_.size_mode);
}

Levels PstfnetImpl::EncodeFrame(const Tensor& image) {
  CheckImages(image);
  return TranslateTorchErrors([&] { return EncodeBatch(image); });
}

Tensor PstfnetImpl::FromFeatures(const std::array<Levels, 5>& window) {
  return TranslateTorchErrors([&] { return Decode(Fuse(Aggregate(JoinFrames(window)))); });
}

Levels PstfnetImpl::Encode(const Tensor& frames) {
  const Tensor by_frame = frames.permute({2, 0, 1, 3, 4});  // (5, B, C, H, W)
  if (!is_training() || options_.bn_frames == BatchNormFrames::kJoint) return EncodeBatch(by_frame.flatten(0, 1));
  std::array<Levels, 5> window;
  for (std::size_t t = 0; t < window.size(); ++t) window[t] = EncodeBatch(by_frame[static_cast<std::int64_t>(t)]);
  return JoinFrames(window);
}

Levels PstfnetImpl::EncodeBatch(Tensor images) {
  if (images.size(1) == 1) images = images.expand({-1, 3, -1, -1});
  Levels levels;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    levels[i] = encoder_[i]->forward(i == 0 ? images : torch::max_pool2d(levels[i - 1], 2));
  }
  return levels;
}

Levels PstfnetImpl::Aggregate(const Levels& features) {
  Levels aggregated;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::int64_t batch = features[i].size(0) / kWindowFrames;
    aggregated[i] =
        aggregation_[i] ? aggregation_[i](features[i]) : features[i].narrow(0, (kWindowFrames - 1) * batch, batch);
  }
  return aggregated;
}

Tensor PstfnetImpl::Decode(const Levels& fused) {
  Tensor x = fused.back();
  for (std::size_t i = 0; i < decoder_.size(); ++i) {
    const Tensor& finer = fused[fused.size() - 2 - i];
    const std::vector<std::int64_t> size{finer.size(2), finer.size(3)};
    const Tensor enlarged =
        F::interpolate(x, F::InterpolateFuncOptions().size(size).mode(torch::kBilinear).align_corners(true));
    x = decoder_[i]->forward(torch::cat({finer, enlarged}, 1));
  }
  return final_(x);
}

Tensor ForwardPadded(Pstfnet& network, const Tensor& frames) {
  CheckFrames(frames, 5);
  const std::int64_t height = frames.size(3), width = frames.size(4);
  const auto missing = [](std::int64_t extent) { return (kPstfnetStride - extent % kPstfnetStride) % kPstfnetStride; };
  if (missing(height) >= height || missing(width) >= width) {
    throw BadInput(
        fmt::format("frames of {} x {} px are too small to be padded by reflection to a multiple of 16 px; "
                    "9 x 9 is the least",
                    width, height));
  }
  if (missing(height) == 0 && missing(width) == 0) return network(frames);
  const Tensor planes = frames.flatten(1, 2);  // reflection works on the last two of four dimensions
  const Tensor padded =
      F::pad(planes, F::PadFuncOptions({0, missing(width), 0, missing(height)}).mode(torch::kReflect));
  const Tensor logits =
      network(padded.view({frames.size(0), frames.size(1), frames.size(2), padded.size(2), padded.size(3)}));
  return logits.narrow(2, 0, height).narrow(3, 0, width);
}

}  // namespace mirst
