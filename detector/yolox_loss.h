// YOLOX's training loss for one class at stride 8 (Ge et al., arXiv 2107.08430, 2021): each box takes the cells that
// fit it best (SimOTA), those learn box and class, all learn whether they hold an object. And the way back: boxes from
// the head's outputs.
#pragma once

#include <torch/types.h>

#include <vector>

namespace mirst {

/// (5 x sum of 1 - IoU^2 + sum of the object's cross entropy + sum of the class's cross entropy towards the IoU) /
/// cells that hold a target. outputs: YoloxHead's (B, 6, h, w), logits; boxes: an image each, (targets, 4) centre x, y,
/// width, height in px of the network's input, where cell (row, column) covers 8 columns to 8 columns + 7. Result: a
/// scalar. Throws kBadInput where the numbers of images differ.
torch::Tensor YoloxLoss(const torch::Tensor& outputs, const std::vector<torch::Tensor>& boxes);

/// (B, 6, h, w) -> (B, h x w, 6): centre x, y, width, height in px, probability of an object, of the class.
torch::Tensor DecodeBoxes(const torch::Tensor& outputs);

struct DetectedBox {
  float centre_x_px = 0, centre_y_px = 0, width_px = 0, height_px = 0;
  float object = 0, target = 0;  ///< probabilities
  float Score() const { return object * target; }
};

/// The boxes of one image, (cells, 6) from DecodeBoxes, of at least `least_score`, best first, without those that
/// overlap a better one by more than `most_iou`.
std::vector<DetectedBox> SelectBoxes(const torch::Tensor& decoded, double least_score, double most_iou);

}  // namespace mirst
