#include "metrics/detection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "core/error.h"

namespace mirst {
namespace {

void CheckShape(int height, int width, const Mask& mask, const char* name) {
  if (mask.height() != height || mask.width() != width) {
    throw BadInput(fmt::format("the {} is {} x {} px, expected {} x {} as its frame", name, mask.width(), mask.height(),
                               width, height));
  }
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

CountedFrame CountFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  const int height = truth.height(), width = truth.width();
  CheckShape(height, width, prediction, "prediction");
  if (ignore != nullptr) CheckShape(height, width, *ignore, "ignore mask");
  CountedFrame frame{LabelComponents(prediction, ignore), LabelComponents(truth, ignore), {}, {}};
  FrameScore& score = frame.score;
  score.pixels = static_cast<std::int64_t>(truth.size()) - (ignore != nullptr ? CountPixels(*ignore) : 0);
  for (const Component& component : frame.predictions.components) score.predicted_px += component.area_px;
  for (const Component& component : frame.targets.components) score.truth_px += component.area_px;
  ForOverlaps(frame.targets, frame.predictions,
              [&](std::size_t, std::size_t, std::int64_t pixels) { score.common_px += pixels; });
  frame.match = MatchByCentroid(frame.targets.components, frame.predictions.components);
  score.targets = std::ssize(frame.targets.components);
  score.predictions = std::ssize(frame.predictions.components);
  score.matched = score.targets - std::count(frame.match.begin(), frame.match.end(), kUnmatched);
  const std::vector<bool> used = UsedBy(frame.match, frame.predictions.components.size());
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) score.unmatched_px += frame.predictions.components[i].area_px;
  }
  return frame;
}

FrameScore ScoreFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  return CountFrame(prediction, truth, ignore).score;
}

FrameMatch MatchFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  const CountedFrame frame = CountFrame(prediction, truth, ignore);
  FrameMatch result;
  for (std::size_t i = 0; i < frame.match.size(); ++i) {
    (frame.match[i] != kUnmatched ? result.hits : result.misses).push_back(frame.targets.components[i]);
  }
  const std::vector<bool> used = UsedBy(frame.match, frame.predictions.components.size());
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) result.false_alarms.push_back(frame.predictions.components[i]);
  }
  return result;
}

void SequenceScore::Add(const FrameScore& frame) {
  ++frames;
  total += frame;
  const std::optional<double> iou = frame.iou().value();
  frame_iou.Add(iou);
  if (iou && *iou > kFrameIou) ++frames_found;
}

std::string SubsetScore::FaText() const {
  if (pooled.pixels == 0) return "-";
  const auto in_millionths = [](double fa) { return fmt::format("{:.2f}", 1e6 * fa); };
  if (!fa_is_bound()) return in_millionths(*fa_seq.value());
  return "< " + in_millionths(static_cast<double>(kLeastFalseAlarmPx) / static_cast<double>(pooled.pixels));
}

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
    subset.frames_found += sequence->frames_found;
  }
  return subset;
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
  std::map<std::string, std::vector<const SequenceScore*>> groups;
  for (const SequenceScore& sequence : report.sequences) {
    for (const std::string& group : sequence.groups) groups[group].push_back(&sequence);
  }
  for (const auto& [id, members] : groups) report.groups.push_back(SummariseSubset(id, members));
  return report;
}

}  // namespace mirst
