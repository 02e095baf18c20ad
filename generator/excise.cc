#include "generator/excise.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/parallel.h"
#include "fusion/match_shift.h"
#include "fusion/scene_estimate.h"
#include "generator/fill_check.h"

namespace mirst {
namespace {

constexpr int kSpread_px = 2, kSurroundings_px = 12, kSceneRadius_px = 3;
constexpr int kFarthest = 64;
constexpr std::size_t kFewest = 3, kMost = 8;
constexpr double kNoiseSigmas = 3.5;  // more than that is something else that passes

bool IsFree(const std::vector<PixelBox>& boxes, const PixelBox& place) {
  return std::none_of(boxes.begin(), boxes.end(), [&](const PixelBox& box) { return !Intersect(box, place).empty(); });
}

bool IsFree(const std::vector<PixelBox>& boxes, int x, int y) {
  return std::none_of(boxes.begin(), boxes.end(), [&](const PixelBox& box) { return box.Contains(x, y); });
}

// The boxes filled from their borders, each pixel by the distance to the four beside it, so that frames can be aligned
// by what is around.
Image<float> WithoutTargets(Image<float> image, const std::vector<PixelBox>& boxes) {
  const auto at = [&](int x, int y) {
    return static_cast<double>(image(std::clamp(y, 0, image.height() - 1), std::clamp(x, 0, image.width() - 1)));
  };
  for (const PixelBox& box : boxes) {
    for (int y = box.y; y < box.bottom(); ++y) {
      for (int x = box.x; x < box.right(); ++x) {
        const double left = x - box.x + 1, right = box.right() - x, up = y - box.y + 1, down = box.bottom() - y;
        const double sum =
            at(box.x - 1, y) / left + at(box.right(), y) / right + at(x, box.y - 1) / up + at(x, box.bottom()) / down;
        image(y, x) = static_cast<float>(sum / (1 / left + 1 / right + 1 / up + 1 / down));
      }
    }
  }
  return image;
}

// The stretch before anything is filled.
struct Stretch {
  const std::vector<Frame>& frames;
  std::vector<std::vector<PixelBox>> targets;  // grown
  std::vector<Image<float>> without;
};

// A neighbouring frame as it covers the surroundings.
struct Neighbour {
  Vec2 shift;
  Image<float> part;
  double level = 0;        // to be added
  double mean_square = 0;  // of the difference in the surroundings
};

struct Fit {
  double level = 0, mean_square = 0;
};

// Mean and mean squared difference, level removed, over the surroundings that are nobody's target.
std::optional<Fit> Compare(const Image<float>& here, const Image<float>& part, const PixelBox& around,
                           const std::vector<PixelBox>& targets) {
  double sum = 0, squares = 0;
  int count = 0;
  for (int y = 0; y < around.height; ++y) {
    for (int x = 0; x < around.width; ++x) {
      if (!IsFree(targets, around.x + x, around.y + y)) continue;
      const double difference = static_cast<double>(here(around.y + y, around.x + x)) - static_cast<double>(part(y, x));
      sum += difference;
      squares += difference * difference;
      ++count;
    }
  }
  if (2 * count < around.area()) return std::nullopt;
  const double level = sum / count;
  return Fit{level, squares / count - level * level};
}

// A step of Gauss-Newton towards the shift under which the surroundings look the same: MatchShift gives quarters of a
// pixel, nearer to whole ones where there is noise. Gradients of both are multiplied, so that noise does not weaken it.
Vec2 Correction(const Image<float>& here, const Image<float>& part, const PixelBox& around,
                const std::vector<PixelBox>& targets) {
  constexpr double kMost_px = 0.5;
  double xx = 0, xy = 0, yy = 0, dx = 0, dy = 0;
  for (int y = 1; y + 1 < around.height; ++y) {
    for (int x = 1; x + 1 < around.width; ++x) {
      const int column = around.x + x, row = around.y + y;
      if (!IsFree(targets, column, row)) continue;
      const auto half = [](float high, float low) {
        return 0.5 * (static_cast<double>(high) - static_cast<double>(low));
      };
      const double ax = half(here(row, column + 1), here(row, column - 1)), bx = half(part(y, x + 1), part(y, x - 1));
      const double ay = half(here(row + 1, column), here(row - 1, column)), by = half(part(y + 1, x), part(y - 1, x));
      const double difference = static_cast<double>(here(row, column)) - static_cast<double>(part(y, x));
      xx += ax * bx;
      xy += 0.5 * (ax * by + ay * bx);
      yy += ay * by;
      dx += 0.5 * (ax + bx) * difference;
      dy += 0.5 * (ay + by) * difference;
    }
  }
  const double determinant = xx * yy - xy * xy;
  if (!(xx > 0 && yy > 0 && determinant > 0.01 * xx * yy)) return {};  // bare, or along an edge
  const Vec2 step{(yy * dx - xy * dy) / determinant, (xx * dy - xy * dx) / determinant};
  return std::abs(step.x) <= kMost_px && std::abs(step.y) <= kMost_px ? step : Vec2{};
}

// Where targets stand in either frame, in the first one's pixels.
std::vector<PixelBox> TargetsOfBoth(std::vector<PixelBox> targets, const std::vector<PixelBox>& others, int dx,
                                    int dy) {
  for (const PixelBox& box : others) targets.push_back(Grow({box.x - dx, box.y - dy, box.width, box.height}, 1));
  return targets;
}

// `shift`: where it is expected, then where it is.
std::optional<Neighbour> LookAt(const Stretch& stretch, std::size_t k, std::size_t other, const PixelBox& hole,
                                const PixelBox& around, double tolerated, Vec2& shift) {
  const auto found = MatchShift(stretch.without[k], stretch.without[other], around, shift);
  if (!found) return std::nullopt;
  shift = *found;
  const int dx = static_cast<int>(std::floor(shift.x + 0.5)), dy = static_cast<int>(std::floor(shift.y + 0.5));
  const std::vector<PixelBox> targets = TargetsOfBoth(stretch.targets[k], stretch.targets[other], dx, dy);
  if (!IsFree(TargetsOfBoth({}, stretch.targets[other], dx, dy), hole)) return std::nullopt;  // one is there, too
  const Image<float>& here = stretch.frames[k].pixels;
  auto part = ShiftedPart(stretch.without[other], around, shift);
  if (!part) return std::nullopt;
  const Vec2 exact = shift + Correction(here, *part, around, targets);
  part = ShiftedPart(stretch.without[other], around, exact);
  if (!part) return std::nullopt;
  const auto fit = Compare(here, *part, around, targets);
  if (!fit || fit->mean_square > tolerated) return std::nullopt;
  return Neighbour{exact, std::move(*part), fit->level, fit->mean_square};
}

// The nearest ones first.
std::vector<Neighbour> FindNeighbours(const Stretch& stretch, std::size_t k, const PixelBox& hole,
                                      const PixelBox& around) {
  const Image<float>& here = stretch.frames[k].pixels;
  // Of the surroundings against their own spatial median; the neighbour brings noise of its own, hence twice.
  const auto own = Compare(here, MedianScene(stretch.without[k], around, kSceneRadius_px), around, stretch.targets[k]);
  std::vector<Neighbour> neighbours;
  if (!own) return neighbours;
  constexpr double kRounding = 1.0 / 12;  // of whole counts, where nothing else differs
  const double tolerated = 2 * (own->mean_square + kRounding);
  Vec2 shift[2], step[2];
  for (int distance = 1; distance <= kFarthest && neighbours.size() < kMost; ++distance) {
    for (const int side : {0, 1}) {
      const auto other = static_cast<std::ptrdiff_t>(k) + (side == 0 ? -distance : distance);
      if (other < 0 || other >= static_cast<std::ptrdiff_t>(stretch.frames.size())) continue;
      Vec2 found = shift[side] + step[side];
      auto neighbour = LookAt(stretch, k, static_cast<std::size_t>(other), hole, around, tolerated, found);
      step[side] = found - shift[side];
      shift[side] = found;
      if (neighbour && neighbours.size() < kMost) neighbours.push_back(std::move(*neighbour));
    }
  }
  double least = tolerated;
  for (const Neighbour& neighbour : neighbours) least = std::min(least, neighbour.mean_square);
  std::erase_if(neighbours, [&](const Neighbour& n) { return n.mean_square > 2 * (least + kRounding); });
  return neighbours;
}

// Of an even number the mean of both in the middle: the upper one would be a bias.
double Median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

// The variance that white noise keeps when it is interpolated by that shift.
double VarianceKept(Vec2 shift) {
  const double u = shift.x - std::floor(shift.x), v = shift.y - std::floor(shift.y);
  return (u * u + (1 - u) * (1 - u)) * (v * v + (1 - v) * (1 - v));
}

bool Fill(const Stretch& stretch, std::size_t k, const PixelBox& hole, Frame& frame) {
  const PixelBox around = Intersect(Grow(hole, kSurroundings_px), frame.pixels.box());
  const std::vector<Neighbour> neighbours = FindNeighbours(stretch, k, hole, around);
  if (neighbours.size() < kFewest) return false;
  // The one whose noise was interpolated least; the nearest of several.
  const auto noisy = std::max_element(neighbours.begin(), neighbours.end(), [](const Neighbour& a, const Neighbour& b) {
    return VarianceKept(a.shift) < VarianceKept(b.shift);
  });
  const auto source = static_cast<std::size_t>(noisy - neighbours.begin());
  const double restored = 1 / std::sqrt(VarianceKept(noisy->shift));
  const double most_noise = kNoiseSigmas * std::sqrt(0.5 * noisy->mean_square), most = MaxCount(frame.bit_depth);
  Image<float> patch = Crop(frame.pixels, around);
  const PixelBox inner{hole.x - around.x, hole.y - around.y, hole.width, hole.height};
  std::vector<double> values;
  for (int y = 0; y < hole.height; ++y) {
    for (int x = 0; x < hole.width; ++x) {
      values.clear();
      for (const Neighbour& neighbour : neighbours) {
        values.push_back(static_cast<double>(neighbour.part(inner.y + y, inner.x + x)) + neighbour.level);
      }
      const double seen = values[source], scene = Median(values);
      const double value = scene + restored * std::clamp(seen - scene, -most_noise, most_noise);
      patch(inner.y + y, inner.x + x) = static_cast<float>(std::clamp(std::floor(value + 0.5), 0.0, most));
    }
  }
  if (!LooksUntouched(patch, inner)) return false;
  for (int y = 0; y < hole.height; ++y)
    std::copy_n(patch.row(inner.y + y) + inner.x, hole.width, frame.pixels.row(hole.y + y) + hole.x);
  return true;
}

}  // namespace

Excision ExciseTargets(std::vector<Frame>& frames, std::vector<std::vector<PixelBox>>& boxes) {
  const std::vector<Frame> before = frames;
  Stretch stretch{before, {}, {}};
  for (std::size_t k = 0; k < frames.size(); ++k) {
    std::vector<PixelBox>& grown = stretch.targets.emplace_back();
    for (const PixelBox& box : boxes[k]) grown.push_back(Intersect(Grow(box, kSpread_px), frames[k].pixels.box()));
    stretch.without.push_back(WithoutTargets(before[k].pixels, grown));
  }
  std::vector<Excision> counts(frames.size());
  ParallelFor(frames.size(), [&](std::size_t k) {
    std::vector<PixelBox> kept;
    for (std::size_t i = 0; i < boxes[k].size(); ++i) {
      if (Fill(stretch, k, stretch.targets[k][i], frames[k])) {
        ++counts[k].excised;
      } else {
        kept.push_back(boxes[k][i]);
        ++counts[k].kept;
      }
    }
    boxes[k] = std::move(kept);
  });
  Excision all;
  for (const Excision& count : counts) {
    all.excised += count.excised;
    all.kept += count.kept;
  }
  return all;
}

}  // namespace mirst
