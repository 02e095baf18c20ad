#include "detector/model_driven/sequence_responses.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"

namespace mirst {

SequenceResponses::SequenceResponses(const ModelDrivenDetector& detector, const std::vector<Image<float>>& frames)
    : detector_(detector), frames_(frames) {}

int SequenceResponses::WindowStart(int index) const {
  const int length = detector_.window_frames(), last = static_cast<int>(frames_.size()) - length;
  return std::max(0, std::min(index / length * length, last));
}

FrameResponse SequenceResponses::Take(int index) {
  if (!solved_.contains(index)) SolveFrom(index);
  return std::move(solved_.extract(index).mapped());
}

void SequenceResponses::SolveFrom(int index) {
  const int length = detector_.window_frames(), count = static_cast<int>(frames_.size());
  std::vector<int> firsts;  // the first frame that each window answers for
  for (int first = index; first < count && std::ssize(firsts) < ThreadCount(); first = first / length * length + length)
    firsts.push_back(first);
  std::vector<Responses> responses(firsts.size());
  ParallelFor(firsts.size(), [&](std::size_t task) {
    std::vector<ImageView<const float>> window;
    const int start = WindowStart(firsts[task]);
    for (int i = start; i < start + length; ++i)
      window.emplace_back(frames_[static_cast<std::size_t>(std::min(i, count - 1))]);
    responses[task] = detector_.Respond(window);
  });
  for (std::size_t task = 0; task < firsts.size(); ++task) {
    const int start = WindowStart(firsts[task]), end = std::min(firsts[task] / length * length + length, count);
    for (int i = firsts[task]; i < end; ++i) {
      solved_[i] = {std::move(responses[task].maps[static_cast<std::size_t>(i - start)]), start,
                    responses[task].iterations};
    }
  }
}

}  // namespace mirst
