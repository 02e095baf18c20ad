#include "datasets/inspect_levels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/frame.h"
#include "core/median.h"

namespace mirst {
namespace {

constexpr int kVideoBlack = 16, kVideoWhite = 235;

double ShareOf(std::int64_t part, std::int64_t all) { return static_cast<double>(part) / static_cast<double>(all); }

std::int64_t CountWithin(const std::vector<std::int64_t>& histogram, int first, int last) {
  std::int64_t count = 0;
  for (int level = std::max(first, 0); level <= std::min(last, static_cast<int>(histogram.size()) - 1); ++level)
    count += histogram[static_cast<std::size_t>(level)];
  return count;
}

int Percentile(const std::vector<std::int64_t>& histogram, double share, std::int64_t all) {
  const double wanted = share * static_cast<double>(all);
  std::int64_t count = 0;
  for (std::size_t level = 0; level < histogram.size(); ++level) {
    count += histogram[level];
    if (static_cast<double>(count) >= wanted) return static_cast<int>(level);
  }
  return static_cast<int>(histogram.size()) - 1;
}

/// Whether the values end at `edge` (16 or 235) as clipped luma does, also where a codec smeared the clipping over a
/// few counts: as many values just inside as further in, next to none beyond. The tail of an unclipped histogram falls
/// already on the way to its end.
bool PilesUpAt(const std::vector<std::int64_t>& histogram, int edge, int inwards) {
  const auto mean = [&](int from, int count) {
    const int a = edge + inwards * from, b = edge + inwards * (from + count - 1);
    return static_cast<double>(CountWithin(histogram, std::min(a, b), std::max(a, b))) / count;
  };
  const double inside = mean(0, 5), further = mean(8, 5), beyond = mean(-10, 5);
  return inside > 0 && inside >= 0.8 * further && inside >= 4 * beyond;
}

bool IsVideoRange(const std::vector<std::int64_t>& histogram, std::int64_t all) {
  const double outside = ShareOf(all - CountWithin(histogram, kVideoBlack, kVideoWhite), all);
  return outside <= 0.01 && (PilesUpAt(histogram, kVideoBlack, 1) || PilesUpAt(histogram, kVideoWhite, -1));
}

int CeilingOf(int max, int bit_depth, bool video_range) {
  if (video_range) return kVideoWhite;
  if (bit_depth == 8) return MaxCount(8);
  for (const int bits : {10, 12, 14}) {
    if (max <= MaxCount(bits)) return MaxCount(bits);
  }
  return MaxCount(16);
}

/// Share of the whole blocks of the grid in which every pixel is the same.
double RepeatedBlocks(const Image<float>& a, const Image<float>& b, int side) {
  int blocks = 0, repeated = 0;
  for (int top = 0; top + side <= a.height(); top += side) {
    for (int left = 0; left + side <= a.width(); left += side) {
      bool same = true;
      for (int y = top; same && y < top + side; ++y)
        same = std::equal(a.row(y) + left, a.row(y) + left + side, b.row(y) + left);
      ++blocks;
      repeated += same ? 1 : 0;
    }
  }
  return blocks > 0 ? ShareOf(repeated, blocks) : 0;
}

std::array<float, 8> Neighbours(const Image<float>& image, int y, int x) {
  return {image(y - 1, x - 1), image(y - 1, x),     image(y - 1, x + 1), image(y, x - 1),
          image(y, x + 1),     image(y + 1, x - 1), image(y + 1, x),     image(y + 1, x + 1)};
}

Image<float> TemporalMean(FrameSpan frames) {
  Image<float> mean(frames.front().height(), frames.front().width());
  std::vector<double> sums(mean.size());
  for (const Image<float>& frame : frames) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(frame.data()[i]);
  }
  for (std::size_t i = 0; i < sums.size(); ++i)
    mean.data()[i] = static_cast<float>(sums[i] / static_cast<double>(frames.size()));
  return mean;
}

/// In how many pairs of successive frames each pixel changes, as a share.
Image<float> ChangingShare(FrameSpan frames) {
  Image<float> share(frames.front().height(), frames.front().width());
  for (std::size_t k = 1; k < frames.size(); ++k) {
    for (std::size_t i = 0; i < share.size(); ++i)
      share.data()[i] += frames[k].data()[i] != frames[k - 1].data()[i] ? 1.0f : 0.0f;
  }
  for (float& value : share) value /= static_cast<float>(frames.size() - 1);
  return share;
}

/// The pixel less the mean of its 8 neighbours; 0 at the border.
Image<float> Protrusion(const Image<float>& image) {
  Image<float> result(image.height(), image.width());
  for (int y = 1; y + 1 < image.height(); ++y) {
    for (int x = 1; x + 1 < image.width(); ++x) {
      float sum = 0;
      for (const float value : Neighbours(image, y, x)) sum += value;
      result(y, x) = image(y, x) - sum / 8;
    }
  }
  return result;
}

}  // namespace

