#include "detector/trainable_network.h"

#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "detector/loss.h"
#include "detector/network_factory.h"
#include "detector/network_stream.h"
#include "detector/sequence_detector.h"
#include "detector/torch_error.h"

namespace mirst {
using torch::Tensor;
namespace {

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

std::unique_ptr<TrainableNetwork> MakeTrainableNetwork(const TrainOptions& options) {
  RandomStream random(RandomKey{.seed = options.seed, .purpose = Purpose::kInitialWeights});
  const std::uint64_t high = random.Next();
  torch::manual_seed(high << 32 | random.Next());
  if (options.arch == "pstfnet") return std::make_unique<TrainablePstfnet>(options);
  const std::string network_options =
      TraitsOf(options.arch).takes_channels ? PrintOptions(options.image_network, OptionsFormat::kJson) : "{}";
  std::unique_ptr<Network> network = MakeNetwork(options.arch, ConfigTree::FromText(network_options, "image_network"));
  InitialiseAsPublished(*network);
  return MakeTrainable(std::move(network));
}

}  // namespace mirst
