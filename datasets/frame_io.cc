#include "datasets/frame_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "datasets/png_codec.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "pixel hashes are taken over little-endian memory");

constexpr int kMaxExtent = 16384;
constexpr std::size_t kPngHeaderBytes = 33;  // signature, IHDR and its CRC

void CheckExtent(long long width, long long height) {
  if (width > kMaxExtent || height > kMaxExtent) {
    throw BadInput(
        fmt::format("it is {} x {} px, the largest size allowed is {} x {}", width, height, kMaxExtent, kMaxExtent));
  }
}

// The view's values as contiguous samples. Throws kInternal when one does not fit.
template <class Sample>
std::vector<Sample> Pack(ImageView<const std::uint16_t> pixels) {
  std::vector<Sample> samples(static_cast<std::size_t>(pixels.height()) * static_cast<std::size_t>(pixels.width()));
  Sample* out = samples.data();
  unsigned all = 0;
  for (int y = 0; y < pixels.height(); ++y) {
    const std::uint16_t* const row = pixels.row(y);
    for (int x = 0; x < pixels.width(); ++x) {
      all |= row[x];
      *out++ = static_cast<Sample>(row[x]);
    }
  }
  if (all > std::numeric_limits<Sample>::max()) throw InternalError("a pixel has a value that 8 bits do not hold");
  return samples;
}

std::vector<std::uint8_t> Pack(ImageView<const std::uint8_t> pixels) {
  std::vector<std::uint8_t> samples;
  for (int y = 0; y < pixels.height(); ++y)
    samples.insert(samples.end(), pixels.row(y), pixels.row(y) + pixels.width());
  return samples;
}

void CheckDepth(int bit_depth) {
  if (bit_depth != 8 && bit_depth != 16) throw InternalError(fmt::format("bit depth {}, allowed: 8, 16", bit_depth));
}

template <class Sample>
std::string HashSamples(const std::vector<Sample>& samples, int height, int width) {
  Sha256 hash;
  hash.Update(fmt::format("{}x{}:u{}:", height, width, 8 * sizeof(Sample)));
  hash.Update(samples.data(), samples.size() * sizeof(Sample));
  return hash.Finish();
}

// ---- PGM (netpbm's P2 and P5). Read here because OpenCV stretches the values of P2 to 255.

class PgmReader {
 public:
  explicit PgmReader(std::string_view bytes) : bytes_(bytes), next_(2) {}

  Image<std::uint16_t> Read(int& bit_depth) {
    const bool is_text = bytes_[1] == '2';
    const int width = Number(), height = Number(), largest = Number();
    if (width < 1 || height < 1) throw BadInput(fmt::format("the PGM file is of {} x {} px", width, height));
    CheckExtent(width, height);
    if (largest < 1 || largest > 65535)
      throw BadInput(fmt::format("its largest value is {}, allowed: 1 to 65535", largest));
    bit_depth = largest > 255 ? 16 : 8;
    ++next_;  // one white space ends the header
    const std::size_t pixel_bytes = is_text ? 2 : largest > 255 ? 2 : 1;
    if (static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * pixel_bytes >
        bytes_.size() + 1 - std::min(next_, bytes_.size()))
      Truncated();
    Image<std::uint16_t> pixels(height, width);
    for (std::uint16_t& pixel : pixels) {
      int value = is_text ? Number() : Byte();
      if (!is_text && largest > 255) value = value << 8 | Byte();
      if (value > largest)
        throw BadInput(fmt::format("a pixel has the value {}, the header allows {}", value, largest));
      pixel = static_cast<std::uint16_t>(value);
    }
    return pixels;
  }

 private:
  [[noreturn]] static void Truncated() { throw BadInput("the PGM file is truncated or corrupt"); }
  int Byte() {
    if (next_ >= bytes_.size()) Truncated();
    return static_cast<unsigned char>(bytes_[next_++]);
  }
  // The next decimal number; white space and comments before it are passed over.
  int Number() {
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    while (true) {
      next_ = std::min(bytes_.find_first_not_of(kSpace, next_), bytes_.size());
      if (next_ == bytes_.size() || bytes_[next_] != '#') break;
      next_ = std::min(bytes_.find('\n', next_), bytes_.size());
    }
    int value = 0;
    const auto [end, error] = std::from_chars(bytes_.data() + next_, bytes_.data() + bytes_.size(), value);
    if (error != std::errc() || value < 0) Truncated();
    next_ = static_cast<std::size_t>(end - bytes_.data());
    return value;
  }

