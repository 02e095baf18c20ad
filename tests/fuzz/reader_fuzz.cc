// Whatever bytes an image, an annotation, a manifest or a list of boxes holds, reading ends with a value that writes
// and reads back to itself, or with mirst::Error. The first byte chooses the kind, in the order of reader_seeds.cc.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/annotation.h"
#include "core/error.h"
#include "core/file.h"
#include "core/manifest.h"
#include "datasets/box_files.h"
#include "datasets/frame_io.h"
#include "datasets/source_internal.h"
#include "tests/support/png_bytes.h"

namespace {
using namespace mirst;

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = [] {
    const auto path = std::filesystem::temp_directory_path() / ("mirst_reader_fuzz_" + std::to_string(::getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  return folder;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

/// Gives every chunk its right CRC: behind it the decoder proper begins.
std::string WithCrcs(std::string png) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(png[i])); };
  for (std::size_t i = 8; i + 12 <= png.size();) {
    const std::size_t length = byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3);
    if (length > png.size() - i - 12) break;
    const std::uint32_t crc = test::Crc32(std::string_view(png).substr(i + 4, length + 4));
    for (std::size_t k = 0; k < 4; ++k) png[i + 8 + length + k] = static_cast<char>(crc >> (24 - 8 * k));
    i += 12 + length;
  }
  return png;
}

void ReadAsImage(const std::string& bytes, const std::string& name) {
  const auto path = Folder() / name, again = Folder() / "again.png";
  WriteFileAtomically(path, bytes);
  int depth = 0, depth_again = 0;
  const Image<std::uint16_t> pixels = ReadImage(path, &depth);
  WriteFileAtomically(again, EncodePng(pixels, depth));
  Require(ReadImage(again, &depth_again) == pixels && depth == depth_again);
  ReadImageInfo(path);
}

/// The bytes as a whole file's filtered lines, of a width and a depth that the first two choose.
void ReadAsScanLines(const std::string& bytes) {
  if (bytes.size() < 4) return;
  const int depth = bytes[1] % 2 == 0 ? 8 : 16;
  const std::size_t width = 1 + static_cast<unsigned char>(bytes[0]) % 40;
  const std::size_t line = 1 + width * static_cast<std::size_t>(depth / 8);
  const std::size_t height = std::min<std::size_t>(bytes.size() - 2, 60000) / line;
  if (height == 0) return;
  ReadAsImage(test::StoredPng(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height),
                              static_cast<char>(depth), 0, bytes.substr(2, height * line)),
              "image.png");
}

void ReadAsKnownTargets(const std::string& bytes) {
  WriteFileAtomically(Folder() / "boxes.csv", bytes);
  for (const KnownTarget& target : ReadKnownTargets(Folder() / "boxes.csv", {"000000.png", "000001.png"}, 320, 256))
    Require(!target.box.empty() && PixelBox{0, 0, 320, 256}.Contains(target.box));
}

void ReadAsBoxes(const std::string& bytes, const std::string& extension) {
  const auto path = Folder() / ("boxes" + extension);
  for (const char* other : {".csv", ".json"}) std::filesystem::remove(Folder() / (std::string("boxes") + other));
  WriteFileAtomically(path, bytes);
  Require(ReadBoxes(Folder(), "boxes", {"000000", "000001"})->size() == 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    switch (data[0] % 9) {
      case 0:
        ReadAsImage(bytes, "image.png");
        break;
      case 1:
      case 2:
        ReadAsImage(WithCrcs(bytes), "image.png");
        break;
      case 3:
        ReadAsImage(bytes, "image.pgm");
        break;
      case 4: {
        const FrameAnnotation annotation = ParseFrameAnnotation(bytes);
        Require(ParseFrameAnnotation(ToJsonLine(annotation)) == annotation);
        break;
      }
      case 5: {
        const Manifest manifest = ParseManifest(bytes);
        Require(ParseManifest(ToJson(manifest)) == manifest);
        break;
      }
      case 6:
        ReadAsKnownTargets(bytes);
        break;
      case 7:
        ReadAsBoxes(bytes, ".json");
        break;
      default:
        ReadAsScanLines(bytes);
        break;
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
  }
  return 0;
}
