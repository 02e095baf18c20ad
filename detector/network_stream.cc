#include "detector/network_stream.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "detector/frame_tensor.h"
#include "detector/network_checkpoint.h"
#include "detector/torch_error.h"

namespace mirst {
using torch::Tensor;

void NetworkStream::Push(ImageView<const float> frame) {
  CheckFrame(frame, "a network");
  if (window_.empty()) {
    height_ = frame.height();
    width_ = frame.width();
  }
  CheckSameSize(frame, height_, width_);
  if (window_.size() == static_cast<std::size_t>(network_.traits().window)) window_.pop_front();
  window_.push_back(
      {TranslateTorchErrors([&] { return FrameTensor(frame, normalisation_, network_.FrameStride()).to(device_); }),
       {}});
}

Image<float> NetworkStream::Logits() {
  if (window_.empty()) throw InternalError("logits were asked for before the first frame");
  const torch::NoGradGuard no_gradient;
  network_.module().eval();
  return TranslateTorchErrors([&] {
    for (Encoded& frame : window_) {
      if (frame.features.empty()) frame.features = network_.EncodeFrame(frame.image);
    }
    std::vector<Network::Features> features(static_cast<std::size_t>(network_.traits().window) - window_.size(),
                                            window_.front().features);
    for (const Encoded& frame : window_) features.push_back(frame.features);
    const Tensor& image = window_.back().image;
    return ImageOf(network_.FromFeatures(features, image.size(2), image.size(3)), height_, width_);
  });
}

SequenceDetectorInfo DetectorInfoOf(const CheckpointInfo& checkpoint, int window, c10::Device device) {
  return {.id = checkpoint.network,
          .dataset_id = checkpoint.dataset_id,
          .git_revision = checkpoint.git_revision,
          .steps = checkpoint.steps,
          .samples_seen = checkpoint.samples_seen,
          .threshold = checkpoint.threshold,
          .device = device.str(),
          .window = window};
}

namespace {

class TrainableBaseline final : public TrainableNetwork {
 public:
  explicit TrainableBaseline(std::unique_ptr<Network> network) : network_(std::move(network)) {}

  std::string arch() const override { return network_->traits().arch; }
  torch::nn::Module& module() override { return network_->module(); }
  int window() const override { return network_->traits().window; }
  int stride() const override { return network_->FrameStride(); }
  Tensor Logits(const Tensor& frames) override { return network_->Logits(frames); }
  Tensor Loss(const Tensor& frames, const Tensor& masks, const Tensor& ignore) override {
    return network_->Loss(frames, masks, ignore);
  }
  std::unique_ptr<LogitStream> Stream(Normalisation normalisation, c10::Device device) override {
    return std::make_unique<NetworkStream>(*network_, normalisation, device);
  }
  void Save(const std::filesystem::path& weights, CheckpointInfo info) const override {
    SaveNetwork(weights, *network_, std::move(info));
  }

 private:
  std::unique_ptr<Network> network_;
};

class NetworkDetector final : public SequenceDetector {
 public:
  NetworkDetector(LoadedNetwork loaded, c10::Device device)
      : network_(std::move(loaded.network)),
        stream_(*network_, {loaded.info.mean, loaded.info.sigma}, device),
        info_(DetectorInfoOf(loaded.info, network_->traits().window, device)) {}
  const SequenceDetectorInfo& info() const override { return info_; }
  void Begin() override { stream_.Begin(); }
  Image<float> Next(ImageView<const float> frame) override {
    stream_.Push(frame);
    return stream_.Logits();
  }

 private:
  std::unique_ptr<Network> network_;
  NetworkStream stream_;
  SequenceDetectorInfo info_;
};

}  // namespace

std::unique_ptr<SequenceDetector> LoadNetworkDetector(const std::filesystem::path& weights, c10::Device device) {
  LoadedNetwork loaded = LoadNetwork(weights);
  TranslateTorchErrors([&] {
    loaded.network->module().to(device);
    ArrangeForInference(*loaded.network);
  });
  return std::make_unique<NetworkDetector>(std::move(loaded), device);
}

std::unique_ptr<TrainableNetwork> MakeTrainable(std::unique_ptr<Network> network) {
  return std::make_unique<TrainableBaseline>(std::move(network));
}

}  // namespace mirst