  std::string_view bytes_;
  std::size_t next_;
};

// ---- other formats

// A JPEG decoder fills what a truncated file lacks with grey and succeeds, so the end is looked for first: marker by
// marker (a thumbnail inside a segment has an end of its own) up to "end of image".
bool JpegIsComplete(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t i = 2;
  while (i + 1 < bytes.size()) {
    const unsigned marker = byte(i + 1);
    if (byte(i) != 0xFF || marker == 0x00 || marker == 0xFF) {
      ++i;  // entropy-coded data, a stuffed zero or a fill byte
    } else if (marker == 0xD9) {
      return true;
    } else if ((marker >= 0xD0 && marker <= 0xD7) || marker == 0x01) {
      i += 2;  // markers without a segment
    } else {
      if (i + 3 >= bytes.size()) return false;
      i += 2 + (std::size_t{byte(i + 2)} << 8) + byte(i + 3);
    }
  }
  return false;
}

Image<std::uint16_t> DecodeByOpenCv(std::string& bytes, int& bit_depth) {
  [[maybe_unused]] static const auto silenced = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  if (bytes.size() > std::size_t{1} << 30) throw BadInput("the file is larger than 1 GiB");
  if (bytes.starts_with("\xFF\xD8") && !JpegIsComplete(bytes)) throw BadInput("the JPEG file is truncated");
  cv::Mat decoded;
  try {
    decoded = cv::imdecode(cv::Mat(1, static_cast<int>(bytes.size()), CV_8UC1, bytes.data()), cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    throw BadInput(fmt::format("the image cannot be decoded ({})", error.err));
  }
  if (decoded.empty()) throw BadInput("the image is truncated, corrupt or of an unknown format");
  CheckExtent(decoded.cols, decoded.rows);
  if (decoded.depth() != CV_8U && decoded.depth() != CV_16U) {
    throw BadInput(fmt::format("its pixels are of OpenCV's type {}, allowed: 8- and 16-bit unsigned integers",
                               cv::typeToString(decoded.type())));
  }
  bit_depth = decoded.depth() == CV_16U ? 16 : 8;
  Image<std::uint16_t> pixels(decoded.rows, decoded.cols);
  const std::size_t row_pixels = static_cast<std::size_t>(decoded.cols);
  for (int y = 0; y < decoded.rows; ++y) {
    if (bit_depth == 16) {
      ToGrey(decoded.ptr<std::uint16_t>(y), decoded.channels(), 2, 0, row_pixels, pixels.row(y));
    } else {
      ToGrey(decoded.ptr<std::uint8_t>(y), decoded.channels(), 2, 0, row_pixels, pixels.row(y));
    }
  }
  return pixels;
}

}  // namespace

bool IsImageFile(const fs::path& path) {
  static constexpr std::string_view kExtensions[] = {".png", ".tif", ".tiff", ".pgm", ".bmp", ".jpg", ".jpeg"};
  return std::find(std::begin(kExtensions), std::end(kExtensions), LowerExtension(path)) != std::end(kExtensions);
}

