#include "metrics/detection.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
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

/// Bins of floats in rising order: the upper 16 bits of the value, negative ones turned round.
constexpr std::uint32_t kBins = 1U << 16;
constexpr std::uint32_t kSign = 0x80000000U;

std::uint32_t BinOf(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // -0 and 0 are one score
  return ((bits & kSign) != 0 ? ~bits : bits | kSign) >> 16;
}
float Unordered(std::uint32_t key) { return std::bit_cast<float>((key & kSign) != 0 ? key & ~kSign : ~key); }
float LowestOf(std::uint32_t bin) { return Unordered(bin << 16); }
float HighestOf(std::uint32_t bin) { return Unordered((bin << 16) | 0xFFFFU); }

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

namespace {

/// Truth and prediction without the ignored pixels, and the counts of pixels.
struct CountedMasks {
  Mask predicted, target;
  FrameScore score;
};

CountedMasks CountFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  const int height = truth.height(), width = truth.width();
  CheckShape(height, width, prediction, "prediction");
  if (ignore != nullptr) CheckShape(height, width, *ignore, "ignore mask");
  CountedMasks masks{Mask(height, width), Mask(height, width), {}};
  FrameScore& score = masks.score;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (Inside(ignore, y, x)) continue;
      const bool is_predicted = prediction(y, x) > 127, is_target = truth(y, x) > 127;
      masks.predicted(y, x) = is_predicted ? 255 : 0;
      masks.target(y, x) = is_target ? 255 : 0;
      ++score.pixels;
      score.predicted_px += is_predicted;
      score.truth_px += is_target;
      score.common_px += is_predicted && is_target;
    }
  }
  return masks;
}

FrameMatch Match(const CountedMasks& masks) {
  FrameMatch match;
  match.false_alarms = LabelComponents(masks.predicted).components;
  for (const Component& wanted : LabelComponents(masks.target).components) {
    const auto found =
        std::find_if(match.false_alarms.begin(), match.false_alarms.end(), [&](const Component& candidate) {
          const Vec2 offset = candidate.centroid - wanted.centroid;
          return std::sqrt(offset.x * offset.x + offset.y * offset.y) < kMatchDistancePx;
        });
    if (found == match.false_alarms.end()) {
      match.misses.push_back(wanted);
    } else {
      match.hits.push_back(wanted);
      match.false_alarms.erase(found);
    }
  }
  return match;
}

}  // namespace

FrameScore ScoreFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  const CountedMasks masks = CountFrame(prediction, truth, ignore);
  const FrameMatch match = Match(masks);
  FrameScore score = masks.score;
  score.matched = std::ssize(match.hits);
  score.targets = score.matched + std::ssize(match.misses);
  score.predictions = score.matched + std::ssize(match.false_alarms);
  for (const Component& component : match.false_alarms) score.unmatched_px += component.area_px;
  return score;
}

FrameMatch MatchFrame(const Mask& prediction, const Mask& truth, const Mask* ignore) {
  return Match(CountFrame(prediction, truth, ignore));
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
      if (Inside(ignore, y, x)) continue;
      const float score = scores(y, x);
      if (truth(y, x) > 127) {
        truth_.push_back(score);
      } else if (BinOf(score) >= floor_bin_) {
        background_.push_back(score);
      } else {
        ++counts_[BinOf(score)];
        ++counted_px_;
      }
    }
  }
  sorted_ = false;
  if (background_.size() / 2 > exact_scores_) Trim();
}

void RocCurve::Trim() {
  const auto last = background_.begin() + static_cast<std::ptrdiff_t>(exact_scores_);
  std::nth_element(background_.begin(), last, background_.end(), std::greater<>());
  floor_bin_ = BinOf(*last) + 1;
  counts_.resize(kBins);
  const auto counted =
      std::partition(background_.begin(), background_.end(), [&](float score) { return BinOf(score) >= floor_bin_; });
  for (auto score = counted; score != background_.end(); ++score) ++counts_[BinOf(*score)];
  counted_px_ += background_.end() - counted;
  background_.erase(counted, background_.end());
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
  while (positives < truth_.size() && BinOf(truth_[positives]) >= floor_bin_) {
    const float score = truth_[positives];
    const std::size_t before = negatives;
    while (negatives < background_.size() && background_[negatives] > score) ++negatives;
    // The corner in front of this score lies at the lowest background score above it.
    if (negatives > before) {
      points.push_back({static_cast<double>(background_[negatives - 1]), static_cast<std::int64_t>(positives),
                        static_cast<std::int64_t>(negatives)});
    }
    while (negatives < background_.size() && background_[negatives] == score) ++negatives;
    while (positives < truth_.size() && truth_[positives] == score) ++positives;
    points.push_back(
        {static_cast<double>(score), static_cast<std::int64_t>(positives), static_cast<std::int64_t>(negatives)});
  }
  if (negatives < background_.size()) {
    points.push_back(
        {static_cast<double>(background_.back()), static_cast<std::int64_t>(positives), std::ssize(background_)});
  }
  auto false_px = std::ssize(background_);
  for (std::uint32_t bin = counts_.empty() ? 0 : floor_bin_; bin-- > 0;) {
    const std::size_t before = positives;
    while (positives < truth_.size() && BinOf(truth_[positives]) == bin) ++positives;
    if (positives == before && counts_[bin] == 0) continue;
    false_px += counts_[bin];
    points.push_back({static_cast<double>(LowestOf(bin)), static_cast<std::int64_t>(positives), false_px});
  }
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
  if (background_px() == 0) throw BadInput("no background pixel to fix a threshold on");
  Sort();
  const auto allowed = static_cast<std::int64_t>(std::floor(rate * static_cast<double>(truth_px() + background_px())));
  // With t = the (allowed + 1)-th highest background score, at most `allowed` lie above it; with any lower t more do.
  if (allowed < std::ssize(background_)) return background_[static_cast<std::size_t>(allowed)];
  std::int64_t above = std::ssize(background_);
  for (std::uint32_t bin = counts_.empty() ? 0 : floor_bin_; bin-- > 0;) {
    above += counts_[bin];
    if (above > allowed) return HighestOf(bin);
  }
  return -std::numeric_limits<float>::infinity();
}

}  // namespace mirst
