#include "detector/yolox_loss.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"
#include "detector/network/yolox.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr double kCentreRadius = 2.5;  // of cells that may take a box, strides
constexpr double kFarCost = 1e5;       // of a cell outside the box or its centre's surroundings
constexpr double kBoxWeight = 5;
constexpr std::int64_t kMostCells = 10;  // whose overlaps say how many cells a box takes

/// Box (n, 4) as its two corners.
std::pair<Tensor, Tensor> CornersOf(const Tensor& boxes) {
  const Tensor centre = boxes.slice(-1, 0, 2), half = boxes.slice(-1, 2, 4) / 2;
  return {centre - half, centre + half};
}

struct Areas {
  Tensor both, either;
};

/// Of boxes (..., 4) whose shapes broadcast.
Areas AreasOf(const Tensor& a, const Tensor& b) {
  const auto [a0, a1] = CornersOf(a);
  const auto [b0, b1] = CornersOf(b);
  const Tensor low = torch::max(a0, b0), high = torch::min(a1, b1);
  const Tensor both = (high - low).prod(-1) * (low < high).all(-1);
  return {both, a.slice(-1, 2, 4).prod(-1) + b.slice(-1, 2, 4).prod(-1) - both};
}

/// Centres (cells, 2) of a grid's cells, in px.
Tensor CellCentres(std::int64_t height, std::int64_t width, const c10::TensorOptions& options) {
  const Tensor y = torch::arange(height, options).repeat_interleave(width),
               x = torch::arange(width, options).repeat({height});
  return (torch::stack({x, y}, 1) + 0.5) * static_cast<double>(kYoloxStride);
}

struct Assignment {
  Tensor cells;  ///< (n) indices of the cells that hold a target
  Tensor boxes;  ///< (n) which of the image's boxes each holds
  Tensor ious;   ///< (n) of the cell's box with it
};

/// SimOTA: a box takes as many of the cells near it as their overlaps add up to, the cheapest first; a cell that two
/// boxes want goes to the cheaper. boxes: (g, 4), g > 0; predicted: (cells, 4) px; object, target: (cells) logits.
Assignment AssignCells(const Tensor& boxes, const Tensor& predicted, const Tensor& object, const Tensor& target,
                       const Tensor& centres) {
  const auto [low, high] = CornersOf(boxes.unsqueeze(1));
  const Tensor in_box = ((centres > low) & (centres < high)).all(-1);  // (g, cells)
  const double radius = kCentreRadius * static_cast<double>(kYoloxStride);
  const Tensor near_centre = ((centres - boxes.slice(1, 0, 2).unsqueeze(1)).abs() < radius).all(-1);
  const Tensor candidates = (in_box | near_centre).any(0).nonzero().squeeze(1);  // cells
  if (candidates.numel() == 0) {
    return {candidates, candidates, torch::zeros({0}, boxes.options())};
  }
  const auto of = [&](const Tensor& x, std::int64_t dim) { return x.index_select(dim, candidates); };
  const Areas areas = AreasOf(boxes.unsqueeze(1), of(predicted, 0).unsqueeze(0));
  const Tensor ious = areas.both / areas.either;  // (g, candidates)
  const Tensor confidence = (torch::sigmoid(of(target, 0)) * torch::sigmoid(of(object, 0))).sqrt();
  const Tensor class_cost =
      torch::binary_cross_entropy(confidence, torch::ones_like(confidence), {}, at::Reduction::None);
  const Tensor far = of(in_box, 1).logical_and(of(near_centre, 1)).logical_not();
  const Tensor cost = class_cost.unsqueeze(0) - 3 * torch::log(ious + 1e-8) + kFarCost * far;

  Tensor taken = torch::zeros_like(cost);
  const std::int64_t most = std::min(kMostCells, candidates.numel());
  const Tensor counts = std::get<0>(ious.topk(most, 1)).sum(1).to(torch::kLong).clamp_min(1);
  for (std::int64_t g = 0; g < boxes.size(0); ++g) {
    const Tensor cheapest = std::get<1>(cost[g].topk(counts[g].item<std::int64_t>(), 0, /*largest=*/false));
    taken[g].index_fill_(0, cheapest, 1);
  }
  const Tensor disputed = (taken.sum(0) > 1).nonzero().squeeze(1);
  if (disputed.numel() > 0) {
    const Tensor winners = cost.index_select(1, disputed).argmin(0);
    taken.index_fill_(1, disputed, 0);
    taken.index_put_({winners, disputed}, torch::ones({}, taken.options()));
  }
  const Tensor held = (taken.sum(0) > 0).nonzero().squeeze(1);  // among the candidates
  const Tensor owners = taken.index_select(1, held).argmax(0);
  return {candidates.index_select(0, held), owners, ious.index({owners, held})};
}

