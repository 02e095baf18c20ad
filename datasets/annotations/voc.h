// Pascal VOC annotations (VOC2012 development kit): one XML file a picture, an <object> a target with its class and
// <bndbox>; xmin, ymin, xmax, ymax count pixels from 1 and both ends belong to the box: xmin = x + 1, xmax = x + width.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/annotations/boxes.h"

namespace mirst {

struct VocPicture {
  std::string folder, file_name;
  int width = 0, height = 0;
  bool has_masks = false;  ///< SegmentationObject/ has the picture; its values are the places of the objects, from 1
  std::vector<TargetBox> boxes;
};

std::string VocXml(const VocPicture& picture);

/// Throws kBadInput: not XML, an object without name or bndbox, ends before beginnings.
VocPicture ParseVoc(std::string_view xml);

}  // namespace mirst
