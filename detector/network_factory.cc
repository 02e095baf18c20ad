#include "detector/network_factory.h"

#include <torch/torch.h>

#include "detector/box_maps.h"
#include "detector/hash_weights.h"
#include "detector/loss.h"
#include "detector/network/conv_block.h"
#include "detector/network/dnanet.h"
#include "detector/network/dnanet_dtum.h"
#include "detector/network/isnet.h"
#include "detector/network/pstfnet.h"
#include "detector/network/rdian.h"
#include "detector/network/resunet_dtum.h"
#include "detector/network/sstnet.h"
#include "detector/network/uiunet.h"
#include "detector/network_loss.h"

namespace mirst {
using torch::Tensor;
namespace {

constexpr std::int64_t kExampleSize = 256;

Tensor WithBatch(const Tensor& input, std::int64_t dimensions) {
  return input.dim() == dimensions - 1 ? input.unsqueeze(0) : input;
}

/// Module, options and shapes of a network whose options are of type Options.
template <class Holder, class Options>
class BasicNetwork : public Network {
 public:
  BasicNetwork(const NetworkTraits& traits, Holder network, Options options)
      : Network(traits), network_(std::move(network)), options_(std::move(options)) {}
  torch::nn::Module& module() override { return *network_; }
  std::string OptionsJson() const override { return PrintOptions(options_, OptionsFormat::kJson); }

 protected:
  Holder network_;
  Options options_;
};

/// A network of one frame: Forward() gives its outputs, of which `Prediction` is the one that counts.
template <class Holder, class Options>
class ImageNetwork : public BasicNetwork<Holder, Options> {
 public:
  using BasicNetwork<Holder, Options>::BasicNetwork;
  std::vector<std::int64_t> ExampleShape() const override { return {1, Channels(), kExampleSize, kExampleSize}; }
  Tensor Run(const Tensor& input) override { return torch::cat(Forward(WithBatch(input, 4)), 1); }
  Network::Features EncodeFrame(const Tensor& image) override { return {image}; }
  Tensor FromFeatures(const std::vector<Network::Features>& window, std::int64_t, std::int64_t) override {
    return Prediction(Forward(Image(window.back().front())));
  }
  Tensor Loss(const Tensor& frames, const Tensor& masks, const Tensor& ignore) override {
    return LossOf(Forward(Image(frames.select(2, -1))), masks, ignore);
  }

 protected:
  virtual std::vector<Tensor> Forward(const Tensor& images) = 0;
  virtual Tensor Prediction(const std::vector<Tensor>& outputs) const { return outputs.front(); }
  virtual Tensor LossOf(const std::vector<Tensor>& outputs, const Tensor& masks, const Tensor& ignore) const = 0;
  virtual std::int64_t Channels() const { return 1; }

 private:
  Tensor Image(const Tensor& grey) const { return grey.expand({-1, Channels(), -1, -1}); }
};

class RdianNetwork final : public ImageNetwork<Rdian, FixedNetworkOptions> {
 public:
  using ImageNetwork::ImageNetwork;

 private:
  std::vector<Tensor> Forward(const Tensor& images) override { return {network_(images)}; }
  Tensor LossOf(const std::vector<Tensor>& outputs, const Tensor& masks, const Tensor& ignore) const override {
    return SoftIou(torch::sigmoid(outputs.front()), masks, ignore, IouOver::kSample, 1);
  }
};

class DnanetNetwork final : public ImageNetwork<Dnanet, ImageNetworkOptions> {
 public:
  using ImageNetwork::ImageNetwork;

 private:
  std::int64_t Channels() const override { return options_.channels; }
  std::vector<Tensor> Forward(const Tensor& images) override { return network_(images); }
  Tensor Prediction(const std::vector<Tensor>& outputs) const override { return outputs.back(); }
  Tensor LossOf(const std::vector<Tensor>& outputs, const Tensor& masks, const Tensor& ignore) const override {
    return DeepSupervisionIou(outputs, masks, ignore);
  }
};

class IsnetNetwork final : public ImageNetwork<Isnet, ImageNetworkOptions> {
 public:
  using ImageNetwork::ImageNetwork;

