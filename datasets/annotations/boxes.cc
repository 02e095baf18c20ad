#include "datasets/annotations/boxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "datasets/annotations/rle.h"
#include "datasets/label_regions.h"

namespace mirst {
namespace {

constexpr double kLargestExtent = 1e6;   // keeps the rounded box an int
constexpr double kRoundingSlack = 1e-6;  // of a decimal that was written with few digits

PixelBox RoundOutwards(const TargetBox& box) {
  const bool is_usable = std::isfinite(box.x) && std::isfinite(box.y) && std::abs(box.x) < kLargestExtent &&
                         std::abs(box.y) < kLargestExtent && box.width > 0 && box.width < kLargestExtent &&
                         box.height > 0 && box.height < kLargestExtent;
  if (!is_usable)
    throw BadInput(
        fmt::format("the box [{}, {}, {}, {}] has no extent or is no box", box.x, box.y, box.width, box.height));
  const int left = static_cast<int>(std::floor(box.x + kRoundingSlack)),
            top = static_cast<int>(std::floor(box.y + kRoundingSlack));
  const int right = static_cast<int>(std::ceil(box.x + box.width - kRoundingSlack)),
            bottom = static_cast<int>(std::ceil(box.y + box.height - kRoundingSlack));
  return {left, top, std::max(right - left, 1), std::max(bottom - top, 1)};
}

/// Gives the pixels to `id` that nobody has.
void Claim(const Mask& mask, const PixelBox& inside, int id, LabelledFrame& frame) {
  for (int y = inside.y; y < inside.bottom(); ++y) {
    for (int x = inside.x; x < inside.right(); ++x) {
      if (!mask.empty() && mask(y, x) <= 127) continue;
      frame.mask(y, x) = 255;
      if ((*frame.instance)(y, x) == 0) (*frame.instance)(y, x) = static_cast<std::uint16_t>(id);
    }
  }
}

void AddTarget(const TargetBox& box, int id, LabelledFrame& frame, std::set<std::string>& notes) {
  const PixelBox whole = RoundOutwards(box);
  const PixelBox image = frame.frame.pixels.box();
  PixelBox inside = Intersect(whole, image);
  if (inside.empty()) {
    throw BadInput(fmt::format("the box [{}, {}, {}, {}] lies outside the image of {} x {} px", box.x, box.y, box.width,
                               box.height, image.width, image.height));
  }
  if (inside != whole) notes.insert("boxes that reach beyond the image are clipped at its edge");
  Mask mask;
  if (!box.runs.empty()) {
    mask = DecodeRle(box.runs, image.height, image.width);
    inside = BoundingBox(mask);
    if (inside.empty()) throw BadInput(fmt::format("the mask of target {} has no pixel", id));
    if (inside != Intersect(whole, image))
      notes.insert("boxes that are not their masks' bounding boxes follow the masks");
  }
  Claim(mask, inside, id, frame);
  Annotation target;
  target.id = id;
  target.class_name = box.class_name;
  target.box = inside;
  target.area_px = static_cast<int>(mask.empty() ? inside.area() : CountPixels(mask));
  target.centroid_xy = {inside.x + 0.5 * (inside.width - 1), inside.y + 0.5 * (inside.height - 1)};
  target.visibility = box.visibility;
  frame.annotation.targets.push_back(std::move(target));
}

}  // namespace

std::vector<TargetBox> BoxesOf(const LabelledFrame& frame, WithMasks with_masks) {
  std::vector<TargetBox> boxes;
  for (const Annotation& target : frame.annotation.targets) {
    if (!target.seen()) continue;
    TargetBox box{target.id, target.class_name, 0, 0, 0, 0, target.visibility, {}};
    box.x = target.box.x;
    box.y = target.box.y;
    box.width = target.box.width;
    box.height = target.box.height;
    if (with_masks == WithMasks::kYes) box.runs = EncodeRle(frame.PixelsOf(target.id));
    boxes.push_back(std::move(box));
  }
  return boxes;
}

std::vector<std::string> LabelFrame(const std::vector<TargetBox>& boxes, LabelledFrame& frame) {
  const Image<float>& pixels = frame.frame.pixels;
  std::set<std::string> notes;
  std::set<int> ids;
  frame.mask = Mask(pixels.height(), pixels.width());
  frame.instance = Image<std::uint16_t>(pixels.height(), pixels.width());
  frame.annotation.targets.clear();
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const int id = boxes[i].id == 0 ? static_cast<int>(i) + 1 : boxes[i].id;
    if (id < 1 || id > 65535) throw BadInput(fmt::format("the target's id is {}, allowed: 1 to 65535", id));
    if (!ids.insert(id).second) throw BadInput(fmt::format("the target {} comes twice in one frame", id));
    AddTarget(boxes[i], id, frame, notes);
  }
  std::vector<Annotation> measured = DescribeIds(*frame.instance);
  for (Annotation& target : frame.annotation.targets) {
    const auto own = std::find_if(measured.begin(), measured.end(),
                                  [&](const Annotation& candidate) { return candidate.id == target.id; });
    if (own != measured.end() && own->box == target.box) target.centroid_xy = own->centroid_xy;
  }
  if (boxes.size() < 2) frame.instance.reset();
  return {notes.begin(), notes.end()};
}

}  // namespace mirst
