#include "generator/fill_check.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fusion/scene_estimate.h"

namespace mirst {
namespace {

constexpr int kSceneRadius_px = 3;

// Mean second difference across the contour `outside` px outside of the hole on each side that has 8 px beyond it (on
// the hole's border: 0), and the mean square of the single ones. `hole` lies in the pixels of `patch`.
struct Bend {
  std::vector<double> side_means;
  double mean_square = 0;
};
Bend BendAcross(const Image<float>& patch, const PixelBox& hole, int outside) {
  constexpr int kRoom_px = 8;
  Bend bend;
  double squares = 0;
  int all = 0;
  for (const Vec2 out : {Vec2{-1, 0}, Vec2{1, 0}, Vec2{0, -1}, Vec2{0, 1}}) {
    const int dx = static_cast<int>(out.x), dy = static_cast<int>(out.y);
    if (!patch.box().Contains(PixelBox{hole.x + kRoom_px * dx, hole.y + kRoom_px * dy, hole.width, hole.height}))
      continue;
    const int length = dx != 0 ? hole.height : hole.width;
    double sum = 0;
    for (int i = 0; i < length; ++i) {
      const int x = dx == 0 ? hole.x + i : dx < 0 ? hole.x : hole.right() - 1;
      const int y = dy == 0 ? hole.y + i : dy < 0 ? hole.y : hole.bottom() - 1;
      const auto at = [&](int step) {
        return static_cast<double>(patch(y + (outside + step) * dy, x + (outside + step) * dx));
      };
      const double second = at(0) - 2 * at(1) + at(2);
      sum += second;
      squares += second * second;
    }
    bend.side_means.push_back(sum / length);
    all += length;
  }
  bend.mean_square = all > 0 ? squares / all : 0;
  return bend;
}

// No step along a side that is more than chance and more than three times the largest on parallel lines farther out, to
// half a count.
bool HasNoSeam(const Image<float>& patch, const PixelBox& hole) {
  const Bend border = BendAcross(patch, hole, 0);
  std::vector<double> most(border.side_means.size());
  double mean_square = 0;
  for (int outside = 2; outside <= 6; ++outside) {
    const Bend line = BendAcross(patch, hole, outside);
    mean_square += line.mean_square / 5;
    for (std::size_t side = 0; side < most.size(); ++side)
      most[side] = std::max(most[side], std::abs(line.side_means[side]));
  }
  const double chance = 4 * std::sqrt(mean_square / std::min(hole.width, hole.height));
  for (std::size_t side = 0; side < most.size(); ++side) {
    if (std::abs(border.side_means[side]) > std::max(chance, 3 * most[side]) + 0.5) return false;
  }
  return true;
}

// Nothing stands out from its own spatial median by more than half as much again as anything around does.
bool HoldsNothing(const Image<float>& patch, const PixelBox& hole) {
  const Image<float> scene = MedianScene(patch, patch.box(), kSceneRadius_px);
  double inside = 0, outside = 0;
  for (int y = 0; y < patch.height(); ++y) {
    for (int x = 0; x < patch.width(); ++x) {
      double& most = hole.Contains(x, y) ? inside : outside;
      most = std::max(most, std::abs(static_cast<double>(patch(y, x)) - static_cast<double>(scene(y, x))));
    }
  }
  return inside <= 1.5 * outside + 0.5;
}

}  // namespace

bool LooksUntouched(const Image<float>& patch, const PixelBox& hole) {
  return HasNoSeam(patch, hole) && HoldsNothing(patch, hole);
}

}  // namespace mirst
