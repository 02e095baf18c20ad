// PSTFNet over a sequence, frame by frame, by the engine that is asked for. As a stream each frame is encoded once and
// its features serve the five windows that hold it.
#pragma once

#include <c10/core/Device.h>

#include <deque>
#include <optional>
#include <vector>

#include "core/image.h"
#include "detector/inference_engine.h"
#include "detector/network/folded_pstfnet.h"

namespace mirst {

/// How frames enter a network: (counts - mean) / sigma.
struct Normalisation {
  double mean = 0;
  double sigma = 1;
  friend bool operator==(const Normalisation&, const Normalisation&) = default;
};

class PstfnetStream {
 public:
  /// The network must lie on `device`; it is put into evaluation mode. Its weights count as they are now.
  PstfnetStream(Pstfnet network, Normalisation normalisation, c10::Device device,
                InferenceEngine engine = InferenceEngine::kStreaming);

  /// From now on frames are this part of larger ones. Engines folded and streaming.
  void SetPart(const FramePart& part) { part_ = part; }

  /// The next frame is the first of a sequence.
  void Begin();
  /// Adds a frame, (height, width) in counts. Throws kBadInput as SequenceDetector::Next.
  void Push(ImageView<const float> frame);
  /// Logits of the frame pushed last, in its shape; where fewer than four frames came before it, the first one is
  /// repeated. Frames are encoded here, so that frames whose logits nobody asks for cost next to nothing.
  Image<float> Logits();
  /// The decoder's maps behind the last Logits(), mean over the channels, coarsest first; engine streaming only.
  std::vector<Image<float>> DecoderMaps() const;

 private:
  struct Entry {
    torch::Tensor image;                    // (1, 1, H, W), normalised and padded
    std::optional<FrameFeatures> features;  // as the next: once needed, streaming only
    std::optional<Levels> start;            // with both neighbours in the window
  };
  torch::Tensor WindowLogits();
  DecodedFrame DecodeStreamed();

  Pstfnet network_;
  FoldedPstfnet folded_;
  InferenceEngine engine_;
  Normalisation normalisation_;
  c10::Device device_;
  int height_ = 0, width_ = 0;  // of the sequence's frames
  std::optional<FramePart> part_;
  std::optional<DecodedFrame> decoded_;
  std::deque<Entry> window_;  // empty or five; at first the sequence's first frame, repeated
};

}  // namespace mirst
