#include "metrics/roc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace mirst {
namespace {

/// Scores as whole numbers of the same order: the bits of a float, negative ones turned round. A bin is the upper half.
constexpr std::uint32_t kBins = 1U << 16;
constexpr std::uint32_t kSign = 0x80000000U;

std::uint32_t KeyOf(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // -0 and 0 are one score
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}
float ScoreOf(std::uint32_t key) { return std::bit_cast<float>((key & kSign) != 0 ? key & ~kSign : ~key); }
std::uint32_t BinOf(std::uint32_t key) { return key >> 16; }
float LowestOf(std::uint32_t bin) { return ScoreOf(bin << 16); }
float HighestOf(std::uint32_t bin) { return ScoreOf((bin << 16) | 0xFFFFU); }

/// Falling, in three passes of 11 bits (radix sort): a fifth of the time of std::sort on as many keys as are kept here.
void SortFalling(std::vector<std::uint32_t>& keys) {
  constexpr std::uint32_t kDigit = 0x7FFU;
  std::vector<std::uint32_t> sorted(keys.size());
  for (const unsigned shift : {0U, 11U, 22U}) {
    std::array<std::size_t, kDigit + 1> place{};
    for (const std::uint32_t key : keys) ++place[~key >> shift & kDigit];
    std::exclusive_scan(place.begin(), place.end(), place.begin(), std::size_t{0});
    for (const std::uint32_t key : keys) sorted[place[~key >> shift & kDigit]++] = key;
    keys.swap(sorted);
  }
}

bool Inside(const Mask* mask, int y, int x) { return mask != nullptr && (*mask)(y, x) > 127; }

void CheckShapes(ImageView<const float> scores, const Mask& truth, const Mask* ignore) {
  const auto check = [&](const Mask& mask, const char* name) {
    if (mask.height() == scores.height() && mask.width() == scores.width()) return;
    throw BadInput(fmt::format("the {} is {} x {} px, expected {} x {} as its frame", name, mask.width(), mask.height(),
                               scores.width(), scores.height()));
  };
  check(truth, "truth");
  if (ignore != nullptr) check(*ignore, "ignore mask");
}

// Sums, not searches, in these two: this way compilers look at several pixels at once.
/// Not so where there is a NaN.
bool IsUniform(const float* row, int width) {
  int others = 0;
  for (int x = 0; x < width; ++x) others += row[x] == row[0] ? 0 : 1;
  return others == 0;
}

void CheckNumbers(const float* row, int width, int y) {
  int faults = 0;
  for (int x = 0; x < width; ++x) faults += std::isnan(row[x]) ? 1 : 0;
  if (faults == 0) return;
  const auto x = std::find_if(row, row + width, [](float score) { return std::isnan(score); }) - row;
  throw BadInput(fmt::format("the score at column {}, row {} is not a number", x, y));
}

bool HoldsAny(const Mask* mask, int y) {
  if (mask == nullptr) return false;
  unsigned any = 0;
  for (int x = 0; x < mask->width(); ++x) any |= mask->row(y)[x];
  return any > 127;
}

}  // namespace

/// Keeps or counts scores of the background.
void RocCurve::AddBackground(std::span<const std::uint32_t> keys) {
  if (floor_bin_ == 0) {
    background_.insert(background_.end(), keys.begin(), keys.end());
    return;
  }
  // Nearly all are only counted; the others are taken out again, a few keys at a time.
  constexpr std::size_t kAtOnce = 64;
  const std::size_t before = background_.size();
  std::int64_t* const counts = counts_.data();
  const std::uint32_t floor = floor_bin_;
  for (std::size_t from = 0; from < keys.size(); from += kAtOnce) {
    const auto some = keys.subspan(from, std::min(kAtOnce, keys.size() - from));
    std::uint32_t kept = 0;
    for (const std::uint32_t key : some) kept += BinOf(key) >= floor ? 1U : 0U;
    for (const std::uint32_t key : some) ++counts[BinOf(key)];
    for (const std::uint32_t key : kept > 0 ? some : some.first(0)) {
      if (BinOf(key) < floor) continue;
      --counts[BinOf(key)];
      background_.push_back(key);
    }
  }
  counted_px_ += std::ssize(keys) - static_cast<std::int64_t>(background_.size() - before);
}

/// Adds a row that is background in whole; `keys` is room for as many.
void RocCurve::AddRow(const float* row, std::span<std::uint32_t> keys) {
  const std::uint32_t first = KeyOf(row[0]);
  if (BinOf(first) < floor_bin_ && IsUniform(row, static_cast<int>(keys.size()))) {  // most rows of most masks
    counts_[BinOf(first)] += std::ssize(keys);
    counted_px_ += std::ssize(keys);
    return;
  }
  for (std::size_t x = 0; x < keys.size(); ++x) keys[x] = KeyOf(row[x]);
  AddBackground(keys);
}

