// One frame of an evaluation: what a detector found there against the truth, under every protocol and mask convention.
#pragma once

#include <optional>
#include <vector>

#include "core/annotation.h"
#include "core/random.h"
#include "metrics/protocols.h"

namespace mirst {

struct FrameTruth {
  std::vector<const Mask*> masks;  ///< by convention, the written one first
  const Mask* ignore = nullptr;
  const std::vector<Box>* loose_boxes = nullptr;
  const FrameAnnotation* annotation = nullptr;
};

struct ConventionFrame {
  FrameScore score;
  FrameProtocols protocols;
  std::vector<Box> targets;
  std::vector<DetectedObject> predictions;
};

struct FrameResult {
  std::vector<ConventionFrame> conventions;
  std::vector<std::optional<bool>> hits;  ///< of each annotated target, under P1; none where all of it is ignored
  Ratio chance;
};

/// `above`: score > threshold; `inclusive`: score >= threshold, where that differs.
FrameResult ScoreMasks(const Mask& above, const Mask* inclusive, const Image<float>& scores, const FrameTruth& truth,
                       RandomStream random);
/// Boxes whose centres lie on ignored pixels, or outside the frame, are left out.
FrameResult ScoreDetectedBoxes(const std::vector<DetectedObject>& boxes, const FrameTruth& truth);

}  // namespace mirst