LevelStatistics MeasureLevels(FrameSpan frames, int bit_depth) {
  if (frames.empty() || frames.front().empty()) throw InternalError("levels of no frames");
  LevelStatistics levels;
  levels.histogram.assign(static_cast<std::size_t>(MaxCount(bit_depth)) + 1, 0);
  for (const Image<float>& frame : frames) {
    for (const float value : frame) {
      if (!(value >= 0 && value <= static_cast<float>(MaxCount(bit_depth))))
        throw InternalError("a count outside its depth");
      ++levels.histogram[static_cast<std::size_t>(value)];
    }
  }
  const auto used = [](std::int64_t count) { return count > 0; };
  levels.min =
      static_cast<int>(std::find_if(levels.histogram.begin(), levels.histogram.end(), used) - levels.histogram.begin());
  while (levels.histogram.back() == 0) levels.histogram.pop_back();
  levels.max = static_cast<int>(levels.histogram.size()) - 1;
  levels.distinct = static_cast<int>(std::count_if(levels.histogram.begin(), levels.histogram.end(), used));

  const std::int64_t all = CountWithin(levels.histogram, 0, levels.max);
  double squares = 0;
  for (int level = levels.min; level <= levels.max; ++level) {
    const double share = ShareOf(levels.histogram[static_cast<std::size_t>(level)], all);
    if (share == 0) continue;
    levels.mean += share * level;
    squares += share * (level - levels.min) * (level - levels.min);
    levels.entropy_bits -= share * std::log2(share);
  }
  const double above_min = levels.mean - levels.min;
  levels.sigma = std::sqrt(std::max(0.0, squares - above_min * above_min));
  levels.p001 = Percentile(levels.histogram, 0.001, all);
  levels.p999 = Percentile(levels.histogram, 0.999, all);
  levels.video_range = bit_depth == 8 && IsVideoRange(levels.histogram, all);
  levels.ceiling = CeilingOf(levels.max, bit_depth, levels.video_range);
  const int smear = levels.video_range ? 2 : 0;
  levels.saturated_share = ShareOf(CountWithin(levels.histogram, levels.ceiling - smear, levels.max), all);
  levels.floor_share = ShareOf(CountWithin(levels.histogram, 0, levels.video_range ? kVideoBlack + smear : 0), all);
  return levels;
}

RepeatStatistics MeasureRepeats(FrameSpan frames) {
  RepeatStatistics repeats;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    const Image<float>&a = frames[i - 1], &b = frames[i];
    std::int64_t same = 0;
    for (std::size_t k = 0; k < a.size(); ++k) same += a.data()[k] == b.data()[k] ? 1 : 0;
    repeats.pixel_share.push_back(ShareOf(same, static_cast<std::int64_t>(a.size())));
    repeats.repeated_frames += same == static_cast<std::int64_t>(a.size()) ? 1 : 0;
    repeats.mean_pixel_share += repeats.pixel_share.back();
    repeats.mean_block8_share += RepeatedBlocks(a, b, 8);
    repeats.mean_block16_share += RepeatedBlocks(a, b, 16);
    ++repeats.pairs;
  }
  for (double* sum : {&repeats.mean_pixel_share, &repeats.mean_block8_share, &repeats.mean_block16_share})
    *sum /= std::max(repeats.pairs, 1);
  return repeats;
}

Image<float> TemporalSigma(FrameSpan frames) {
  const Image<float> mean = TemporalMean(frames);
  Image<float> sigma(mean.height(), mean.width());
  for (const Image<float>& frame : frames) {
    for (std::size_t i = 0; i < sigma.size(); ++i) {
      const float deviation = frame.data()[i] - mean.data()[i];
      sigma.data()[i] += deviation * deviation;
    }
  }
  for (float& value : sigma) value = std::sqrt(value / static_cast<float>(frames.size()));
  return sigma;
}

std::vector<DefectivePixel> FindDefectivePixels(FrameSpan frames) {
  std::vector<DefectivePixel> defects;
  if (frames.size() < 8) return defects;
  const Image<float> sigma = TemporalSigma(frames), changing = ChangingShare(frames),
                     protrusion = Protrusion(TemporalMean(frames));
  std::vector<float> deviations(protrusion.begin(), protrusion.end());
  for (float& value : deviations) value = std::abs(value);
  const float limit = std::max(6.0f, 10 * 1.4826f * UpperMedian(deviations));

  for (int y = 2; y + 2 < sigma.height(); ++y) {
    for (int x = 2; x + 2 < sigma.width(); ++x) {
      std::array<float, 8> around = Neighbours(sigma, y, x);
      std::sort(around.begin(), around.end());
      const float offset = protrusion(y, x), sign = offset > 0 ? 1.0f : -1.0f;
      const float spread = std::max({sign * protrusion(y - 1, x), sign * protrusion(y + 1, x),
                                     sign * protrusion(y, x - 1), sign * protrusion(y, x + 1)});
      // Its own protrusion lowers that of each neighbour by an eighth.
      const bool is_offset = std::abs(offset) > limit && spread + std::abs(offset) / 8 < std::abs(offset) / 4;
      std::array<float, 8> changes = Neighbours(changing, y, x);
      std::sort(changes.begin(), changes.end());
      if (changing(y, x) == 0 && changes[1] >= 0.5f) {
        defects.push_back({x, y, PixelDefect::kStuck});
      } else if (sigma(y, x) > std::max(3.0f, 6 * around[7])) {
        defects.push_back({x, y, PixelDefect::kBlinking});
      } else if (is_offset) {
        defects.push_back({x, y, PixelDefect::kOffset});
      }
    }
  }
  return defects;
}

}  // namespace mirst