void RocCurve::Add(ImageView<const float> scores, const Mask& truth, const Mask* ignore) {
  CheckShapes(scores, truth, ignore);
  const int width = scores.width();
  for (int y = 0; y < scores.height(); ++y) CheckNumbers(scores.row(y), width, y);
  std::vector<std::uint32_t> keys(static_cast<std::size_t>(width)), background;
  for (int y = 0; y < scores.height() && width > 0; ++y) {
    const float* const row = scores.row(y);
    if (!HoldsAny(&truth, y) && !HoldsAny(ignore, y)) {  // nearly every row
      AddRow(row, keys);
      continue;
    }
    background.clear();
    for (int x = 0; x < width; ++x) {
      if (!Inside(ignore, y, x)) (truth(y, x) > 127 ? truth_ : background).push_back(KeyOf(row[x]));
    }
    AddBackground(background);
  }
  sorted_ = false;
  if (background_.size() / 2 > exact_scores_) Trim();
}

RocCurve RocCurve::Part() const {
  RocCurve part(exact_scores_);
  part.floor_bin_ = floor_bin_;
  if (!counts_.empty()) part.counts_.resize(kBins);
  return part;
}

void RocCurve::Merge(const RocCurve& part) {
  if (part.floor_bin_ > floor_bin_) RaiseFloor(part.floor_bin_);
  truth_.insert(truth_.end(), part.truth_.begin(), part.truth_.end());
  AddBackground(part.background_);
  for (std::size_t bin = 0; bin < part.counts_.size(); ++bin) counts_[bin] += part.counts_[bin];
  counted_px_ += part.counted_px_;
  guarded_px_ += part.guarded_px_;
  sorted_ = false;
  if (background_.size() / 2 > exact_scores_) Trim();
}

void RocCurve::AddGuarded(ImageView<const float> scores, const Mask& truth, const Mask* ignore, int guard_px) {
  CheckShapes(scores, truth, ignore);
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

/// Of more than exact_scores_ keeps as many of the highest bins as hold no more than that.
void RocCurve::Trim() {
  std::vector<std::size_t> sizes(kBins);
  for (const std::uint32_t key : background_) ++sizes[BinOf(key)];
  std::uint32_t floor = kBins;
  for (std::size_t held = 0; floor > 0 && held + sizes[floor - 1] <= exact_scores_; --floor) held += sizes[floor - 1];
  RaiseFloor(floor);
}

/// Scores of lower bins are counted from now on.
void RocCurve::RaiseFloor(std::uint32_t bin) {
  floor_bin_ = bin;
  counts_.resize(kBins);
  std::size_t kept = 0;
  for (const std::uint32_t key : background_) {
    if (BinOf(key) >= bin)
      background_[kept++] = key;
    else
      ++counts_[BinOf(key)];
  }
  counted_px_ += static_cast<std::int64_t>(background_.size() - kept);
  background_.resize(kept);
}

void RocCurve::Sort() {
  if (sorted_) return;
  if (background_.size() > exact_scores_) Trim();  // so that what is kept is the same whenever it was trimmed before
  SortFalling(truth_);
  SortFalling(background_);
  sorted_ = true;
}

std::vector<RocPoint> RocCurve::Points() {
  Sort();
  std::vector<RocPoint> points = {{std::numeric_limits<double>::infinity(), 0, 0}};
  std::size_t positives = 0, negatives = 0;
  while (positives < truth_.size() && BinOf(truth_[positives]) >= floor_bin_) {
    const std::uint32_t score = truth_[positives];
    const std::size_t before = negatives;
    while (negatives < background_.size() && background_[negatives] > score) ++negatives;
    // The corner in front of this score lies at the lowest background score above it.
    if (negatives > before) {
      points.push_back({static_cast<double>(ScoreOf(background_[negatives - 1])), static_cast<std::int64_t>(positives),
                        static_cast<std::int64_t>(negatives)});
    }
    while (negatives < background_.size() && background_[negatives] == score) ++negatives;
    while (positives < truth_.size() && truth_[positives] == score) ++positives;
    points.push_back({static_cast<double>(ScoreOf(score)), static_cast<std::int64_t>(positives),
                      static_cast<std::int64_t>(negatives)});
  }
  if (negatives < background_.size()) {
    points.push_back({static_cast<double>(ScoreOf(background_.back())), static_cast<std::int64_t>(positives),
                      std::ssize(background_)});
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
  if (truth_px() == 0 || background_px() == 0) return std::nullopt;
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
  if (allowed < std::ssize(background_)) return ScoreOf(background_[static_cast<std::size_t>(allowed)]);
  std::int64_t above = std::ssize(background_);
  for (std::uint32_t bin = counts_.empty() ? 0 : floor_bin_; bin-- > 0;) {
    above += counts_[bin];
    if (above > allowed) return HighestOf(bin);
  }
  return -std::numeric_limits<float>::infinity();
}

}  // namespace mirst
