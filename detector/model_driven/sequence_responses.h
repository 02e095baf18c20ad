// A model-driven method along a sequence, frame by frame: windows of several frames lie side by side, and what is left
// at the end of the sequence is looked at in its last full window.
#pragma once

#include <map>
#include <vector>

#include "core/image.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct FrameResponse {
  Image<float> map;
  int window = 0;      ///< index of the first frame of the window
  int iterations = 0;  ///< of the solver in this window
};

class SequenceResponses {
 public:
  /// `detector` and `frames` must outlive it. A sequence shorter than a window goes on with its last frame.
  SequenceResponses(const ModelDrivenDetector& detector, const std::vector<Image<float>>& frames);

  /// Response of frame `index`, to be asked for once a frame, in order. Windows to come are solved beside each other,
  /// as many as there are threads. Throws kBadInput as ModelDrivenDetector::Respond.
  FrameResponse Take(int index);

 private:
  int WindowStart(int index) const;
  void SolveFrom(int index);

  const ModelDrivenDetector& detector_;
  const std::vector<Image<float>>& frames_;
  std::map<int, FrameResponse> solved_;
};

}  // namespace mirst
