// All networks behind one face, chosen by name: how they run on a reference's input, how they score the last frame of a
// window, and their own loss. network_traits.h holds what is published about them.
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "detector/network/image_network_options.h"
#include "detector/network_traits.h"

namespace mirst {

/// Options of the networks that have none.
struct FixedNetworkOptions {};
inline void Visit(OptionsVisitor& /*visitor*/, FixedNetworkOptions& /*options*/) {}
inline void AddFaults(OptionsReader& /*reader*/, const FixedNetworkOptions& /*options*/) {}

class Network {
 public:
  /// What one frame leaves for the windows that hold it.
  using Features = std::vector<torch::Tensor>;

  explicit Network(const NetworkTraits& traits) : traits_(traits) {}
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const NetworkTraits& traits() const { return traits_; }
  virtual torch::nn::Module& module() = 0;
  virtual std::string OptionsJson() const = 0;

  /// As traits().input_shape, one sample: for which the cost is told.
  virtual std::vector<std::int64_t> ExampleShape() const = 0;
  /// What the published program computes, joined along the channels: traits().output. Throws kBadInput for a shape that
  /// the network does not take.
  virtual torch::Tensor Run(const torch::Tensor& input) = 0;
  /// Run() in parts, to be called in order.
  virtual std::vector<std::pair<std::string, std::function<void()>>> Stages(const torch::Tensor& input);
  /// Height and width of frames must be multiples of it; 1 where they are resampled.
  virtual int FrameStride() const { return traits_.stride; }
  /// Names of the tensors in the order of the formula of hash_weights.h.
  virtual std::vector<std::string> Numbering();

  /// Logits (B, 1, H, W) of the last of traits().window frames (B, 1, T, H, W), oldest first, normalised; H and W
  /// multiples of FrameStride().
  torch::Tensor Logits(const torch::Tensor& frames);
  /// The same in two steps, in evaluation mode. image: (B, 1, H, W).
  virtual Features EncodeFrame(const torch::Tensor& image) = 0;
  /// `window`: the features of the last traits().window frames, of height x width px.
  virtual torch::Tensor FromFeatures(const std::vector<Features>& window, std::int64_t height, std::int64_t width) = 0;

  /// The network's own loss, a scalar. frames: as in Logits; masks, ignore: (B, 1, H, W) of the last frame; ignore (1 =
  /// counts nowhere) may be undefined.
  virtual torch::Tensor Loss(const torch::Tensor& frames, const torch::Tensor& masks, const torch::Tensor& ignore) = 0;

 private:
  const NetworkTraits& traits_;
};

/// On the CPU, in training mode, with LibTorch's initialisation. Throws kUsage (unknown network, wrong options).
std::unique_ptr<Network> MakeNetwork(const std::string& arch, const ConfigTree& options);

/// Lays the weights of convolutions out as inference is fastest (traits().channels_last); maps follow them. The results
/// differ in their last bits. The weights must stay as they are from then on.
void ArrangeForInference(Network& network);

/// Weights as the published training begins, from LibTorch's generator. Those of a deformable convolution's offsets
/// stay zero (the release of ISNet draws them, too, which moves taps by chance before anything is learnt).
void InitialiseAsPublished(Network& network);

}  // namespace mirst