/// (B, 6, h, w) -> (B, cells, 6), boxes in px and logits.
Tensor BoxesInPixels(const Tensor& outputs) {
  const Tensor cells = outputs.flatten(2).transpose(1, 2);
  const double stride = static_cast<double>(kYoloxStride);
  const Tensor corner = CellCentres(outputs.size(2), outputs.size(3), outputs.options()) - stride / 2;
  return torch::cat({cells.slice(2, 0, 2) * stride + corner, cells.slice(2, 2, 4).exp() * stride, cells.slice(2, 4)},
                    2);
}

Tensor SummedCrossEntropy(const Tensor& logits, const Tensor& truth) {
  return torch::binary_cross_entropy_with_logits(logits, truth, {}, {}, at::Reduction::Sum);
}

float Iou(const DetectedBox& a, const DetectedBox& b) {
  const auto overlap = [](float centre_a, float size_a, float centre_b, float size_b) {
    return std::max(0.0F, std::min(centre_a + size_a / 2, centre_b + size_b / 2) -
                              std::max(centre_a - size_a / 2, centre_b - size_b / 2));
  };
  const float both = overlap(a.centre_x_px, a.width_px, b.centre_x_px, b.width_px) *
                     overlap(a.centre_y_px, a.height_px, b.centre_y_px, b.height_px);
  return both / (a.width_px * a.height_px + b.width_px * b.height_px - both);
}

}  // namespace

Tensor YoloxLoss(const Tensor& outputs, const std::vector<Tensor>& boxes) {
  if (outputs.dim() != 4 || outputs.size(1) != kYoloxOutputs ||
      outputs.size(0) != static_cast<std::int64_t>(boxes.size())) {
    throw BadInput(
        fmt::format("YOLOX's loss needs outputs (batch, {}, h, w) and the boxes of each image", kYoloxOutputs));
  }
  const Tensor cells = BoxesInPixels(outputs);
  const Tensor centres = CellCentres(outputs.size(2), outputs.size(3), outputs.options());
  Tensor box_loss = torch::zeros({}, outputs.options()), class_loss = box_loss;
  Tensor holds_target = torch::zeros({cells.size(0), cells.size(1)}, outputs.options());
  std::int64_t held = 0;
  for (std::int64_t b = 0; b < cells.size(0); ++b) {
    const Tensor truth = boxes[static_cast<std::size_t>(b)].to(outputs.options());
    if (truth.size(0) == 0) continue;
    const Tensor predicted = cells[b].slice(1, 0, 4), object = cells[b].select(1, 4), target = cells[b].select(1, 5);
    const Assignment assigned = [&] {
      const torch::NoGradGuard no_gradient;
      return AssignCells(truth, predicted.detach(), object.detach(), target.detach(), centres);
    }();
    held += assigned.cells.numel();
    const Areas areas = AreasOf(predicted.index_select(0, assigned.cells), truth.index_select(0, assigned.boxes));
    const Tensor iou = areas.both / (areas.either + 1e-16);
    box_loss = box_loss + (1 - iou * iou).sum();
    class_loss = class_loss + SummedCrossEntropy(target.index_select(0, assigned.cells), assigned.ious);
    holds_target[b].index_fill_(0, assigned.cells, 1);
  }
  const Tensor object_loss = SummedCrossEntropy(cells.select(2, 4), holds_target);
  return (kBoxWeight * box_loss + object_loss + class_loss) / static_cast<double>(std::max<std::int64_t>(held, 1));
}

Tensor DecodeBoxes(const Tensor& outputs) {
  const Tensor cells = BoxesInPixels(outputs);
  return torch::cat({cells.slice(2, 0, 4), torch::sigmoid(cells.slice(2, 4))}, 2);
}

std::vector<DetectedBox> SelectBoxes(const Tensor& decoded, double least_score, double most_iou) {
  const Tensor values = decoded.to(torch::kCPU, torch::kFloat).contiguous();
  const float* row = values.data_ptr<float>();
  std::vector<DetectedBox> candidates, kept;
  for (std::int64_t i = 0; i < values.size(0); ++i, row += kYoloxOutputs) {
    const DetectedBox box{row[0], row[1], row[2], row[3], row[4], row[5]};
    if (static_cast<double>(box.Score()) >= least_score) candidates.push_back(box);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const DetectedBox& a, const DetectedBox& b) { return a.Score() > b.Score(); });
  for (const DetectedBox& box : candidates) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](const DetectedBox& better) {
      return static_cast<double>(Iou(better, box)) > most_iou;
    });
    if (!covered) kept.push_back(box);
  }
  return kept;
}

}  // namespace mirst