 private:
  std::int64_t Channels() const override { return options_.channels; }
  std::vector<Tensor> Forward(const Tensor& images) override {
    const IsnetImpl::Outputs outputs = network_(images, GradientMagnitude(images));
    return {outputs.logits, outputs.edge_logits};
  }
  Tensor LossOf(const std::vector<Tensor>& outputs, const Tensor& masks, const Tensor& ignore) const override {
    return ShapeLoss(outputs[0], outputs[1], masks, ignore);
  }
};

class UiunetNetwork final : public ImageNetwork<Uiunet, ImageNetworkOptions> {
 public:
  using ImageNetwork::ImageNetwork;

 private:
  std::int64_t Channels() const override { return options_.channels; }
  std::vector<Tensor> Forward(const Tensor& images) override { return network_(images); }
  Tensor LossOf(const std::vector<Tensor>& outputs, const Tensor& masks, const Tensor& ignore) const override {
    return DeepSupervisionCrossEntropy(outputs, masks, ignore);
  }
};

class PstfnetNetwork final : public BasicNetwork<Pstfnet, PstfnetOptions> {
 public:
  using BasicNetwork::BasicNetwork;
  std::vector<std::int64_t> ExampleShape() const override {
    const std::int64_t size = options_.size_mode == SizeMode::kNative ? kPstfnetNativeSize : kFreeModeExample;
    return {1, 3, kWindowFrames, size, size};
  }
  Tensor Run(const Tensor& input) override { return ForwardPadded(network_, WithBatch(input, 5)); }
  std::vector<std::pair<std::string, std::function<void()>>> Stages(const Tensor& input) override {
    const auto state = std::make_shared<std::array<Levels, 3>>();
    return {{"encoder", [=, this] { (*state)[0] = network_->Encode(input); }},
            {"PTAM", [=, this] { (*state)[1] = network_->Aggregate((*state)[0]); }},
            {"MSFM", [=, this] { (*state)[2] = network_->Fuse((*state)[1]); }},
            {"decoder", [=, this] { network_->Decode((*state)[2]); }}};
  }
  /// That of the full network, so that tensors of an ablation are filled as theirs.
  std::vector<std::string> Numbering() override { return StateOrder(*Pstfnet()); }
  Features EncodeFrame(const Tensor& image) override {
    const Levels levels = network_->EncodeFrame(image);
    return {levels.begin(), levels.end()};
  }
  Tensor FromFeatures(const std::vector<Features>& window, std::int64_t, std::int64_t) override {
    std::array<Levels, kWindowFrames> levels;
    for (std::size_t t = 0; t < levels.size(); ++t) std::copy(window[t].begin(), window[t].end(), levels[t].begin());
    return network_->FromFeatures(levels);
  }
  Tensor Loss(const Tensor& frames, const Tensor& masks, const Tensor& ignore) override {
    return SoftIouLoss(network_(frames), masks, ignore);
  }

