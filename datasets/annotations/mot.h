// MOT ground truth (motchallenge.net, "gt.txt"): a line a target and frame: frame,id,bb_left,bb_top,bb_width,bb_height,
// flag,class,visibility. Frames, ids, classes and pixels count from 1: bb_left = x + 1. Flag 0 = not to be evaluated.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/annotations/boxes.h"
#include "datasets/annotations/classes.h"

namespace mirst {

/// `frame` counts from 1.
std::string MotLines(const std::vector<TargetBox>& boxes, int frame, ClassNumbers& classes);

struct MotTruth {
  std::map<int, std::vector<TargetBox>> boxes;  ///< by frame number, from 1
  int left_out = 0;                             ///< lines of flag 0
};

/// `classes`: names from number 1 on; numbers beyond become "class <n>". Throws kBadInput naming the line: fewer than
/// six numbers, something that is no number, a frame below 1.
MotTruth ParseMot(std::string_view text, const std::vector<std::string>& classes);

}  // namespace mirst
