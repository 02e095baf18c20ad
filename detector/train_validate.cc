#include "detector/train_validate.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"
#include "core/progress.h"
#include "detector/model_driven/segmentation.h"
#include "detector/sequence_detector.h"

namespace mirst {
namespace {

Image<float> CountsOf(const StoredFrame& frame) {
  return std::visit(
      [](const auto& counts) {
        Image<float> pixels(counts.height(), counts.width());
        std::copy(counts.begin(), counts.end(), pixels.begin());
        return pixels;
      },
      frame.counts);
}

}  // namespace

DetectionReport ScoreSplit(TrainableNetwork& network, Normalisation normalisation, double threshold,
                           const SplitFrames& frames, int stride, c10::Device device) {
  constexpr int kFirst = kDetectorWindow - 1;
  std::int64_t total = 0;
  for (std::size_t s = 0; s < frames.sequences(); ++s)
    total += std::max(0, frames.sequence(s).frames - kFirst + stride - 1) / stride;
  Progress progress("validation", total, "frames");
  const std::unique_ptr<LogitStream> stream = network.Stream(normalisation, device);
  std::vector<SequenceScore> scores;
  for (std::size_t s = 0; s < frames.sequences(); ++s) {
    const ManifestSequence& sequence = frames.sequence(s);
    SequenceScore score;
    score.name = sequence.name;
    stream->Begin();
    for (int index = 0; index < sequence.frames; ++index) {
      ThrowIfInterrupted();
      const auto frame = frames.Read(s, index);
      stream->Push(CountsOf(*frame));
      if (index < kFirst || (index - kFirst) % stride != 0) continue;
      score.Add(ScoreFrame(ThresholdMask(stream->Logits(), static_cast<float>(threshold)), frame->mask,
                           frame->ignore.empty() ? nullptr : &frame->ignore));
      progress.Advance();
    }
    if (score.frames > 0) scores.push_back(std::move(score));
  }
  return Summarise(std::move(scores));
}

}  // namespace mirst
