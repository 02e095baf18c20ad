#include "fusion/scene_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/median.h"
#include "fusion/match_shift.h"

namespace mirst {
namespace {

constexpr int kPatch_px = 2, kSearch_px = 9;
constexpr double kFewestAlike = 8;
constexpr double kRoundingSigma = 0.28867513459481287;  // of whole counts: 1 / sqrt(12)

constexpr int kFramesEachSide = 4, kFewestFrames = 4, kRegistrationMargin_px = 12;

void RequireInside(ImageView<const float> image, const PixelBox& box, int radius_px) {
  if (radius_px < 0 || radius_px > 50)
    throw BadInput(fmt::format("median radius is {} px, allowed: 0 to 50", radius_px));
  if (!PixelBox{0, 0, image.width(), image.height()}.Contains(box))
    throw BadInput("the scene estimate's box leaves the image");
}

// Mean squared difference of the patches about (x, y) and (x + dx, y + dy), their centres left out; cut at the border.
double PatchDifference(ImageView<const float> image, int x, int y, int dx, int dy) {
  const int left = std::min({kPatch_px, x, x + dx}), top = std::min({kPatch_px, y, y + dy});
  const int right = std::min({kPatch_px, image.width() - 1 - x, image.width() - 1 - x - dx});
  const int bottom = std::min({kPatch_px, image.height() - 1 - y, image.height() - 1 - y - dy});
  double sum = 0;
  for (int row = -top; row <= bottom; ++row) {
    const float *a = image.row(y + row) + x, *b = image.row(y + dy + row) + x + dx;
    for (int column = -left; column <= right; ++column) {
      const double difference = static_cast<double>(a[column]) - static_cast<double>(b[column]);
      sum += difference * difference;
    }
  }
  const double centre = static_cast<double>(image(y, x)) - static_cast<double>(image(y + dy, x + dx));
  return (sum - centre * centre) / ((left + right + 1) * (top + bottom + 1) - 1);
}

double MeanSquaredDifference(ImageView<const float> a, ImageView<const float> b) {
  double sum = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      const double difference = static_cast<double>(a(y, x)) - static_cast<double>(b(y, x));
      sum += difference * difference;
    }
  }
  return sum / a.height() / a.width();
}

float Median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5F * (*middle + *std::max_element(values.begin(), middle));
}

// The pixels of a box, each by its rank among their values.
struct RankedPixels {
  RankedPixels(ImageView<const float> image, const PixelBox& box_in) : box(box_in), ranks(box.height, box.width) {
    for (int y = box.y; y < box.bottom(); ++y)
      values.insert(values.end(), image.row(y) + box.x, image.row(y) + box.right());
    std::vector<float> all = values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::transform(all.begin(), all.end(), ranks.begin(), [&](float value) {
      return static_cast<std::uint32_t>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
    });
  }
  PixelBox box;
  std::vector<float> values;  // rising, each once
  Image<std::uint32_t> ranks;
};

// The upper median of a window that moves along, by a histogram of ranks (Huang, Yang and Tang 1979).
class MovingMedian {
 public:
  explicit MovingMedian(const RankedPixels& pixels) : pixels_(pixels), counts_(pixels.values.size()) {}

  // Rows [top, bottom) of a column of the picture come in (+1) or go (-1).
  void TakeColumn(int column, int top, int bottom, int step) {
    for (int y = top; y < bottom; ++y) {
      const std::size_t rank = pixels_.ranks(y - pixels_.box.y, column - pixels_.box.x);
      counts_[rank] += step;
      if (rank < median_) below_ += step;
      all_ += step;
    }
  }
  float Upper() {
    while (below_ > all_ / 2) below_ -= counts_[--median_];
    while (below_ + counts_[median_] <= all_ / 2) below_ += counts_[median_++];
    return pixels_.values[median_];
  }

 private:
  const RankedPixels& pixels_;
  std::vector<int> counts_;  // of each rank in the window
  std::size_t median_ = 0;
  int below_ = 0, all_ = 0;  // values of lower rank than the median; of any
};

}  // namespace

Image<float> MedianScene(ImageView<const float> background, const PixelBox& box, int radius_px) {
  RequireInside(background, box, radius_px);
  const PixelBox image{0, 0, background.width(), background.height()};
  const PixelBox around = Intersect(Grow(box, radius_px), image);
  const RankedPixels pixels(background, around);
  Image<float> scene(box.height, box.width);
  for (int y = 0; y < box.height; ++y) {
    MovingMedian median(pixels);
    PixelBox before;
    for (int x = 0; x < box.width; ++x) {
      const PixelBox window = Intersect(Grow({box.x + x, box.y + y, 1, 1}, radius_px), image);
      for (int column = before.x; column < std::min(before.right(), window.x); ++column)
        median.TakeColumn(column, window.y, window.bottom(), -1);
      for (int column = std::max(before.right(), window.x); column < window.right(); ++column)
        median.TakeColumn(column, window.y, window.bottom(), 1);
      scene(y, x) = median.Upper();
      before = window;
    }
  }
  return scene;
}

