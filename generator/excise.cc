#include "generator/excise.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/median.h"
#include "core/parallel.h"
#include "fusion/match_shift.h"
#include "fusion/scene_estimate.h"

namespace mirst {
namespace {

constexpr int kSpread_px = 2, kSurroundings_px = 12, kSceneRadius_px = 3;
constexpr int kFarthest = 24;
constexpr std::size_t kFewest = 3, kMost = 8;

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
  std::size_t frame;
  Vec2 shift;
  Image<float> part;
  double level = 0;  // to be added
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

std::optional<Neighbour> LookAt(const Stretch& stretch, std::size_t k, std::size_t other, const PixelBox& hole,
                                const PixelBox& around, Vec2 guess, double tolerated, Vec2& shift) {
  const auto found = MatchShift(stretch.without[k], stretch.without[other], around, guess);
  if (!found) return std::nullopt;
  shift = *found;
  const int dx = static_cast<int>(std::floor(shift.x)), dy = static_cast<int>(std::floor(shift.y));
  const PixelBox seen{hole.x + dx, hole.y + dy, hole.width + 1, hole.height + 1};
  if (!IsFree(stretch.targets[other], seen)) return std::nullopt;  // a target is there, too
  auto part = ShiftedPart(stretch.without[other], around, shift);
  if (!part) return std::nullopt;
  const auto fit = Compare(stretch.frames[k].pixels, *part, around, stretch.targets[k]);
  if (!fit || fit->mean_square > tolerated) return std::nullopt;
  return Neighbour{other, shift, std::move(*part), fit->level};
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
      auto neighbour = LookAt(stretch, k, static_cast<std::size_t>(other), hole, around, found, tolerated, found);
      step[side] = found - shift[side];
      shift[side] = found;
      if (neighbour && neighbours.size() < kMost) neighbours.push_back(std::move(*neighbour));
    }
  }
  return neighbours;
}

// What the nearest neighbour has on its own scene there, without interpolation, which would smooth it.
Image<double> NoiseOf(const Stretch& stretch, const Neighbour& neighbour, const PixelBox& hole) {
  const Image<float>& frame = stretch.without[neighbour.frame];
  const PixelBox place = {hole.x + static_cast<int>(std::floor(neighbour.shift.x + 0.5)),
                          hole.y + static_cast<int>(std::floor(neighbour.shift.y + 0.5)), hole.width, hole.height};
  Image<double> noise(hole.height, hole.width, 0);
  const PixelBox seen = Intersect(place, frame.box());
  if (seen.empty()) return noise;
  const Image<float> scene = MedianScene(frame, seen, kSceneRadius_px);
  for (int y = 0; y < seen.height; ++y) {
    for (int x = 0; x < seen.width; ++x) {
      noise(seen.y - place.y + y, seen.x - place.x + x) =
          static_cast<double>(frame(seen.y + y, seen.x + x)) - static_cast<double>(scene(y, x));
    }
  }
  return noise;
}

bool Fill(const Stretch& stretch, std::size_t k, const PixelBox& hole, Frame& frame) {
  const PixelBox around = Intersect(Grow(hole, kSurroundings_px), frame.pixels.box());
  const std::vector<Neighbour> neighbours = FindNeighbours(stretch, k, hole, around);
  if (neighbours.size() < kFewest) return false;
  const Image<double> noise = NoiseOf(stretch, neighbours.front(), hole);
  // A median of n has pi / (2 n) of the variance; what is added makes it up to one.
  const double share = std::sqrt(std::max(0.0, 1 - 1.5707963267948966 / static_cast<double>(neighbours.size())));
  const double most = MaxCount(frame.bit_depth);
  std::vector<double> values;
  for (int y = 0; y < hole.height; ++y) {
    for (int x = 0; x < hole.width; ++x) {
      values.clear();
      for (const Neighbour& neighbour : neighbours) {
        values.push_back(static_cast<double>(neighbour.part(hole.y - around.y + y, hole.x - around.x + x)) +
                         neighbour.level);
      }
      const double value = UpperMedian(values) + share * noise(y, x);
      frame.pixels(hole.y + y, hole.x + x) = static_cast<float>(std::clamp(std::floor(value + 0.5), 0.0, most));
    }
  }
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