 private:
  static constexpr std::int64_t kFreeModeExample = 128;
};

class DtumNetworkAdapter final : public BasicNetwork<DtumNetwork, FixedNetworkOptions> {
 public:
  using BasicNetwork::BasicNetwork;
  std::vector<std::int64_t> ExampleShape() const override { return {1, 3, kWindowFrames, kExampleSize, kExampleSize}; }
  Tensor Run(const Tensor& input) override { return network_(WithBatch(input, 5)); }
  Features EncodeFrame(const Tensor& image) override { return {network_->EncodeFrame(image)}; }
  Tensor FromFeatures(const std::vector<Features>& window, std::int64_t, std::int64_t) override {
    std::vector<Tensor> features;
    for (const Features& frame : window) features.push_back(frame.front());
    return network_->FromFeatures(features);
  }
  Tensor Loss(const Tensor& frames, const Tensor& masks, const Tensor& ignore) override {
    const Tensor probabilities = torch::sigmoid(network_(frames));
    return traits().arch == "resunet_dtum" ? SoftIou(probabilities, masks, ignore, IouOver::kBatch, 1)
                                           : SoftIou(probabilities, masks, ignore, IouOver::kSample, 0);
  }
};

/// SSTNet sees frames enlarged to 512 px, and its boxes become a map of scores.
class SstnetNetwork final : public BasicNetwork<Sstnet, FixedNetworkOptions> {
 public:
  using BasicNetwork::BasicNetwork;
  int FrameStride() const override { return 1; }
  std::vector<std::int64_t> ExampleShape() const override { return {1, 3, kWindowFrames, kExampleSize, kExampleSize}; }
  Tensor Run(const Tensor& input) override { return network_(WithBatch(input, 5)); }
  Features EncodeFrame(const Tensor& image) override {
    return {network_->EncodeFrame(Letterbox(image.size(2), image.size(3)).Apply(image))};
  }
  Tensor FromFeatures(const std::vector<Features>& window, std::int64_t height, std::int64_t width) override {
    std::vector<Tensor> features;
    for (const Features& frame : window) features.push_back(frame.front());
    return BoxScoreMaps(network_->FromFeatures(features), Letterbox(height, width));
  }
  /// Boxes are those of the masks' components; ignored pixels belong to none.
  Tensor Loss(const Tensor& frames, const Tensor& masks, const Tensor& ignore) override {
    const Letterbox letterbox(frames.size(3), frames.size(4));
    std::vector<Tensor> images;
    for (std::int64_t t = 0; t < kWindowFrames; ++t) images.push_back(letterbox.Apply(frames.select(2, t)));
    const SstnetImpl::Training training = network_->ForTraining(torch::stack(images, 2));
    return YoloxLoss(training.outputs, BoxesOfMasks(masks, ignore, letterbox)) + training.motion_loss;
  }
};

}  // namespace

std::vector<std::pair<std::string, std::function<void()>>> Network::Stages(const Tensor& input) {
  return {{traits_.arch, [this, input] { Run(input); }}};
}

std::vector<std::string> Network::Numbering() { return StateOrder(module()); }

Tensor Network::Logits(const Tensor& frames) {
  std::vector<Features> window;
  for (std::int64_t t = 0; t < frames.size(2); ++t) window.push_back(EncodeFrame(frames.select(2, t)));
  return FromFeatures(window, frames.size(3), frames.size(4));
}

std::unique_ptr<Network> MakeNetwork(const std::string& arch, const ConfigTree& options) {
  const NetworkTraits& traits = TraitsOf(arch);
  if (arch == "pstfnet") {
    const auto own = ReadOptions<PstfnetOptions>(options);
    return std::make_unique<PstfnetNetwork>(traits, Pstfnet(own), own);
  }
  if (arch == "dnanet" || arch == "isnet" || arch == "uiunet") {
    const auto own = ReadOptions<ImageNetworkOptions>(options);
    if (arch == "dnanet") return std::make_unique<DnanetNetwork>(traits, Dnanet(own.channels), own);
    if (arch == "isnet") return std::make_unique<IsnetNetwork>(traits, Isnet(own.channels), own);
    return std::make_unique<UiunetNetwork>(traits, Uiunet(own.channels), own);
  }
  const auto none = ReadOptions<FixedNetworkOptions>(options);
  if (arch == "rdian") return std::make_unique<RdianNetwork>(traits, Rdian(), none);
  if (arch == "sstnet") return std::make_unique<SstnetNetwork>(traits, Sstnet(), none);
  return std::make_unique<DtumNetworkAdapter>(traits, arch == "resunet_dtum" ? MakeResunetDtum() : MakeDnanetDtum(),
                                              none);
}

void ArrangeForInference(Network& network) {
  if (!network.traits().channels_last) return;
  const torch::NoGradGuard no_gradient;
  for (Tensor& parameter : network.module().parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
  for (const auto& module : network.module().modules()) {
    if (auto* const block = module->as<ConvBlock>()) block->FoldForInference();
  }
}

void InitialiseAsPublished(Network& network) {
  const torch::NoGradGuard no_gradient;
  const InitialWeights kind = network.traits().training.initial_weights;
  if (kind == InitialWeights::kDefault) return;
  for (const auto& item : network.module().named_modules("", /*include_self=*/false)) {
    if (item.key().find("conv_offset_mask") != std::string::npos) continue;
    if (auto* const conv = item.value()->as<torch::nn::Conv2d>()) {
      if (kind == InitialWeights::kNormal) {
        conv->weight.normal_(0, 0.02);
      } else {
        torch::nn::init::xavier_normal_(conv->weight);
      }
    } else if (auto* const norm = item.value()->as<torch::nn::BatchNorm2d>();
               norm != nullptr && kind == InitialWeights::kNormal) {
      norm->weight.normal_(1, 0.02);
      norm->bias.zero_();
    }
  }
}

}  // namespace mirst
