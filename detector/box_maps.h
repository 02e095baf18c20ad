// Between a detector of boxes and the masks of everybody else: frames enlarged to the size that it was made for, boxes
// of masks' targets, and maps of scores from boxes.
#pragma once

#include <torch/types.h>

#include <vector>

#include "detector/yolox_loss.h"

namespace mirst {

/// A frame in the middle of a square of 512 px, enlarged (or reduced) until it touches two sides; the rest is 0, the
/// mean of normalised frames.
class Letterbox {
 public:
  Letterbox(std::int64_t height, std::int64_t width);
  /// (N, C, height, width) -> (N, C, 512, 512), bilinear.
  torch::Tensor Apply(const torch::Tensor& images) const;
  /// A coordinate of the frame (pixel centres at integers) in the square, where pixel 0 covers 0 to 1.
  double ToSquareX(double x_px) const { return (x_px + 0.5) * scale_ + static_cast<double>(left_); }
  double ToSquareY(double y_px) const { return (y_px + 0.5) * scale_ + static_cast<double>(top_); }
  double ToFrameX(double x) const { return (x - static_cast<double>(left_)) / scale_ - 0.5; }
  double ToFrameY(double y) const { return (y - static_cast<double>(top_)) / scale_ - 0.5; }
  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }

 private:
  std::int64_t height_, width_, scaled_height_, scaled_width_, top_, left_;
  double scale_;
};

/// For each image of (B, 1, H, W) masks the boxes of its 8-connected components, (targets, 4) centre x, y, width,
/// height in the square. Pixels above 0.5 in `ignore` (may be undefined) belong to none.
std::vector<torch::Tensor> BoxesOfMasks(const torch::Tensor& masks, const torch::Tensor& ignore,
                                        const Letterbox& letterbox);

/// Scores of pixels that no box covers: the logit of a millionth.
inline constexpr float kNoBoxLogit = -13.8155106F;

/// Head outputs of squares (B, 6, 64, 64) -> logits (B, 1, height, width) of frames: a pixel has the best score of the
/// boxes that cover its centre (a box between centres: of the nearest pixel). Boxes of a score of 0.001 or more, after
/// suppression at an IoU of 0.65.
torch::Tensor BoxScoreMaps(const torch::Tensor& outputs, const Letterbox& letterbox);

}  // namespace mirst
