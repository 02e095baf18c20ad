// COCO and COCO-VID annotations (cocodataset.org, "Data format"; COCO-VID adds `videos`, `video_id`, `frame_id` and
// `instance_id`). bbox = [x, y, width, height], x and y from 0 at the corner of the first pixel: the numbers are
// mirst's own. Categories count from 1. Masks are uncompressed runs (segmentation.counts) with iscrowd 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/annotations/boxes.h"
#include "datasets/annotations/classes.h"

namespace mirst {

enum class CocoKind { kImages, kVideos };

struct CocoImage {
  std::string file_name;
  int width = 0, height = 0;
  std::string video;  ///< its name; empty in plain COCO
  int frame_id = 0;   ///< place in the video, from 0
  std::vector<TargetBox> boxes;
};

/// Appends image by image; memory and cost do not grow with the set.
class CocoWriter {
 public:
  CocoWriter(std::filesystem::path path, CocoKind kind);
  void Add(const CocoImage& image);
  /// Completes the file; nothing but Add makes it before.
  void Finish();

 private:
  std::filesystem::path path_, images_, annotations_;  ///< the parts, until Finish joins them
  CocoKind kind_;
  ClassNumbers classes_;
  std::vector<std::string> videos_;
  std::int64_t image_count_ = 0, box_count_ = 0;
};

/// In the order of the file, in COCO-VID by video and frame_id. Masks are decoded where they are given (polygons, runs,
/// packed runs). Throws kBadInput: not JSON, a key is missing, an id that nothing has, an image with two entries.
std::vector<CocoImage> ParseCoco(std::string_view text);

}  // namespace mirst
