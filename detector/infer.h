// PSTFNet over a sequence as a stream: each frame is encoded once and its features serve the five windows that hold it.
#pragma once

#include <c10/core/Device.h>

#include <deque>
#include <optional>

#include "core/image.h"
#include "detector/network/pstfnet.h"

namespace mirst {

/// How frames enter a network: (counts - mean) / sigma.
struct Normalisation {
  double mean = 0;
  double sigma = 1;
  friend bool operator==(const Normalisation&, const Normalisation&) = default;
};

class PstfnetStream {
 public:
  /// The network is used in evaluation mode on `device`, where it must lie; it is put into that mode by Logits().
  PstfnetStream(Pstfnet network, Normalisation normalisation, c10::Device device);

  /// The next frame is the first of a sequence.
  void Begin();
  /// Adds a frame, (height, width) in counts. Throws kBadInput as SequenceDetector::Next.
  void Push(ImageView<const float> frame);
  /// Logits of the frame pushed last, in its shape; where fewer than four frames came before it, the first one is
  /// repeated. Frames are encoded here, so that frames whose logits nobody asks for cost next to nothing.
  Image<float> Logits();

 private:
  struct Encoded {
    torch::Tensor image;             // (1, 1, H, W), normalised and padded
    std::optional<Levels> features;  // once needed
  };

  Pstfnet network_;
  Normalisation normalisation_;
  c10::Device device_;
  int height_ = 0, width_ = 0;  // of the sequence's frames
  std::deque<Encoded> window_;  // the last frames, five at most
};

}  // namespace mirst
