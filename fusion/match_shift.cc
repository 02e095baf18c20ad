#include "fusion/match_shift.h"

#include <algorithm>
#include <cmath>

namespace mirst {
namespace {

constexpr int kSearch_px = 8;
constexpr double kSignificance = 6;  // standard deviations of a mean squared difference
constexpr double kStiffness = 20;    // likewise; noise alone then moves the vertex by 0.04 px

struct Difference {
  double mean_square = 0;
  int pixels = 0;
};

// Over those pixels of the window that stay in the image; nullopt when they are fewer than half.
std::optional<Difference> DifferenceAt(ImageView<const float> image, ImageView<const float> other,
                                       const PixelBox& window, int dx, int dy) {
  const PixelBox common = Intersect(window, {-dx, -dy, other.width(), other.height()});
  if (2 * common.area() < window.area()) return std::nullopt;
  double sum = 0;
  for (int y = common.y; y < common.bottom(); ++y) {
    const float *a = image.row(y), *b = other.row(y + dy) + dx;
    for (int x = common.x; x < common.right(); ++x) {
      const double difference = static_cast<double>(a[x]) - static_cast<double>(b[x]);
      sum += difference * difference;
    }
  }
  const auto pixels = static_cast<int>(common.area());
  return Difference{sum / pixels, pixels};
}

double Quarters(double value) { return std::floor(4 * value + 0.5) / 4; }

// From the whole shift with the least difference to the vertex of the paraboloid through its neighbours. Where the
// difference rises little beside its scatter, in all directions or along an edge, `stiffness` holds the shift.
template <class Function>
Vec2 Vertex(const Difference& here, Function&& at) {
  double s[3][3];
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const std::optional<Difference> difference = at(dx, dy);
      if (!difference) return {};
      s[dy + 1][dx + 1] = difference->mean_square;
    }
  }
  const double stiffness = kStiffness * std::sqrt(2.0 / here.pixels) * here.mean_square;
  const double gx = 0.5 * (s[1][2] - s[1][0]), gy = 0.5 * (s[2][1] - s[0][1]);
  const double xx = s[1][2] - 2 * s[1][1] + s[1][0] + stiffness, yy = s[2][1] - 2 * s[1][1] + s[0][1] + stiffness;
  const double xy = 0.25 * (s[2][2] - s[2][0] - s[0][2] + s[0][0]);
  const double determinant = xx * yy - xy * xy;
  if (!(determinant > 0)) return {};
  const auto part = [](double value) { return Quarters(std::clamp(value, -0.75, 0.75)); };
  return {part((xy * gy - yy * gx) / determinant), part((xy * gx - xx * gy) / determinant)};
}

}  // namespace

std::optional<Vec2> MatchShift(ImageView<const float> image, ImageView<const float> other, const PixelBox& window,
                               Vec2 guess) {
  const int guess_x = static_cast<int>(std::floor(guess.x + 0.5)),
            guess_y = static_cast<int>(std::floor(guess.y + 0.5));
  const std::optional<Difference> unmoved = DifferenceAt(image, other, window, guess_x, guess_y);
  std::optional<Difference> best = unmoved;
  int x = guess_x, y = guess_y;
  for (int dy = guess_y - kSearch_px; dy <= guess_y + kSearch_px; ++dy) {
    for (int dx = guess_x - kSearch_px; dx <= guess_x + kSearch_px; ++dx) {
      const auto difference = DifferenceAt(image, other, window, dx, dy);
      if (!difference || (best && difference->mean_square >= best->mean_square)) continue;
      best = difference;
      x = dx;
      y = dy;
    }
  }
  if (!best) return std::nullopt;
  if (unmoved && unmoved->mean_square - best->mean_square <=
                     kSignificance * std::sqrt(2.0 / unmoved->pixels) * unmoved->mean_square) {
    best = unmoved;
    x = guess_x;
    y = guess_y;
  }
  const auto at = [&](int dx, int dy) { return DifferenceAt(image, other, window, x + dx, y + dy); };
  return Vec2{static_cast<double>(x), static_cast<double>(y)} + Vertex(*best, at);
}

std::optional<Image<float>> ShiftedPart(ImageView<const float> other, const PixelBox& box, Vec2 shift) {
  const int dx = static_cast<int>(std::floor(shift.x)), dy = static_cast<int>(std::floor(shift.y));
  const double u = shift.x - dx, v = shift.y - dy;
  const PixelBox read{box.x + dx, box.y + dy, box.width + (u > 0 ? 1 : 0), box.height + (v > 0 ? 1 : 0)};
  if (!PixelBox{0, 0, other.width(), other.height()}.Contains(read)) return std::nullopt;
  Image<float> part(box.height, box.width);
  const int right = u > 0 ? 1 : 0, below = v > 0 ? 1 : 0;
  for (int y = 0; y < box.height; ++y) {
    const float *upper = other.row(read.y + y) + read.x, *lower = other.row(read.y + y + below) + read.x;
    for (int x = 0; x < box.width; ++x) {
      const double above = (1 - u) * static_cast<double>(upper[x]) + u * static_cast<double>(upper[x + right]);
      const double beneath = (1 - u) * static_cast<double>(lower[x]) + u * static_cast<double>(lower[x + right]);
      part(y, x) = static_cast<float>((1 - v) * above + v * beneath);
    }
  }
  return part;
}

}  // namespace mirst
