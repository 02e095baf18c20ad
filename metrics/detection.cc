#include "metrics/detection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "core/error.h"
#include "metrics/components.h"

namespace mirst {
namespace {

void CheckShape(int height, int width, const Mask& mask, const char* name) {
  if (mask.height() != height || mask.width() != width) {
    throw BadInput(fmt::format("the {} is {} x {} px, expected {} x {} as its frame", name, mask.width(), mask.height(), width, height));
  }
}

bool Inside(const Mask* mask, int y, int x) { return mask != nullptr && (*mask)(y, x) > 127; }

SubsetScore SummariseSubset(std::string id, const std::vector<const SequenceScore*>& sequences) {
  SubsetScore subset;
  subset.id = std::move(id);
  for (const SequenceScore* sequence : sequences) {
    ++subset.sequences;
    subset.frames += sequence->frames;
    subset.pooled += sequence->total;
    subset.iou_seq.Add(sequence->total.iou().value());
    subset.pd_seq.Add(sequence->total.pd().value());
    subset.fa_seq.Add(sequence->total.fa().value());
    subset.fa_px_seq.Add(sequence->total.fa_px().value());
    subset.niou.sum += sequence->frame_iou.sum;
    subset.niou.count += sequence->frame_iou.count;
  }
  return subset;
}

}  // namespace

FrameScore& FrameScore::operator+=(const FrameScore& other) {
  pixels += other.pixels;
  truth_px += other.truth_px;
  predicted_px += other.predicted_px;
  common_px += other.common_px;
  targets += other.targets;
  matched += other.matched;
  predictions += other.predictions;
  unmatched_px += other.unmatched_px;
  return *this;
}

FrameScore ScoreFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  const int height = truth.height(), width = truth.width();
  CheckShape(height, width, prediction, "prediction");
  if (ignore != nullptr) CheckShape(height, width, *ignore, "ignore mask");

  FrameScore score;
  Mask predicted(height, width), target(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (Inside(ignore, y, x)) continue;
      const bool is_predicted = prediction(y, x) > 127, is_target = truth(y, x) > 127;
      predicted(y, x) = is_predicted ? 255 : 0;
      target(y, x) = is_target ? 255 : 0;
      ++score.pixels;
      score.predicted_px += is_predicted;
      score.truth_px += is_target;
      score.common_px += is_predicted && is_target;
    }
  }

  std::vector<Component> unused = LabelComponents(predicted).components;
  const std::vector<Component> targets = LabelComponents(target).components;
  score.predictions = static_cast<std::int64_t>(unused.size());
  score.targets = static_cast<std::int64_t>(targets.size());
  for (const Component& wanted : targets) {
    const auto found = std::find_if(unused.begin(), unused.end(), [&](const Component& candidate) {
      const Vec2 offset = candidate.centroid - wanted.centroid;
      return std::sqrt(offset.x * offset.x + offset.y * offset.y) < kMatchDistancePx;
    });
    if (found == unused.end()) continue;
    ++score.matched;
    unused.erase(found);
  }
  for (const Component& component : unused) score.unmatched_px += component.area_px;
  return score;
}

void SequenceScore::Add(const FrameScore& frame) {
  ++frames;
  total += frame;
  frame_iou.Add(frame.iou().value());
}

std::string SubsetScore::FaText() const {
  if (pooled.pixels == 0) return "-";
  const auto in_millionths = [](double fa) { return fmt::format("{:.2f}", 1e6 * fa); };
  if (!fa_is_bound()) return in_millionths(*fa_seq.value());
  return "< " + in_millionths(static_cast<double>(kLeastFalseAlarmPx) / static_cast<double>(pooled.pixels));
}

DetectionReport Summarise(std::vector<SequenceScore> sequences) {
  DetectionReport report;
  report.sequences = std::move(sequences);
  std::vector<const SequenceScore*> low, high, all;
  for (const SequenceScore& sequence : report.sequences) {
    all.push_back(&sequence);
    if (sequence.mean_scr) (*sequence.mean_scr < kLowScr ? low : high).push_back(&sequence);
  }
  report.subsets = {SummariseSubset("mscr_low", low), SummariseSubset("mscr_high", high), SummariseSubset("all", all)};
  return report;
}

void RocCurve::Add(ImageView<const float> scores, const Mask& truth, const Mask* ignore) {
  CheckShape(scores.height(), scores.width(), truth, "truth");
  if (ignore != nullptr) CheckShape(scores.height(), scores.width(), *ignore, "ignore mask");
  for (int y = 0; y < scores.height(); ++y) {
    for (int x = 0; x < scores.width(); ++x) {
      if (std::isnan(scores(y, x))) throw BadInput(fmt::format("the score at column {}, row {} is not a number", x, y));
    }
  }
  for (int y = 0; y < scores.height(); ++y) {
    for (int x = 0; x < scores.width(); ++x) {
      if (!Inside(ignore, y, x)) (truth(y, x) > 127 ? truth_ : background_).push_back(scores(y, x));
    }
  }
  sorted_ = false;
}

void RocCurve::Sort() {
  if (sorted_) return;
  std::sort(truth_.begin(), truth_.end(), std::greater<>());
  std::sort(background_.begin(), background_.end(), std::greater<>());
  sorted_ = true;
}

std::vector<RocPoint> RocCurve::Points() {
  Sort();
  std::vector<RocPoint> points = {{std::numeric_limits<double>::infinity(), 0, 0}};
  std::size_t positives = 0, negatives = 0;
  while (positives < truth_.size()) {
    const float score = truth_[positives];
    const std::size_t before = negatives;
    while (negatives < background_.size() && background_[negatives] > score) ++negatives;
    // The corner in front of this score lies at the lowest background score above it.
    if (negatives > before) {
      points.push_back({background_[negatives - 1], static_cast<std::int64_t>(positives), static_cast<std::int64_t>(negatives)});
    }
    while (negatives < background_.size() && background_[negatives] == score) ++negatives;
    while (positives < truth_.size() && truth_[positives] == score) ++positives;
    points.push_back({score, static_cast<std::int64_t>(positives), static_cast<std::int64_t>(negatives)});
  }
  if (negatives < background_.size()) points.push_back({background_.back(), truth_px(), background_px()});
  return points;
}

std::optional<double> RocCurve::Auc() {
  if (truth_.empty() || background_.empty()) return std::nullopt;
  const std::vector<RocPoint> points = Points();
  double doubled = 0;  // twice the area in pixels^2: whole numbers, exact up to 2^53
  for (std::size_t i = 1; i < points.size(); ++i) {
    doubled += static_cast<double>(points[i].false_px - points[i - 1].false_px) *
               static_cast<double>(points[i].true_px + points[i - 1].true_px);
  }
  return doubled / 2 / static_cast<double>(truth_px()) / static_cast<double>(background_px());
}

float RocCurve::ThresholdAtFalsePixelRate(double rate) {
  if (!(rate >= 0 && rate <= 1)) throw BadInput(fmt::format("a false-alarm rate of {}, allowed is [0, 1]", rate));
  if (background_.empty()) throw BadInput("no background pixel to fix a threshold on");
  Sort();
  const std::size_t pixels = truth_.size() + background_.size();
  const auto allowed = static_cast<std::size_t>(std::floor(rate * static_cast<double>(pixels)));
  // With t = the (allowed + 1)-th highest background score, at most `allowed` lie above it; with any lower t more do.
  if (allowed >= background_.size()) return -std::numeric_limits<float>::infinity();
  return background_[allowed];
}

}  // namespace mirst
