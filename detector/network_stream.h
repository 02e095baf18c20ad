// Any network of the factory over a sequence: each frame is encoded once, and what it leaves serves the windows that
// hold it.
#pragma once

#include <c10/core/Device.h>

#include <deque>
#include <filesystem>
#include <memory>

#include "detector/network_factory.h"
#include "detector/sequence_detector.h"
#include "detector/trainable_network.h"

namespace mirst {

class NetworkStream final : public LogitStream {
 public:
  /// The network lies on `device` and outlives the stream; Logits() puts it into evaluation mode.
  NetworkStream(Network& network, Normalisation normalisation, c10::Device device)
      : network_(network), normalisation_(normalisation), device_(device) {}

  void Begin() override { window_.clear(); }
  void Push(ImageView<const float> frame) override;
  Image<float> Logits() override;

 private:
  struct Encoded {
    torch::Tensor image;         // normalised and padded
    Network::Features features;  // empty until needed
  };

  Network& network_;
  Normalisation normalisation_;
  c10::Device device_;
  int height_ = 0, width_ = 0;  // of the sequence's frames
  std::deque<Encoded> window_;
};

/// A network of the factory as `mirst train` takes it, with its own loss.
std::unique_ptr<TrainableNetwork> MakeTrainable(std::unique_ptr<Network> network);

/// What a checkpoint tells of the detector that it becomes.
SequenceDetectorInfo DetectorInfoOf(const CheckpointInfo& checkpoint, int window, c10::Device device);

/// Weights with NAME.json of any network as a detector on `device`. Throws kBadInput as LoadNetwork.
std::unique_ptr<SequenceDetector> LoadNetworkDetector(const std::filesystem::path& weights, c10::Device device);

}  // namespace mirst
