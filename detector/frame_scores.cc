#include "detector/frame_scores.h"

#include <cmath>

#include "metrics/target_scores.h"

namespace mirst {
namespace {

/// Each annotated target has the fate of the true component that shares most of its box.
std::vector<std::optional<bool>> HitsOf(const FrameAnnotation* annotation, const std::vector<Component>& targets,
                                        const std::vector<int>& match) {
  std::vector<std::optional<bool>> hits;
  if (annotation == nullptr) return hits;
  for (const Annotation& target : annotation->targets) {
    long long most = 0;
    hits.emplace_back();
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const long long shared = Intersect(target.box, targets[t].box).area();
      if (shared <= most) continue;
      most = shared;
      hits.back() = match[t] != kUnmatched;
    }
  }
  return hits;
}

std::vector<Box> BoxesOf(const Labelling& labelling) {
  std::vector<Box> boxes;
  for (const Component& component : labelling.components) boxes.push_back(BoxOf(component.box));
  return boxes;
}

}  // namespace

FrameResult ScoreMasks(const Mask& above, const Mask* inclusive, const Image<float>& scores, const FrameTruth& truth,
                       RandomStream random) {
  FrameResult result;
  for (const Mask* mask : truth.masks) {
    const CountedFrame frame = CountFrame(above, *mask, truth.ignore);
    std::vector<DetectedObject> predictions = ObjectsOf(frame.predictions, &scores);
    const FrameProtocols protocols = ScoreProtocols(frame, predictions, inclusive, truth.loose_boxes, truth.ignore);
    if (result.conventions.empty()) {
      result.hits = HitsOf(truth.annotation, frame.targets.components, frame.match);
      result.chance = ChancePd(frame, truth.ignore, random);
    }
    result.conventions.push_back({frame.score, protocols, BoxesOf(frame.targets), std::move(predictions)});
  }
  return result;
}

FrameResult ScoreDetectedBoxes(const std::vector<DetectedObject>& boxes, const FrameTruth& truth) {
  FrameResult result;
  const Mask& written = *truth.masks.front();
  std::vector<DetectedObject> counted;
  for (const DetectedObject& box : boxes) {
    const auto x = static_cast<int>(std::lround(box.centroid.x)), y = static_cast<int>(std::lround(box.centroid.y));
    if (!written.box().Contains(x, y) || (truth.ignore != nullptr && (*truth.ignore)(y, x) > 127)) continue;
    counted.push_back(box);
  }
  const Mask none(written.height(), written.width());
  for (const Mask* mask : truth.masks) {
    const CountedFrame frame = CountFrame(none, *mask, truth.ignore);
    const std::vector<DetectedObject> targets = ObjectsOf(frame.targets);
    const FrameProtocols protocols = ScoreBoxes(targets, counted, frame.score.pixels, truth.loose_boxes);
    const ProtocolCounts& p1 = protocols[static_cast<std::size_t>(Protocol::kP1)];
    FrameScore score;
    score.pixels = p1.pixels;
    score.targets = p1.targets;
    score.matched = p1.hits;
    score.predictions = p1.predictions;
    score.unmatched_px = p1.false_px;
    if (result.conventions.empty())
      result.hits = HitsOf(truth.annotation, frame.targets.components, MatchByCentroid(targets, counted));
    result.conventions.push_back({score, protocols, BoxesOf(frame.targets), counted});
  }
  return result;
}

}  // namespace mirst
