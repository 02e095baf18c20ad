#include "core/annotation.h"
#include "core/manifest.h"
#include "datasets/frame_io.h"
#include "tests/fuzz/fuzz_seeds.h"

namespace mirst::fuzz {
namespace {

Image<std::uint16_t> Ramp(int step) {
  Image<std::uint16_t> image(9, 11);
  for (std::size_t i = 0; i < image.size(); ++i)
    image.data()[i] = static_cast<std::uint16_t>(i * static_cast<std::size_t>(step));
  return image;
}

FrameAnnotation Annotated() {
  Annotation target;
  target.class_name = "bird";
  target.box = {3, 4, 2, 2};
  target.centroid_xy = {3.5, 4.25};
  target.area_px = 4;
  target.scr_id = "box20";
  target.scr = {{"box20", 2.5}};
  target.scr_float = {{"box20", 2.51}};
  target.dprime = 4;
  target.flags = {{"quantised", 0.01}, {"clipped", 0.25}};
  return {"000000.png", 0, 0, {target, target}};
}

Manifest Described() {
  Manifest manifest;
  manifest.program_version = "0.1.0";
  manifest.dataset_id = std::string(64, 'a');
  ManifestSequence sequence;
  sequence.name = "a";
  sequence.split = "train";
  sequence.models = {{"builtin:bird", std::string(64, 'b')}};
  sequence.frames = 2;
  sequence.width = 11;
  sequence.height = 9;
  manifest.sequences = {sequence};
  manifest.files = {{"image/a/000000.png", std::string(64, 'c')}};
  return manifest;
}

}  // namespace

// In the order of reader_fuzz.cc.
std::vector<std::string> Seeds() {
  Image<Rgb> colour(5, 6);
  colour(2, 3) = {255, 128, 7};
  return {
      EncodePng(Ramp(2), 8),
      EncodePng(Ramp(600), 16),
      EncodePng(colour),
      "P5\n# ramp\n4 3\n255\nabcdefghijkl",
      ToJsonLine(Annotated()),
      ToJson(Described()),
      "frame,class,x,y,width,height\n000000.png,bird,64.06,82.35,19.00,14.00\n000001.png,bird,1,1,2,2\n",
      R"({"frames": [{"frame": "000000.png", "boxes": [{"box_xywh": [1, 2, 3, 4], "score": 0.5, "class": "bird"}]}]})",
      std::string("\3\0"
                  "\0abcd"
                  "\1efgh"
                  "\2ijkl"
                  "\3mnop"
                  "\4qrst",
                  27)};
}

}  // namespace mirst::fuzz
