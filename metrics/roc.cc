#include "metrics/roc.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>

#include "core/error.h"

namespace mirst {
namespace {

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

void CheckScores(ImageView<const float> scores, const Mask& truth, const Mask* ignore) {
  const auto check = [&](const Mask& mask, const char* name) {
    if (mask.height() == scores.height() && mask.width() == scores.width()) return;
    throw BadInput(fmt::format("the {} is {} x {} px, expected {} x {} as its frame", name, mask.width(), mask.height(),
                               scores.width(), scores.height()));
  };
  check(truth, "truth");
  if (ignore != nullptr) check(*ignore, "ignore mask");
  for (int y = 0; y < scores.height(); ++y) {
    for (int x = 0; x < scores.width(); ++x) {
      if (std::isnan(scores(y, x))) throw BadInput(fmt::format("the score at column {}, row {} is not a number", x, y));
    }
  }
}

}  // namespace

void RocCurve::Add(ImageView<const float> scores, const Mask& truth, const Mask* ignore) {
  CheckScores(scores, truth, ignore);
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

void RocCurve::AddGuarded(ImageView<const float> scores, const Mask& truth, const Mask* ignore, int guard_px) {
  CheckScores(scores, truth, ignore);
  Mask left_out = ignore != nullptr ? *ignore : Mask(truth.height(), truth.width());
  for (int y = 0; y < truth.height(); ++y) {
    for (int x = 0; x < truth.width(); ++x) {
      if (truth(y, x) <= 127 || Inside(ignore, y, x)) continue;
      const PixelBox near = Intersect(Grow({x, y, 1, 1}, guard_px), truth.box());
      for (int row = near.y; row < near.bottom(); ++row) {
        for (int column = near.x; column < near.right(); ++column) {
          if (truth(row, column) > 127 || left_out(row, column) > 127) continue;
          left_out(row, column) = 255;
          ++guarded_px_;
        }
      }
    }
  }
  Add(scores, truth, &left_out);
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

std::optional<double> RocCurve::PrAuc() {
  if (truth_.empty()) return std::nullopt;
  double area = 0;
  std::optional<double> before;  // precision at the last corner that predicts anything
  std::int64_t true_px = 0;
  for (const RocPoint& point : Points()) {
    const std::optional<double> precision = point.precision().value();
    if (!precision) continue;
    const double step = static_cast<double>(point.true_px - true_px) / static_cast<double>(truth_px());
    // Up to the first hit there is nothing to interpolate from: false pixels above it are in its own precision.
    area += step * (true_px == 0 ? *precision : (*before + *precision) / 2);
    before = precision;
    true_px = point.true_px;
  }
  return area;
}

float RocCurve::ThresholdAtFalsePixelRate(double rate) {
  if (!(rate >= 0 && rate <= 1)) throw BadInput(fmt::format("a false-alarm rate of {}, allowed is [0, 1]", rate));
  if (background_px() == 0) throw BadInput("no background pixel to fix a threshold on");
  Sort();
  const auto allowed = static_cast<std::int64_t>(std::floor(rate * static_cast<double>(pixels())));
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
