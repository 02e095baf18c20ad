#include "datasets/score_map.h"

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"
#include "core/file.h"
#include "core/frame.h"
#include "datasets/frame_io.h"
#include "datasets/npy.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxExtent = 16384;

// ---- NPY

template <class Value>
Image<float> NpyValues(const NpyArray& array) {
  Image<float> image(static_cast<int>(array.shape[0]), static_cast<int>(array.shape[1]));
  if constexpr (std::is_same_v<Value, float>) {
    std::memcpy(image.data(), array.values.data(), image.size() * sizeof(float));
    return image;
  }
  for (std::size_t i = 0; i < image.size(); ++i) {
    Value value;
    std::memcpy(&value, array.values.data() + i * sizeof(Value), sizeof(Value));
    image.data()[i] = static_cast<float>(value);
  }
  return image;
}

Image<float> DecodeNpy(std::string_view bytes) {
  const NpyArray array = ParseNpy(bytes);
  const auto fits = [](std::int64_t extent) { return extent >= 1 && extent <= kMaxExtent; };
  if (array.shape.size() != 2 || !fits(array.shape[0]) || !fits(array.shape[1])) {
    throw BadInput(fmt::format("its shape is ({}), allowed: (height, width) of 1 to {} px",
                               fmt::join(array.shape, ", "), kMaxExtent));
  }
  return array.type == NpyType::kFloat32 ? NpyValues<float>(array) : NpyValues<double>(array);
}

// ---- OpenEXR

class ExrBytes final : public Imf::IStream {
 public:
  explicit ExrBytes(std::string_view bytes) : IStream("map"), bytes_(bytes) {}
  bool read(char data[], int count) override {
    const auto n = static_cast<std::size_t>(count);
    if (position_ > bytes_.size() || bytes_.size() - position_ < n) throw BadInput("the file ends too early");
    std::memcpy(data, bytes_.data() + position_, n);
    position_ += n;
    return position_ < bytes_.size();
  }
  std::uint64_t tellg() override { return position_; }
  void seekg(std::uint64_t position) override { position_ = position; }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
};

Image<float> DecodeExr(std::string_view bytes) {
  ExrBytes stream(bytes);
  Imf::InputFile file(stream, 0);
  const Imf::ChannelList& channels = file.header().channels();
  std::string name;
  int count = 0;
  for (auto channel = channels.begin(); channel != channels.end(); ++channel, ++count) name = channel.name();
  const bool has_luminance = channels.findChannel("Y") != nullptr;
  if (has_luminance) name.assign(1, 'Y');
  if (count != 1 && !has_luminance) throw BadInput(fmt::format("it has {} channels and none of them is Y", count));
  const Imf::Channel& channel = *channels.findChannel(name);
  if (channel.type == Imf::UINT || channel.xSampling != 1 || channel.ySampling != 1)
    throw BadInput(fmt::format("its channel {} holds no half or float a pixel", name));
  const auto window = file.header().dataWindow();
  const long long width = static_cast<long long>(window.max.x) - window.min.x + 1;
  const long long height = static_cast<long long>(window.max.y) - window.min.y + 1;
  if (width < 1 || height < 1 || width > kMaxExtent || height > kMaxExtent)
    throw BadInput(fmt::format("it is {} x {} px, allowed: 1 to {} each", width, height, kMaxExtent));
  Image<float> scores(static_cast<int>(height), static_cast<int>(width));
  // OpenEXR addresses pixel (x, y) of its data window as base + x * 4 + y * row.
  const auto row = static_cast<std::ptrdiff_t>(scores.width()) * static_cast<std::ptrdiff_t>(sizeof(float));
  char* const base = reinterpret_cast<char*>(scores.data()) -
                     window.min.x * static_cast<std::ptrdiff_t>(sizeof(float)) - window.min.y * row;
  Imf::FrameBuffer buffer;
  buffer.insert(name, Imf::Slice(Imf::FLOAT, base, sizeof(float), static_cast<std::size_t>(row)));
  file.setFrameBuffer(buffer);
  file.readPixels(window.min.y, window.max.y);
  return scores;
}

Image<float> ReadExr(const std::string& bytes) {
  try {
    return DecodeExr(bytes);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw BadInput(fmt::format("it is no usable OpenEXR file ({})", error.what()));
  }
}

// ---- TIFF of floats

/// None where the file holds whole numbers (or is none): ReadImage says the rest.
std::optional<Image<float>> ReadFloatTiff(const fs::path& path) {
  std::string bytes = ReadFile(path);
  cv::Mat decoded;
  try {
    decoded = cv::imdecode(cv::Mat(1, static_cast<int>(bytes.size()), CV_8UC1, bytes.data()), cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception&) {
    return std::nullopt;
  }
  if (decoded.channels() != 1 || (decoded.depth() != CV_32F && decoded.depth() != CV_64F)) return std::nullopt;
  Image<float> scores(decoded.rows, decoded.cols);
  for (int y = 0; y < decoded.rows; ++y) {
    for (int x = 0; x < decoded.cols; ++x) {
      scores(y, x) = decoded.depth() == CV_32F ? decoded.at<float>(y, x) : static_cast<float>(decoded.at<double>(y, x));
    }
  }
  return scores;
}

void CheckNumbers(const Image<float>& scores, const fs::path& path) {
  std::size_t faults = 0;  // a sum, not a search: this way compilers look at several pixels at once
  for (const float score : scores) faults += static_cast<std::size_t>(std::isnan(score));
  if (faults == 0) return;
  const auto place = std::find_if(scores.begin(), scores.end(), [](float score) { return std::isnan(score); });
  const auto offset = place - scores.begin();
  throw BadInput(fmt::format("{}: the value at column {}, row {} is not a number", path.string(),
                             offset % scores.width(), offset / scores.width()));
}

}  // namespace

bool IsScoreMapFile(const fs::path& path) {
  const std::string extension = LowerExtension(path);
  return IsImageFile(path) || extension == ".npy" || extension == ".exr";
}

ScoreMap ReadScoreMap(const fs::path& path) {
  ScoreMap map;
  const std::string extension = LowerExtension(path);
  std::optional<Image<float>> floats;
  if (extension == ".npy") floats = InContext(path.string(), [&] { return DecodeNpy(ReadFile(path)); });
  if (extension == ".exr") floats = InContext(path.string(), [&] { return ReadExr(ReadFile(path)); });
  if (extension == ".tif" || extension == ".tiff") floats = ReadFloatTiff(path);
  if (floats) {
    map.scores = std::move(*floats);
    CheckNumbers(map.scores, path);
  } else {
    int bit_depth = 8;
    const Image<std::uint16_t> values = ReadImage(path, &bit_depth);
    map.eight_bit = bit_depth == 8;
    map.scores = Image<float>(values.height(), values.width());
    const auto largest = static_cast<float>(MaxCount(bit_depth));
    std::transform(values.begin(), values.end(), map.scores.begin(),
                   [&](std::uint16_t value) { return static_cast<float>(value) / largest; });
  }
  return map;
}

}  // namespace mirst
