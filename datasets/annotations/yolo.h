// YOLO labels (Ultralytics, "detection dataset format"): a line "class cx cy w h" a target, all but the class as shares
// of the image's width and height, of which cx, cy is the box's centre: cx = (x + w/2) / W with x from 0 at the corner
// of the first pixel.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/annotations/boxes.h"
#include "datasets/annotations/classes.h"

namespace mirst {

std::string YoloLines(const std::vector<TargetBox>& boxes, int width, int height, ClassNumbers& classes);

/// Throws kBadInput naming the line: not five numbers, a class that `classes` does not have.
std::vector<TargetBox> ParseYolo(std::string_view text, int width, int height, const std::vector<std::string>& classes);

}  // namespace mirst
