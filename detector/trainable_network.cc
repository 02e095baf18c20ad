#include "detector/trainable_network.h"

#include <fmt/format.h>
#include <torch/nn/functional/padding.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "detector/loss.h"
#include "detector/network_factory.h"
#include "detector/network_stream.h"
#include "detector/sequence_detector.h"
#include "detector/torch_error.h"

namespace mirst {
namespace F = torch::nn::functional;
using torch::Tensor;
namespace {

/// The network on whole windows, one after the other.
class WindowStream final : public LogitStream {
 public:
  WindowStream(TrainableNetwork& network, Normalisation normalisation, c10::Device device)
      : network_(network), normalisation_(normalisation), device_(device) {}

  void Begin() override { window_.clear(); }

  void Push(ImageView<const float> frame) override {
    if (!window_.empty() && (frame.height() != height_ || frame.width() != width_)) {
      throw BadInput(fmt::format("the frame is {} x {} px, the frames before it are {} x {}", frame.width(),
                                 frame.height(), width_, height_));
    }
    height_ = frame.height();
    width_ = frame.width();
    Tensor image = torch::empty({1, 1, height_, width_}, torch::kFloat);
    float* pixel = image.data_ptr<float>();
    const auto mean = static_cast<float>(normalisation_.mean), gain = static_cast<float>(1 / normalisation_.sigma);
    for (int y = 0; y < height_; ++y) {
      pixel = std::transform(frame.row(y), frame.row(y) + width_, pixel,
                             [&](float value) { return (value - mean) * gain; });
    }
    const std::int64_t right = PaddingOf(width_), below = PaddingOf(height_);
    window_.push_back(TranslateTorchErrors([&] {
      return F::pad(image, F::PadFuncOptions({0, right, 0, below}).mode(torch::kReflect)).to(device_);
    }));
    if (window_.size() > static_cast<std::size_t>(network_.window())) window_.pop_front();
  }

  Image<float> Logits() override {
    if (window_.empty()) throw InternalError("logits were asked for before the first frame");
    const torch::NoGradGuard no_gradient;
    network_.module().eval();
    std::vector<Tensor> frames(static_cast<std::size_t>(network_.window()) - window_.size(), window_.front());
    frames.insert(frames.end(), window_.begin(), window_.end());
    return TranslateTorchErrors([&] {
      const Tensor logits = network_.Logits(torch::stack(frames, 2)).narrow(2, 0, height_).narrow(3, 0, width_);
      const Tensor values = logits.to(torch::kCPU, torch::kFloat).contiguous();
      Image<float> scores(height_, width_);
      std::copy_n(values.data_ptr<float>(), scores.size(), scores.data());
      return scores;
    });
  }

 private:
  std::int64_t PaddingOf(int extent) const {
    return (network_.stride() - extent % network_.stride()) % network_.stride();
  }

  TrainableNetwork& network_;
  Normalisation normalisation_;
  c10::Device device_;
  int height_ = 0, width_ = 0;
  std::deque<Tensor> window_;  // (1, 1, H, W), normalised and padded
};

class CachedPstfnetStream final : public LogitStream {
 public:
  CachedPstfnetStream(const Pstfnet& network, Normalisation normalisation, c10::Device device)
      : stream_(network, normalisation, device) {}
  void Begin() override { stream_.Begin(); }
  void Push(ImageView<const float> frame) override { stream_.Push(frame); }
  Image<float> Logits() override { return stream_.Logits(); }

 private:
  PstfnetStream stream_;
};

class TrainablePstfnet final : public TrainableNetwork {
 public:
  explicit TrainablePstfnet(const TrainOptions& options) : network_(options.network), loss_(options.loss) {
    if (options.initial_probability) network_->SetInitialProbability(*options.initial_probability);
  }

  std::string arch() const override { return "pstfnet"; }
  torch::nn::Module& module() override { return *network_; }
  int window() const override { return kDetectorWindow; }
  int stride() const override { return static_cast<int>(kPstfnetStride); }
  Tensor Logits(const Tensor& frames) override { return network_(frames); }
  Tensor Loss(const Tensor& frames, const Tensor& masks, const Tensor& ignore) override {
    return TrainingLoss(network_(frames), masks, ignore, loss_);
  }
  std::unique_ptr<LogitStream> Stream(Normalisation normalisation, c10::Device device) override {
    return std::make_unique<CachedPstfnetStream>(network_, normalisation, device);
  }
  void Save(const std::filesystem::path& weights, CheckpointInfo info) const override {
    SaveCheckpoint(weights, network_, std::move(info));
  }

 private:
  Pstfnet network_;
  LossOptions loss_;
};

}  // namespace

std::unique_ptr<LogitStream> TrainableNetwork::Stream(Normalisation normalisation, c10::Device device) {
  return std::make_unique<WindowStream>(*this, normalisation, device);
}

std::unique_ptr<TrainableNetwork> MakeTrainableNetwork(const TrainOptions& options) {
  RandomStream random(RandomKey{.seed = options.seed, .purpose = Purpose::kInitialWeights});
  const std::uint64_t high = random.Next();
  torch::manual_seed(high << 32 | random.Next());
  if (options.arch == "pstfnet") return std::make_unique<TrainablePstfnet>(options);
  const bool takes_channels = options.arch == "dnanet" || options.arch == "isnet" || options.arch == "uiunet";
  const std::string network_options =
      takes_channels ? PrintOptions(options.image_network, OptionsFormat::kJson) : std::string("{}");
  std::unique_ptr<Network> network = MakeNetwork(options.arch, ConfigTree::FromText(network_options, "image_network"));
  InitialiseAsPublished(*network);
  return MakeTrainable(std::move(network));
}

}  // namespace mirst
