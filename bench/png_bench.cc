// What reading and writing grey PNG costs, beside OpenCV's in the same run: MB/s of pixels on one thread, and the
// files' size as a share of the pixels'. Frames of 8 bits are real ones of 320 x 256 px (MIRST_DATA); the 16-bit frames
// of 640 x 512 px are laid together of real ones of 160 x 120, twenty a frame, as no larger raw recordings are at hand;
// masks are nearly empty, as a data set's are.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/png_codec.h"

namespace mirst {
namespace {

enum Kind { kReal8, kReal16, kMask8 };

std::vector<std::filesystem::path> FilesOf(const char* sequence) {
  const char* const data = std::getenv("MIRST_DATA");
  if (data == nullptr) return {};
  std::vector<std::filesystem::path> files;
  for (const auto& file : ListFiles(std::filesystem::path(data) / "backgrounds" / sequence)) {
    if (IsImageFile(file)) files.push_back(file);
  }
  return files;
}

std::vector<Image<std::uint16_t>> Frames8() {
  std::vector<Image<std::uint16_t>> frames;
  for (const char* sequence : {"hdd-clouds-drift", "hdd-trees-pan", "hdd-sea-horizon", "hdd-building-pan"}) {
    const auto files = FilesOf(sequence);
    for (std::size_t i = 0; i < files.size(); i += 10) frames.push_back(ReadImage(files[i]));
  }
  return frames;
}

std::vector<Image<std::uint16_t>> Frames16() {
  std::vector<Image<std::uint16_t>> frames;
  for (const char* sequence : {"cptv16-lawn", "cptv16-forest-floor"}) {
    const auto files = FilesOf(sequence);
    for (std::size_t first = 0; first + 20 <= files.size(); first += 20) {
      Image<std::uint16_t> frame(512, 640);
      for (int tile = 0; tile < 20; ++tile) {
        const Image<std::uint16_t> part = ReadImage(files[first + static_cast<std::size_t>(tile)]);
        const int top = tile / 4 * 120, left = tile % 4 * 160;
        for (int y = 0; y < std::min(part.height(), 512 - top); ++y)
          std::copy_n(part.row(y), part.width(), frame.row(top + y) + left);
      }
      frames.push_back(std::move(frame));
    }
  }
  return frames;
}

const std::vector<Image<std::uint16_t>>& FramesOf(Kind kind) {
  static const std::vector<Image<std::uint16_t>> frames[] = {Frames8(), Frames16(), [] {
                                                               Image<std::uint16_t> mask(256, 320);
                                                               for (int y = 100; y < 106; ++y)
                                                                 std::fill_n(mask.row(y) + 150, 8, 255);
                                                               return std::vector(1, mask);
                                                             }()};
  return frames[kind];
}

int DepthOf(Kind kind) { return kind == kReal16 ? 16 : 8; }

cv::Mat AsMat(const Image<std::uint16_t>& image, int depth) {
  cv::Mat mat(image.height(), image.width(), CV_16U);
  std::copy(image.begin(), image.end(), mat.ptr<std::uint16_t>());
  mat.convertTo(mat, depth == 16 ? CV_16U : CV_8U);
  return mat;
}

std::string EncodeByOpenCv(const cv::Mat& mat) {
  std::vector<unsigned char> bytes;
  cv::imencode(".png", mat, bytes);
  return {bytes.begin(), bytes.end()};
}

// Calls of `work` on all pictures; `packed` = the bytes of their files.
template <class Picture, class Work>
void Measure(benchmark::State& state, Kind kind, const std::vector<Picture>& pictures, double packed, Work work) {
  if (pictures.empty()) {
    state.SkipWithError("needs MIRST_DATA");
    return;
  }
  double bytes = 0;
  for (const auto& frame : FramesOf(kind)) bytes += static_cast<double>(frame.size()) * DepthOf(kind) / 8;
  for (auto _ : state) {
    for (const Picture& picture : pictures) benchmark::DoNotOptimize(work(picture));
  }
  state.counters["MB/s"] =
      benchmark::Counter(bytes * 1e-6 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["size_share"] = packed / bytes;
}

double BytesOf(const std::vector<std::string>& files) {
  double bytes = 0;
  for (const std::string& file : files) bytes += static_cast<double>(file.size());
  return bytes;
}

void BM_Encode(benchmark::State& state) {
  const Kind kind = static_cast<Kind>(state.range(0));
  std::vector<std::string> files;
  for (const auto& frame : FramesOf(kind)) files.push_back(EncodePng(frame, DepthOf(kind)));
  Measure(state, kind, FramesOf(kind), BytesOf(files), [&](const auto& f) { return EncodePng(f, DepthOf(kind)); });
}
void BM_EncodeByOpenCv(benchmark::State& state) {
  const Kind kind = static_cast<Kind>(state.range(0));
  std::vector<cv::Mat> mats;
  std::vector<std::string> files;
  for (const auto& frame : FramesOf(kind)) {
    mats.push_back(AsMat(frame, DepthOf(kind)));
    files.push_back(EncodeByOpenCv(mats.back()));
  }
  Measure(state, kind, mats, BytesOf(files), EncodeByOpenCv);
}
void BM_Decode(benchmark::State& state) {
  const Kind kind = static_cast<Kind>(state.range(0));
  std::vector<std::string> files;
  for (const auto& frame : FramesOf(kind)) files.push_back(EncodePng(frame, DepthOf(kind)));
  Measure(state, kind, files, BytesOf(files), [](const std::string& file) {
    int depth = 0;
    return DecodePng(file, depth);
  });
}
void BM_DecodeByOpenCv(benchmark::State& state) {
  const Kind kind = static_cast<Kind>(state.range(0));
  std::vector<std::string> files;
  for (const auto& frame : FramesOf(kind)) files.push_back(EncodeByOpenCv(AsMat(frame, DepthOf(kind))));
  Measure(state, kind, files, BytesOf(files), [](std::string file) {
    return cv::imdecode(cv::Mat(1, static_cast<int>(file.size()), CV_8UC1, file.data()), cv::IMREAD_UNCHANGED);
  });
}
// kind: 0 = 8 bit, 1 = 16 bit, 2 = mask
BENCHMARK(BM_Encode)->ArgName("kind")->DenseRange(0, 2);
BENCHMARK(BM_EncodeByOpenCv)->ArgName("kind")->DenseRange(0, 2);
BENCHMARK(BM_Decode)->ArgName("kind")->DenseRange(0, 2);
BENCHMARK(BM_DecodeByOpenCv)->ArgName("kind")->DenseRange(0, 2);

}  // namespace
}  // namespace mirst
