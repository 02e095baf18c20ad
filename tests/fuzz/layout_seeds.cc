#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "core/file.h"
#include "datasets/annotations/mot.h"
#include "datasets/annotations/voc.h"
#include "datasets/annotations/yolo.h"
#include "datasets/layouts/mat_file.h"
#include "datasets/layouts/tar_file.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace mirst::fuzz {
namespace {

template <class T>
void Put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// A 2 x 2 array of doubles without compression.
std::string PlainMat() {
  std::string bytes = "MATLAB 5.0 MAT-file";
  bytes.resize(124, ' ');
  Put(bytes, std::uint16_t{0x0100});
  bytes += "IM";
  for (const std::uint32_t word : {14U, 88U, 6U, 8U, 6U, 0U, 5U, 8U, 2U, 2U, 3U << 16 | 1U}) Put(bytes, word);
  bytes += std::string("Mix\0", 4);
  for (const std::uint32_t word : {9U, 32U}) Put(bytes, word);
  for (const double value : {1.0, 2.0, 3.0, 4.0}) Put(bytes, value);
  return bytes;
}

std::string Archive() {
  const TemporaryFolder folder("mirst-seed");
  TarWriter writer(folder.path() / "a.tar");
  writer.Add("a/0.json", "{}");
  writer.Add("a/0.png", "pixels");
  writer.Close();
  return ReadFile(folder.path() / "a.tar");
}

std::vector<TargetBox> Boxes() {
  std::vector<TargetBox> boxes(2);
  for (int i = 0; i < 2; ++i) {
    TargetBox& box = boxes[static_cast<std::size_t>(i)];
    box.id = i + 1;
    box.class_name = "bird";
    box.x = 2 + 3 * i;
    box.y = 3;
    box.width = 2;
    box.height = 4;
  }
  return boxes;
}

}  // namespace

// In the order of layout_fuzz.cc.
std::vector<std::string> Seeds() {
  ClassNumbers classes;
  return {EncodeMat({"Mix", MatClass::kUint8, {5, 2, 2}, std::vector<double>(20, 7)}),
          PlainMat(),
          Archive(),
          Archive(),
          R"({"images": [{"id": 1, "file_name": "a/0.png", "width": 11, "height": 9, "video_id": 1, "frame_id": 0}],
"videos": [{"id": 1, "name": "a"}], "categories": [{"id": 1, "name": "bird"}],
"annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 3, 2, 4], "instance_id": 1,
"segmentation": {"size": [9, 11], "counts": [21, 4, 5, 4, 65]}},
{"id": 2, "image_id": 1, "category_id": 1, "bbox": [5, 3, 2, 4], "instance_id": 2, "segmentation": [[5, 3, 7, 3, 7, 7, 5, 7]]}]})",
          VocXml({"a", "0.png", 11, 9, false, Boxes()}),
          YoloLines(Boxes(), 11, 9, classes),
          MotLines(Boxes(), 1, classes),
          "images/a/0.png 2,3,4,7,0 5,3,7,7,0\n",
          "61X13mN"};
}

}  // namespace mirst::fuzz
