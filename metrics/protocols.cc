#include "metrics/protocols.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "metrics/assignment.h"

namespace mirst {
namespace {

template <class IsFalse>
ProtocolCounts Count(const std::vector<int>& match, const std::vector<DetectedObject>& predictions, std::int64_t pixels,
                     const IsFalse& is_false) {
  ProtocolCounts counts;
  counts.frames = 1;
  counts.pixels = pixels;
  counts.targets = std::ssize(match);
  counts.hits = counts.targets - std::count(match.begin(), match.end(), kUnmatched);
  counts.predictions = std::ssize(predictions);
  double false_px = 0;
  for (std::size_t p = 0; p < predictions.size(); ++p) {
    if (!is_false(p)) continue;
    ++counts.false_predictions;
    false_px += predictions[p].area_px;
  }
  counts.false_px = std::llround(false_px);
  return counts;
}

/// IoU of components by their pixels.
Image<double> OverlapOf(const CountedFrame& frame) {
  const std::vector<Component>& targets = frame.targets.components;
  const std::vector<Component>& predictions = frame.predictions.components;
  Image<double> iou(static_cast<int>(targets.size()), static_cast<int>(predictions.size()));
  ForOverlaps(frame.targets, frame.predictions, [&](std::size_t t, std::size_t p, std::int64_t pixels) {
    iou(static_cast<int>(t), static_cast<int>(p)) += static_cast<double>(pixels);
  });
  for (int t = 0; t < iou.height(); ++t) {
    for (int p = 0; p < iou.width(); ++p) {
      const std::int64_t areas =
          targets[static_cast<std::size_t>(t)].area_px + predictions[static_cast<std::size_t>(p)].area_px;
      iou(t, p) /= static_cast<double>(areas) - iou(t, p);
    }
  }
  return iou;
}

/// How many pixels of `run` lie in none of `intervals`.
std::int64_t PixelsOutside(const PixelRun& run, std::vector<std::pair<int, int>>& intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::int64_t pixels = run.end - run.first;
  int covered_to = run.first;
  for (const auto& [first, end] : intervals) {
    const int from = std::max(first, covered_to), to = std::min(end, run.end);
    if (from >= to) continue;
    pixels -= to - from;
    covered_to = to;
  }
  return pixels;
}

ProtocolCounts Shoot(const Labelling& predicted, const Labelling& targets, std::int64_t pixels) {
  ProtocolCounts counts;
  counts.frames = 1;
  counts.pixels = pixels;
  counts.targets = std::ssize(targets.components);
  std::vector<bool> hit(targets.components.size());
  for (const PixelRun& run : predicted.runs) {
    std::vector<std::pair<int, int>> near;
    for (const PixelRun& target : targets.RunsOfRows(run.y - kShootingFalsePx, run.y + kShootingFalsePx + 1)) {
      near.emplace_back(target.first - kShootingFalsePx, target.end + kShootingFalsePx);
      if (std::abs(target.y - run.y) <= kShootingHitPx && run.first < target.end + kShootingHitPx &&
          run.end > target.first - kShootingHitPx)
        hit[target.component] = true;
    }
    counts.predictions += run.end - run.first;
    counts.false_px += PixelsOutside(run, near);
  }
  counts.hits = std::count(hit.begin(), hit.end(), true);
  counts.false_predictions = counts.false_px;
  return counts;
}

std::vector<Box> BoxesOf(const std::vector<DetectedObject>& objects) {
  std::vector<Box> boxes;
  for (const DetectedObject& object : objects) boxes.push_back(object.box);
  return boxes;
}

FrameProtocols ScoreObjects(const std::vector<DetectedObject>& targets, const std::vector<DetectedObject>& predictions,
                            const std::vector<int>& by_centroid, std::int64_t pixels,
                            const std::vector<Box>* loose_boxes, const Image<double>& iou) {
  FrameProtocols counts;
  const auto at = [&](Protocol protocol) -> ProtocolCounts& { return counts[static_cast<std::size_t>(protocol)]; };
  const std::vector<Box> boxes = BoxesOf(targets);
  at(Protocol::kP1) = CountMatch(by_centroid, predictions, pixels);
  at(Protocol::kP1Legacy) = CountLegacy(by_centroid, predictions, pixels);
  at(Protocol::kP3) = CountMatch(MatchOptimally(targets, predictions, iou), predictions, pixels);
  at(Protocol::kP4) = CountMatch(MatchBoxes(boxes, predictions), predictions, pixels);
  at(Protocol::kP5) =
      CountMatch(MatchInBoxes(loose_boxes != nullptr ? *loose_boxes : boxes, predictions), predictions, pixels);
  return counts;
}

}  // namespace

Box BoxOf(const PixelBox& box) {
  return {static_cast<double>(box.x), static_cast<double>(box.y), static_cast<double>(box.width),
          static_cast<double>(box.height)};
}

double Iou(const Box& a, const Box& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x),
               height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (!(width > 0 && height > 0)) return 0;
  return width * height / (a.area() + b.area() - width * height);
}