Image<float> NonLocalScene(ImageView<const float> background, const PixelBox& box, int radius_px) {
  RequireInside(background, box, radius_px);
  const PixelBox image{0, 0, background.width(), background.height()};
  const double sigma =
      std::max(kRoundingSigma, NoiseSigma(background, Intersect(Grow(box, kSearch_px + kPatch_px), image)));
  // Patches of the same scene differ by 2 sigma^2 in the mean over 24 pixels, give or take sqrt(2 / 24) of that.
  const double alike = 2 * sigma * sigma, different = alike * (1 + 3 * std::sqrt(2.0 / 24));
  Image<float> scene(box.height, box.width);
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) {
      const PixelBox search = Intersect(Grow({x, y, 1, 1}, kSearch_px), image);
      double sum = 0, weights = 0;
      for (int v = search.y; v < search.bottom(); ++v) {
        for (int u = search.x; u < search.right(); ++u) {
          if (u == x && v == y) continue;
          const double difference = PatchDifference(background, x, y, u - x, v - y);
          if (difference >= different) continue;
          const double weight = std::min(1.0, (different - difference) / (different - alike));
          sum += weight * static_cast<double>(background(v, u));
          weights += weight;
        }
      }
      scene(y - box.y, x - box.x) = weights >= kFewestAlike ? static_cast<float>(sum / weights)
                                                            : MedianScene(background, {x, y, 1, 1}, radius_px)(0, 0);
    }
  }
  return scene;
}

Image<float> TemporalScene(std::span<const Frame> frames, std::size_t index, const PixelBox& box, int radius_px) {
  const Image<float>& here = frames[index].pixels;
  RequireInside(here, box, radius_px);
  const PixelBox around = Intersect(Grow(box, kRegistrationMargin_px), here.box());
  const ImageView<const float> seen = ImageView<const float>(here).Window(around);
  const Image<float> median = MedianScene(here, around, radius_px);
  const double tolerated = 2 * MeanSquaredDifference(seen, median);
  const double sigma = NoiseSigma(here, around);
  const PixelBox inner{box.x - around.x, box.y - around.y, box.width, box.height};

  std::vector<Image<float>> moved;  // neighbours, as they cover `around`
  for (const int direction : {-1, 1}) {
    Vec2 shift, step;
    for (int k = 1; k <= kFramesEachSide; ++k) {
      const auto other = static_cast<std::ptrdiff_t>(index) + direction * k;
      if (other < 0 || other >= static_cast<std::ptrdiff_t>(frames.size())) break;
      const Image<float>& neighbour = frames[static_cast<std::size_t>(other)].pixels;
      const std::optional<Vec2> found = MatchShift(here, neighbour, around, shift + step);
      if (!found) break;
      step = *found - shift;
      shift = *found;
      std::optional<Image<float>> part = ShiftedPart(neighbour, around, shift);
      if (!part) break;
      const double difference = MeanSquaredDifference(seen, *part);
      if (difference > tolerated) break;  // the scene is lost from here on
      if (difference >= sigma * sigma) moved.push_back(std::move(*part));
    }
  }
  Image<float> scene(box.height, box.width);
  std::vector<float> values;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      const int row = inner.y + y, column = inner.x + x;
      if (moved.size() < kFewestFrames) {
        scene(y, x) = median(row, column);
        continue;
      }
      values.assign(1, here(box.y + y, box.x + x));
      for (const Image<float>& part : moved) values.push_back(part(row, column));
      scene(y, x) = Median(values);
    }
  }
  return scene;
}

Image<float> EstimateScene(SceneMethod method, std::span<const Frame> frames, std::size_t index, const PixelBox& box,
                           int radius_px) {
  switch (method) {
    case SceneMethod::kMedian:
      return MedianScene(frames[index].pixels, box, radius_px);
    case SceneMethod::kNonLocal:
      return NonLocalScene(frames[index].pixels, box, radius_px);
    case SceneMethod::kTemporal:
      return TemporalScene(frames, index, box, radius_px);
  }
  throw InternalError("an unknown scene estimate");
}

double NoiseSigma(ImageView<const float> image, const PixelBox& box) {
  const PixelBox inner = Intersect(box, {1, 1, image.width() - 2, image.height() - 2});
  std::vector<float> responses;
  for (int y = inner.y; y < inner.bottom(); ++y) {
    const float *above = image.row(y - 1), *here = image.row(y), *below = image.row(y + 1);
    for (int x = inner.x; x < inner.right(); ++x) {
      const float corners = above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1];
      const float sides = above[x] + below[x] + here[x - 1] + here[x + 1];
      responses.push_back(std::abs(corners - 2 * sides + 4 * here[x]));
    }
  }
  return responses.empty() ? 0 : static_cast<double>(Median(responses)) / (0.6744897501960817 * 6);
}

}  // namespace mirst
