// What `mirst train` asks of a network, whichever it is: logits and loss of a batch, logits along a sequence, and how
// it is saved. One class a network; MakeTrainableNetwork chooses by name.
#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/image.h"
#include "detector/checkpoint.h"
#include "detector/infer.h"
#include "detector/train_options.h"

namespace mirst {

/// Logits along a sequence, for validation. Frames whose logits nobody asks for cost next to nothing.
class LogitStream {
 public:
  virtual ~LogitStream() = default;
  /// The next frame is the first of a sequence.
  virtual void Begin() = 0;
  /// Adds a frame, (height, width) in counts. Throws kBadInput as SequenceDetector::Next.
  virtual void Push(ImageView<const float> frame) = 0;
  /// Logits of the frame pushed last, in its shape; where too few frames came before it, the first one is repeated.
  virtual Image<float> Logits() = 0;
};

class TrainableNetwork {
 public:
  virtual ~TrainableNetwork() = default;

  /// As the option `arch` names it: "pstfnet".
  virtual std::string arch() const = 0;
  virtual torch::nn::Module& module() = 0;

  /// Frames that it looks at, 1 to kDetectorWindow, of which the last is the current one.
  virtual int window() const = 0;
  /// Height and width of a batch must be multiples of it.
  virtual int stride() const = 0;

  /// frames: (B, 1, T, H, W), T = window(), oldest first, normalised -> logits (B, 1, H, W) of the last frame.
  virtual torch::Tensor Logits(const torch::Tensor& frames) = 0;

  /// The loss of a batch, a scalar: the network's own one where its paper has one (deep supervision), else that of the
  /// training's options. frames as in Logits; masks and ignore: (B, 1, H, W), 0 or 1, of the last frame; ignore (1 =
  /// counts nowhere) may be undefined. In a training of several processes this is one process's share of the batch, and
  /// the mean of the shares' losses must be the loss of the whole batch.
  virtual torch::Tensor Loss(const torch::Tensor& frames, const torch::Tensor& masks, const torch::Tensor& ignore) = 0;

  /// For validation, in evaluation mode and without gradients, on `device`, where the network must lie. The stream
  /// looks at the network's weights of the moment and must not outlive it.
  virtual std::unique_ptr<LogitStream> Stream(Normalisation normalisation, c10::Device device) = 0;

  /// Writes weights and NAME.json (checkpoint.h); fills what `info` tells of the network.
  virtual void Save(const std::filesystem::path& weights, CheckpointInfo info) const = 0;
};

/// A new network as the options describe it, on the CPU. LibTorch's generator, seeded from options.seed, gives its
/// weights.
std::unique_ptr<TrainableNetwork> MakeTrainableNetwork(const TrainOptions& options);

}  // namespace mirst
