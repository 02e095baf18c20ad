#include "detector/data_window.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace mirst {
namespace {

/// The place in [0, extent) that a coordinate shows when the image goes on as its mirror image about its border pixels.
int Mirrored(int coordinate, int extent) {
  if (coordinate >= 0 && coordinate < extent) return coordinate;
  const int period = 2 * (extent - 1);
  const int place = ((coordinate % period) + period) % period;
  return place < extent ? place : period - place;
}

template <class T>
double Bilinear(const Image<T>& image, Vec2 point) {
  const double left = std::floor(point.x), top = std::floor(point.y);
  const double right_share = point.x - left, bottom_share = point.y - top;
  const int x0 = Mirrored(static_cast<int>(left), image.width()),
            x1 = Mirrored(static_cast<int>(left) + 1, image.width());
  const int y0 = Mirrored(static_cast<int>(top), image.height()),
            y1 = Mirrored(static_cast<int>(top) + 1, image.height());
  const double upper = image(y0, x0) * (1 - right_share) + image(y0, x1) * right_share;
  const double lower = image(y1, x0) * (1 - right_share) + image(y1, x1) * right_share;
  return upper * (1 - bottom_share) + lower * bottom_share;
}

/// FramePoint of a whole row at a time: start + x * step.
struct RowOfPoints {
  Vec2 start, step;
  Vec2 operator[](int x) const { return start + static_cast<double>(x) * step; }
};

class PointGrid {
 public:
  PointGrid(const WindowTransform& transform, int size)
      : origin_(transform.FramePoint(0, 0, size)),
        right_(transform.FramePoint(1, 0, size) - origin_),
        down_(transform.FramePoint(0, 1, size) - origin_) {}
  RowOfPoints row(int y) const { return {origin_ + static_cast<double>(y) * down_, right_}; }

 private:
  Vec2 origin_, right_, down_;
};

double CropOrigin(RandomStream& random, int frame_extent, int crop) {
  return random.Integer(static_cast<std::uint32_t>(frame_extent - crop + 1));
}

/// A crop whose middle half holds `target`, shifted into the frame.
double CropOriginNear(RandomStream& random, double target, int frame_extent, int crop) {
  const double share = random.Uniform(0.25, 0.75);
  return std::clamp(std::floor(target - share * crop + 0.5), 0.0, static_cast<double>(frame_extent - crop));
}

}  // namespace

Vec2 WindowTransform::FramePoint(double x, double y, int size) const {
  const double middle = (size - 1) / 2.0;
  const Vec2 offset{flip ? middle - x : x - middle, y - middle};
  const double angle = rotation_deg * std::numbers::pi / 180;
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  return centre_px + Vec2{c * offset.x - s * offset.y, s * offset.x + c * offset.y};
}

WindowTransform DrawTransform(RandomStream& random, const TrainingDataOptions& data,
                              const AugmentationOptions& augmentation, const StoredFrame& last_frame) {
  const int height = last_frame.mask.height(), width = last_frame.mask.width(), crop = data.crop_px;
  Vec2 origin;
  if (random.Uniform() < data.centred_share && !last_frame.targets.empty()) {
    const Vec2 target = last_frame.targets[random.Integer(static_cast<std::uint32_t>(last_frame.targets.size()))];
    origin.x = CropOriginNear(random, target.x, width, crop);
    origin.y = CropOriginNear(random, target.y, height, crop);
  } else {
    origin.x = CropOrigin(random, width, crop);
    origin.y = CropOrigin(random, height, crop);
  }
  WindowTransform transform;
  transform.centre_px = origin + Vec2{(crop - 1) / 2.0, (crop - 1) / 2.0};
  transform.flip = random.Uniform() < augmentation.flip_probability;
  transform.scale =
      1 - random.Integer(static_cast<std::uint32_t>(augmentation.centre_crop_px)) / static_cast<double>(crop);
  if (random.Uniform() < augmentation.rotation_probability) {
    const auto [low, high] = augmentation.rotation_deg;
    transform.rotation_deg = low + random.Integer(static_cast<std::uint32_t>(high - low) + 1);
  }
  return transform;
}

CountScale DrawScale(RandomStream& random, const AugmentationOptions& augmentation, const CountScale& of_split) {
  const double sign = random.Uniform() < augmentation.negative_probability ? -1 : 1;
  const double gain = sign * std::pow(augmentation.largest_gain, random.Uniform(-1, 1));
  const double offset = augmentation.largest_offset * random.Uniform(-1, 1);
  // gain (counts - mean) / sigma + offset
  const double sigma = of_split.sigma / gain;
  return {of_split.mean - offset * sigma, sigma};
}

void CutCounts(const StoredFrame& frame, const WindowTransform& transform, int size, const CountScale& scale,
               float* sample) {
  const PointGrid grid(transform, size);
  std::visit(
      [&](const auto& counts) {
        for (int y = 0; y < size; ++y) {
          const RowOfPoints row = grid.row(y);
          for (int x = 0; x < size; ++x)
            *sample++ = static_cast<float>((Bilinear(counts, row[x]) - scale.mean) / scale.sigma);
        }
      },
      frame.counts);
}

void CutMask(const Mask& mask, const WindowTransform& transform, int size, float* sample) {
  if (mask.empty()) {
    std::fill_n(sample, static_cast<std::ptrdiff_t>(size) * size, 0.0F);
    return;
  }
  const PointGrid grid(transform, size);
  for (int y = 0; y < size; ++y) {
    const RowOfPoints row = grid.row(y);
    for (int x = 0; x < size; ++x) {
      const Vec2 point = row[x];
      const int column = Mirrored(static_cast<int>(std::floor(point.x + 0.5)), mask.width());
      const int line = Mirrored(static_cast<int>(std::floor(point.y + 0.5)), mask.height());
      *sample++ = mask(line, column) > 127 ? 1.0F : 0.0F;
    }
  }
}

}  // namespace mirst