ImageFileInfo ReadImageInfo(const fs::path& path) {
  std::string head(kPngHeaderBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (file && IsPng(head)) return InContext(path.string(), [&] { return ReadPngInfo(head); });
  ImageFileInfo info;
  const Image<std::uint16_t> pixels = ReadImage(path, &info.bit_depth);
  info.width = pixels.width();
  info.height = pixels.height();
  return info;
}

Image<std::uint16_t> ReadImage(const fs::path& path, int* bit_depth) {
  std::string bytes = ReadFile(path);
  return InContext(path.string(), [&] {
    if (bytes.empty()) throw BadInput("the file is empty");
    int depth = 8;
    Image<std::uint16_t> pixels;
    if (IsPng(bytes)) {
      pixels = DecodePng(bytes, depth);
    } else if (bytes.starts_with("P2") || bytes.starts_with("P5")) {
      pixels = PgmReader(bytes).Read(depth);
    } else if (LowerExtension(path) == ".png") {
      throw BadInput("the file is truncated or no PNG file (its signature is missing)");
    } else {
      pixels = DecodeByOpenCv(bytes, depth);
    }
    if (bit_depth != nullptr) *bit_depth = depth;
    return pixels;
  });
}

Frame ReadFrame(const fs::path& path) {
  Frame frame;
  const Image<std::uint16_t> counts = ReadImage(path, &frame.bit_depth);
  frame.pixels = Image<float>(counts.height(), counts.width());
  std::copy(counts.begin(), counts.end(), frame.pixels.begin());
  frame.name = path.filename().string();
  return frame;
}

Mask ReadMask(const fs::path& path) {
  int bit_depth = 8;
  const Image<std::uint16_t> counts = ReadImage(path, &bit_depth);
  if (bit_depth != 8) throw BadInput(fmt::format("{}: a mask of {} bits, allowed: 8", path.string(), bit_depth));
  Mask mask(counts.height(), counts.width());
  std::transform(counts.begin(), counts.end(), mask.begin(),
                 [](std::uint16_t value) { return static_cast<std::uint8_t>(value > 127 ? 255 : 0); });
  return mask;
}

std::string EncodePng(ImageView<const std::uint16_t> pixels, int bit_depth) {
  CheckDepth(bit_depth);
  return bit_depth == 16 ? EncodePngSamples(Pack<std::uint16_t>(pixels).data(), pixels.height(), pixels.width())
                         : EncodePngSamples(Pack<std::uint8_t>(pixels).data(), pixels.height(), pixels.width());
}

std::string EncodePng(ImageView<const std::uint8_t> pixels) {
  return EncodePngSamples(Pack(pixels).data(), pixels.height(), pixels.width());
}

std::string EncodePng(const Image<Rgb>& pixels) {
  std::vector<std::uint8_t> samples;
  samples.reserve(3 * pixels.size());
  for (const Rgb& pixel : pixels) samples.insert(samples.end(), {pixel.red, pixel.green, pixel.blue});
  return EncodePngSamples(samples.data(), pixels.height(), pixels.width(), 3);
}

Image<std::uint16_t> CountsOf(const Frame& frame) {
  CheckDepth(frame.bit_depth);
  if (frame.quantity != Quantity::kCounts)
    throw InternalError(fmt::format("frame {} does not hold counts", frame.name));
  Image<std::uint16_t> counts(frame.pixels.height(), frame.pixels.width());
  const float largest = static_cast<float>(MaxCount(frame.bit_depth));
  // The bits of what is written differ from those of what was given; gathered, so that several pixels go side by side.
  std::uint32_t differences = 0;
  const float* const values = frame.pixels.data();
  std::uint16_t* const out = counts.data();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const float above = values[i] > 0 ? values[i] : 0, clamped = above < largest ? above : largest;
    const auto whole = static_cast<std::int32_t>(clamped);
    differences |= std::bit_cast<std::uint32_t>(static_cast<float>(whole)) ^ std::bit_cast<std::uint32_t>(values[i]);
    out[i] = static_cast<std::uint16_t>(whole);
  }
  if (differences != 0) {
    const auto fault = std::find_if(frame.pixels.begin(), frame.pixels.end(),
                                    [&](float v) { return !(v >= 0 && v <= largest) || v != std::floor(v); });
    if (fault == frame.pixels.end()) return counts;  // a zero with a sign
    throw InternalError(
        fmt::format("frame {} holds the value {}, allowed: whole numbers 0 to {}", frame.name, *fault, largest));
  }
  return counts;
}

std::string PixelHash(ImageView<const std::uint16_t> pixels, int bit_depth) {
  CheckDepth(bit_depth);
  return bit_depth == 16 ? HashSamples(Pack<std::uint16_t>(pixels), pixels.height(), pixels.width())
                         : HashSamples(Pack<std::uint8_t>(pixels), pixels.height(), pixels.width());
}

std::string PixelHash(ImageView<const std::uint8_t> pixels) {
  return HashSamples(Pack(pixels), pixels.height(), pixels.width());
}

}  // namespace mirst