DetectedObject ObjectOf(const Box& box, double score) { return {box, box.centre(), box.area(), score}; }

std::vector<DetectedObject> ObjectsOf(const Labelling& labelling, const Image<float>* scores) {
  constexpr double kLeast = -std::numeric_limits<double>::infinity();
  std::vector<DetectedObject> objects;
  for (const Component& component : labelling.components) {
    objects.push_back({BoxOf(component.box), component.centroid, static_cast<double>(component.area_px),
                       scores != nullptr ? kLeast : 1});
  }
  if (scores == nullptr) return objects;
  for (const PixelRun& run : labelling.runs) {
    double& largest = objects[run.component].score;
    for (int x = run.first; x < run.end; ++x) largest = std::max(largest, static_cast<double>((*scores)(run.y, x)));
  }
  return objects;
}

ProtocolCounts& ProtocolCounts::operator+=(const ProtocolCounts& other) {
  frames += other.frames;
  pixels += other.pixels;
  targets += other.targets;
  hits += other.hits;
  predictions += other.predictions;
  false_predictions += other.false_predictions;
  false_px += other.false_px;
  return *this;
}

std::optional<double> ProtocolCounts::f1() const {
  return Ratio{2 * hits, 2 * hits + false_predictions + targets - hits}.value();
}

std::vector<int> MatchInBoxes(const std::vector<Box>& boxes, const std::vector<DetectedObject>& predictions) {
  return MatchFirst(boxes, predictions,
                    [](const Box& box, const DetectedObject& prediction) { return box.Contains(prediction.centroid); });
}

std::vector<int> MatchOptimally(const std::vector<DetectedObject>& targets,
                                const std::vector<DetectedObject>& predictions, const Image<double>& iou) {
  std::vector<int> match = HeaviestMatching(iou);
  const std::vector<bool> used = UsedBy(match, predictions.size());
  Image<double> nearness(iou.height(), iou.width());
  for (int t = 0; t < iou.height(); ++t) {
    if (match[static_cast<std::size_t>(t)] != kUnmatched) continue;
    for (int p = 0; p < iou.width(); ++p) {
      if (used[static_cast<std::size_t>(p)]) continue;
      nearness(t, p) = std::max(0.0, kMatchDistancePx - Distance(targets[static_cast<std::size_t>(t)].centroid,
                                                                 predictions[static_cast<std::size_t>(p)].centroid));
    }
  }
  const std::vector<int> near = HeaviestMatching(nearness);
  for (std::size_t t = 0; t < match.size(); ++t) {
    if (match[t] == kUnmatched) match[t] = near[t];
  }
  return match;
}

std::vector<int> MatchBoxes(const std::vector<Box>& targets, const std::vector<DetectedObject>& predictions) {
  std::vector<std::size_t> order(predictions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return predictions[a].score > predictions[b].score; });
  std::vector<int> match(targets.size(), kUnmatched);
  for (const std::size_t p : order) {
    double best = 0;
    std::size_t taken = targets.size();
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const double iou = match[t] == kUnmatched ? Iou(targets[t], predictions[p].box) : 0;
      if (iou >= kBoxIou && iou > best) best = iou, taken = t;
    }
    if (taken < targets.size()) match[taken] = static_cast<int>(p);
  }
  return match;
}

