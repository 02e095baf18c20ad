#include "detector/box_maps.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/image.h"
#include "detector/network/network_input.h"
#include "detector/network/sstnet.h"
#include "metrics/components.h"

namespace mirst {
using torch::Tensor;
namespace {

constexpr double kLeastScore = 0.001, kMostIou = 0.65;  // of the published evaluation

Mask MaskOf(const Tensor& values) {
  const Tensor bytes = ((values > 0.5) * 255).to(torch::kCPU, torch::kByte).contiguous();
  Mask mask(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)));
  std::copy_n(bytes.data_ptr<std::uint8_t>(), mask.size(), mask.data());
  return mask;
}

struct Span {
  std::int64_t first, last;
};

/// Pixels whose centres lie in [low, high]; the nearest one where there is none. Empty outside the frame.
Span PixelsIn(double low, double high, std::int64_t extent) {
  double first = std::ceil(low), last = std::floor(high);
  if (first > last) first = last = std::round((low + high) / 2);
  const auto limit = static_cast<double>(extent - 1);
  return {static_cast<std::int64_t>(std::clamp(first, 0.0, limit + 1)),
          static_cast<std::int64_t>(std::clamp(last, -1.0, limit))};
}

float Logit(double probability) { return static_cast<float>(std::log(probability / (1 - probability))); }

}  // namespace

Letterbox::Letterbox(std::int64_t height, std::int64_t width) : height_(height), width_(width) {
  scale_ = static_cast<double>(kSstnetTrainingSize) / static_cast<double>(std::max(height, width));
  const auto scaled = [&](std::int64_t extent) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(extent) * scale_));
  };
  scaled_height_ = scaled(height);
  scaled_width_ = scaled(width);
  top_ = (kSstnetTrainingSize - scaled_height_) / 2;
  left_ = (kSstnetTrainingSize - scaled_width_) / 2;
}

Tensor Letterbox::Apply(const Tensor& images) const {
  const Tensor scaled = Bilinear(images, scaled_height_, scaled_width_, Corners::kScaled);
  return torch::constant_pad_nd(
      scaled, {left_, kSstnetTrainingSize - scaled_width_ - left_, top_, kSstnetTrainingSize - scaled_height_ - top_});
}

std::vector<Tensor> BoxesOfMasks(const Tensor& masks, const Tensor& ignore, const Letterbox& letterbox) {
  std::vector<Tensor> boxes;
  for (std::int64_t b = 0; b < masks.size(0); ++b) {
    const Mask mask = MaskOf(masks[b][0]);
    const Mask ignored = ignore.defined() ? MaskOf(ignore[b][0]) : Mask(mask.height(), mask.width());
    const Labelling labelling = LabelComponents(mask, &ignored);
    Tensor rows = torch::empty({static_cast<std::int64_t>(labelling.components.size()), 4});
    std::int64_t row = 0;
    for (const Component& component : labelling.components) {
      const PixelBox& box = component.box;
      const double left = letterbox.ToSquareX(box.x - 0.5), right = letterbox.ToSquareX(box.x + box.width - 0.5);
      const double top = letterbox.ToSquareY(box.y - 0.5), bottom = letterbox.ToSquareY(box.y + box.height - 0.5);
      const double values[] = {(left + right) / 2, (top + bottom) / 2, right - left, bottom - top};
      for (std::int64_t k = 0; k < 4; ++k) rows[row][k] = values[k];
      ++row;
    }
    boxes.push_back(rows);
  }
  return boxes;
}

Tensor BoxScoreMaps(const Tensor& outputs, const Letterbox& letterbox) {
  const Tensor decoded = DecodeBoxes(outputs.detach());
  Tensor maps = torch::full({outputs.size(0), 1, letterbox.height(), letterbox.width()}, kNoBoxLogit);
  for (std::int64_t b = 0; b < decoded.size(0); ++b) {
    std::vector<DetectedBox> boxes = SelectBoxes(decoded[b], kLeastScore, kMostIou);
    std::reverse(boxes.begin(), boxes.end());  // the best one is drawn last
    for (const DetectedBox& box : boxes) {
      const auto x = static_cast<double>(box.centre_x_px), half_w = static_cast<double>(box.width_px) / 2;
      const auto y = static_cast<double>(box.centre_y_px), half_h = static_cast<double>(box.height_px) / 2;
      const Span columns = PixelsIn(letterbox.ToFrameX(x - half_w), letterbox.ToFrameX(x + half_w), letterbox.width());
      const Span rows = PixelsIn(letterbox.ToFrameY(y - half_h), letterbox.ToFrameY(y + half_h), letterbox.height());
      if (columns.first > columns.last || rows.first > rows.last) continue;
      const double score = std::min(static_cast<double>(box.Score()), 1 - 1e-6);
      maps[b][0].slice(0, rows.first, rows.last + 1).slice(1, columns.first, columns.last + 1).fill_(Logit(score));
    }
  }
  return maps.to(outputs.device());
}

}  // namespace mirst
