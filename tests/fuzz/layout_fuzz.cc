// Whatever bytes a MATLAB file, a tar archive, an annotation file or a list of another layout holds, reading ends with
// values that make a labelled frame, or with mirst::Error. The first byte chooses the kind, as in layout_seeds.cc.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/error.h"
#include "core/file.h"
#include "datasets/annotations/coco.h"
#include "datasets/annotations/mot.h"
#include "datasets/annotations/rle.h"
#include "datasets/annotations/voc.h"
#include "datasets/annotations/yolo.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout.h"
#include "datasets/layouts/mat_file.h"
#include "datasets/layouts/tar_file.h"

namespace {
using namespace mirst;
namespace fs = std::filesystem;

constexpr int kHeight = 9, kWidth = 11;

/// With a data set of one image, images/a/0.png, for lists to name.
const fs::path& Folder() {
  static const fs::path folder = [] {
    const auto path = fs::temp_directory_path() / ("mirst_layout_fuzz_" + std::to_string(::getpid()));
    fs::create_directories(path / "images/a");
    WriteFileAtomically(path / "images/a/0.png", EncodePng(Mask(kHeight, kWidth)));
    return path;
  }();
  return folder;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

/// Labels that are taken lie inside the image.
void Label(const std::vector<TargetBox>& boxes, int height, int width) {
  LabelledFrame frame;
  frame.frame.pixels = Image<float>(height, width);
  LabelFrame(boxes, frame);
  for (const Annotation& target : frame.annotation.targets)
    Require(!target.box.empty() && frame.mask.box().Contains(target.box));
}

void ReadMat(const std::string& bytes) {
  const MatArray array = DecodeMat(bytes, "Mix");
  std::size_t count = 1;
  for (const int extent : array.shape) count *= static_cast<std::size_t>(extent);
  Require(array.values.size() == count);
}

/// The archive as it is, or with the first header's checksum made right.
void ReadTar(std::string bytes, bool mend) {
  if (mend && bytes.size() >= 512) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? 32U : static_cast<unsigned char>(bytes[i]);
    bytes.replace(148, 7, fmt::format("{:06o}", sum) + std::string(1, '\0'));
  }
  const fs::path path = Folder() / "shard.tar";
  WriteFileAtomically(path, bytes);
  for (const TarMember& member : ListTar(path)) {
    Require(ReadMember(path, member).size() == member.size && member.name.find("/../") == std::string::npos);
  }
}

void ReadCoco(const std::string& bytes) {
  for (const CocoImage& image : ParseCoco(bytes)) {
    if (image.height <= 64 && image.width <= 64) Label(image.boxes, image.height, image.width);
  }
}

void ReadMot(const std::string& bytes) {
  for (const auto& [frame, boxes] : ParseMot(bytes, {"bird"}).boxes) Label(boxes, kHeight, kWidth);
}

void ReadList(const std::string& bytes) {
  WriteFileAtomically(Folder() / "train.txt", bytes);
  const Layout& layout = FindLayout("daub");
  if (layout.why_not(Folder()).empty()) layout.open(Folder())->Read(0, 0);
}

void ReadRuns(const std::string& bytes) {
  Require(EncodeRle(DecodeRle(UnpackRle(bytes), kHeight, kWidth)).size() < 200);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    switch (data[0] % 10) {
      case 0:
      case 1:
        ReadMat(bytes);
        break;
      case 2:
      case 3:
        ReadTar(bytes, data[0] % 10 == 3);
        break;
      case 4:
        ReadCoco(bytes);
        break;
      case 5:
        Label(ParseVoc(bytes).boxes, kHeight, kWidth);
        break;
      case 6:
        Label(ParseYolo(bytes, kWidth, kHeight, {"bird"}), kHeight, kWidth);
        break;
      case 7:
        ReadMot(bytes);
        break;
      case 8:
        ReadList(bytes);
        break;
      default:
        ReadRuns(bytes);
        break;
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
  }
  return 0;
}
