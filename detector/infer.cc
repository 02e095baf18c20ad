#include "detector/infer.h"

#include <fmt/format.h>
#include <torch/nn/functional/padding.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "detector/checkpoint.h"
#include "detector/device.h"
#include "detector/network_stream.h"
#include "detector/sequence_detector.h"
#include "detector/torch_error.h"

namespace mirst {
namespace F = torch::nn::functional;
using torch::Tensor;
namespace {

static_assert(kDetectorWindow == kWindowFrames);

std::int64_t PaddingOf(int extent) { return (kPstfnetStride - extent % kPstfnetStride) % kPstfnetStride; }

void CheckFrame(ImageView<const float> frame) {
  if (frame.height() < kLeastFramePx || frame.width() < kLeastFramePx) {
    throw BadInput(fmt::format("the frame is {} x {} px, the least that PSTFNet takes is {} x {}", frame.width(),
                               frame.height(), kLeastFramePx, kLeastFramePx));
  }
  for (int y = 0; y < frame.height(); ++y) {
    const float* row = frame.row(y);
    const float* wrong = std::find_if(row, row + frame.width(), [](float value) { return !std::isfinite(value); });
    if (wrong != row + frame.width()) {
      throw BadInput(
          fmt::format("the pixel at column {}, row {} is {}, expected a finite number", wrong - row, y, *wrong));
    }
  }
}

Tensor NormalisedTensor(ImageView<const float> frame, Normalisation normalisation) {
  Tensor image = torch::empty({1, 1, frame.height(), frame.width()}, torch::kFloat);
  float* pixel = image.data_ptr<float>();
  const auto mean = static_cast<float>(normalisation.mean), gain = static_cast<float>(1 / normalisation.sigma);
  for (int y = 0; y < frame.height(); ++y) {
    pixel = std::transform(frame.row(y), frame.row(y) + frame.width(), pixel,
                           [&](float value) { return (value - mean) * gain; });
  }
  return F::pad(image,
                F::PadFuncOptions({0, PaddingOf(frame.width()), 0, PaddingOf(frame.height())}).mode(torch::kReflect));
}

}  // namespace

PstfnetStream::PstfnetStream(Pstfnet network, Normalisation normalisation, c10::Device device, InferenceEngine engine)
    : network_(std::move(network)),
      folded_(network_),
      engine_(engine),
      normalisation_(normalisation),
      device_(device) {}

void PstfnetStream::Begin() { window_.clear(); }

void PstfnetStream::Push(ImageView<const float> frame) {
  CheckFrame(frame);
  if (window_.empty()) {
    height_ = frame.height();
    width_ = frame.width();
  } else if (frame.height() != height_ || frame.width() != width_) {
    throw BadInput(fmt::format("the frame is {} x {} px, the frames before it are {} x {}", frame.width(),
                               frame.height(), width_, height_));
  }
  const Entry entry{TranslateTorchErrors([&] { return NormalisedTensor(frame, normalisation_).to(device_); }), {}, {}};
  if (window_.empty()) window_.assign(kWindowFrames - 1, entry);
  if (window_.size() == kWindowFrames) window_.pop_front();
  window_.push_back(entry);
}

Tensor PstfnetStream::WindowLogits() {
  std::vector<Tensor> images;
  for (const Entry& entry : window_) images.push_back(entry.image);
  const Tensor frames = torch::stack(images, 2);
  return engine_ == InferenceEngine::kPlain ? network_(frames) : folded_.Forward(frames);
}

Tensor PstfnetStream::StreamedLogits() {
  std::array<Levels, kWindowFrames> starts;
  for (std::size_t t = 0; t < window_.size(); ++t) {
    if (window_[t].features) continue;
    const bool repeated = t > 0 && window_[t].image.is_same(window_[t - 1].image);
    window_[t].features = repeated ? *window_[t - 1].features : folded_.Encode(window_[t].image);
  }
  for (std::size_t t = 0; t < window_.size(); ++t) {
    Entry& entry = window_[t];
    const bool inside = t > 0 && t + 1 < window_.size();
    if (inside && entry.start) {
      starts[t] = *entry.start;
      continue;
    }
    starts[t] = folded_.Start(t > 0 ? &*window_[t - 1].features : nullptr, *entry.features,
                              t + 1 < window_.size() ? &*window_[t + 1].features : nullptr);
    if (inside) entry.start = starts[t];
  }
  return folded_.Logits(*window_.back().features, starts);
}

Image<float> PstfnetStream::Logits() {
  if (window_.empty()) throw InternalError("logits were asked for before the first frame");
  const torch::NoGradGuard no_gradient;
  return TranslateTorchErrors([&] {
    const Tensor logits = (engine_ == InferenceEngine::kStreaming ? StreamedLogits() : WindowLogits())
                              .narrow(2, 0, height_)
                              .narrow(3, 0, width_)
                              .to(torch::kCPU)
                              .contiguous();
    Image<float> scores(height_, width_);
    std::copy_n(logits.data_ptr<float>(), scores.size(), scores.data());
    return scores;
  });
}

namespace {

class PstfnetDetector final : public SequenceDetector {
 public:
  PstfnetDetector(const LoadedPstfnet& loaded, c10::Device device, InferenceEngine engine)
      : stream_(loaded.network, {loaded.info.mean, loaded.info.sigma}, device, engine) {
    info_.id = loaded.info.network;
    info_.dataset_id = loaded.info.dataset_id;
    info_.git_revision = loaded.info.git_revision;
    info_.steps = loaded.info.steps;
    info_.samples_seen = loaded.info.samples_seen;
    info_.threshold = loaded.info.threshold;
    info_.device = device.str();
  }

  const SequenceDetectorInfo& info() const override { return info_; }
  void Begin() override { stream_.Begin(); }
  Image<float> Next(ImageView<const float> frame) override {
    stream_.Push(frame);
    return stream_.Logits();
  }

 private:
  PstfnetStream stream_;
  SequenceDetectorInfo info_;
};

}  // namespace

std::unique_ptr<SequenceDetector> LoadSequenceDetector(const std::filesystem::path& weights, DeviceChoice device,
                                                       int threads, InferenceEngine engine) {
  const c10::Device resolved = ResolveDevice(device);
  UseTorchThreads(threads);
  if (ReadCheckpointInfo(weights).network != "pstfnet") return LoadNetworkDetector(weights, resolved);
  LoadedPstfnet loaded = LoadPstfnet(weights);
  TranslateTorchErrors([&] { loaded.network->to(resolved); });
  return std::make_unique<PstfnetDetector>(loaded, resolved, engine);
}

}  // namespace mirst