ProtocolCounts CountMatch(const std::vector<int>& match, const std::vector<DetectedObject>& predictions,
                          std::int64_t pixels) {
  const std::vector<bool> used = UsedBy(match, predictions.size());
  return Count(match, predictions, pixels, [&](std::size_t p) { return !used[p]; });
}

ProtocolCounts CountLegacy(const std::vector<int>& match, const std::vector<DetectedObject>& predictions,
                           std::int64_t pixels) {
  return Count(match, predictions, pixels, [&](std::size_t p) {
    return std::none_of(match.begin(), match.end(), [&](int taken) {
      return taken != kUnmatched && predictions[static_cast<std::size_t>(taken)].area_px == predictions[p].area_px;
    });
  });
}

ProtocolCounts ScoreShooting(const Mask& predicted, const Mask& truth, const Mask* ignore) {
  const CountedFrame frame = CountFrame(predicted, truth, ignore);
  return Shoot(frame.predictions, frame.targets, frame.score.pixels);
}

FrameProtocols ScoreProtocols(const CountedFrame& frame, const std::vector<DetectedObject>& predictions,
                              const Mask* inclusive, const std::vector<Box>* loose_boxes, const Mask* ignore) {
  FrameProtocols counts = ScoreObjects(ObjectsOf(frame.targets), predictions, frame.match, frame.score.pixels,
                                       loose_boxes, OverlapOf(frame));
  counts[static_cast<std::size_t>(Protocol::kP2)] =
      Shoot(inclusive != nullptr ? LabelComponents(*inclusive, ignore) : frame.predictions, frame.targets,
            frame.score.pixels);
  return counts;
}

FrameProtocols ScoreBoxes(const std::vector<DetectedObject>& targets, const std::vector<DetectedObject>& predictions,
                          std::int64_t pixels, const std::vector<Box>* loose_boxes) {
  Image<double> iou(static_cast<int>(targets.size()), static_cast<int>(predictions.size()));
  for (int t = 0; t < iou.height(); ++t) {
    for (int p = 0; p < iou.width(); ++p) {
      iou(t, p) = Iou(targets[static_cast<std::size_t>(t)].box, predictions[static_cast<std::size_t>(p)].box);
    }
  }
  FrameProtocols counts =
      ScoreObjects(targets, predictions, MatchByCentroid(targets, predictions), pixels, loose_boxes, iou);
  ProtocolCounts& shooting = counts[static_cast<std::size_t>(Protocol::kP2)];
  shooting.frames = 1;
  shooting.pixels = pixels;
  return counts;
}

void AveragePrecision::Add(const std::vector<Box>& targets, const std::vector<DetectedObject>& predictions) {
  targets_ += std::ssize(targets);
  const std::vector<bool> used = UsedBy(MatchBoxes(targets, predictions), predictions.size());
  for (std::size_t p = 0; p < predictions.size(); ++p) found_.emplace_back(predictions[p].score, used[p]);
}

std::optional<double> AveragePrecision::value() const {
  if (targets_ == 0) return std::nullopt;
  std::vector<std::pair<double, bool>> falling = found_;
  std::sort(falling.begin(), falling.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::pair<std::int64_t, double>> corners;  // true predictions, precision
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < falling.size(); ++i) {
    hits += falling[i].second;
    if (i + 1 < falling.size() && falling[i + 1].first == falling[i].first) continue;
    corners.emplace_back(hits, static_cast<double>(hits) / static_cast<double>(i + 1));
  }
  double area = 0, envelope = 0;
  for (std::size_t i = corners.size(); i-- > 0;) {
    envelope = std::max(envelope, corners[i].second);
    area += envelope * static_cast<double>(corners[i].first - (i > 0 ? corners[i - 1].first : 0));
  }
  return area / static_cast<double>(targets_);
}

}  // namespace mirst
