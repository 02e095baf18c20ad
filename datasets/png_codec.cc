#include "datasets/png_codec.h"

#include <fmt/format.h>
#include <libdeflate.h>
#include <spng.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

constexpr int kMaxExtent = 16384;
constexpr std::size_t kChunkFrame = 12;  // length, name and CRC around a chunk's data
// Deflate shortens at most 1032 times.
constexpr std::size_t kMostExpansion = 1032;

std::uint32_t BigEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// ---- grey by libdeflate

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

libdeflate_decompressor* ThreadDecompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor) throw InternalError("libdeflate has no memory");
  return decompressor.get();
}

struct GreyPng {
  int width = 0, height = 0, bit_depth = 8;
  std::string stream;  // the data of all chunks IDAT
};

// Nothing unless the file is 8- or 16-bit grey, not interlaced, and whole in all its chunks.
std::optional<GreyPng> ParseGrey(std::string_view bytes) {
  GreyPng png;
  bool ended_stream = false;
  for (std::size_t at = kPngSignature.size(); at + kChunkFrame <= bytes.size();) {
    const std::size_t length = BigEndian(bytes, at);
    if (length > bytes.size() - at - kChunkFrame) return std::nullopt;
    const std::string_view name = bytes.substr(at + 4, 4), data = bytes.substr(at + 8, length);
    if (libdeflate_crc32(0, name.data(), 4 + length) != BigEndian(bytes, at + 8 + length)) return std::nullopt;
    const bool is_first = at == kPngSignature.size();
    at += kChunkFrame + length;
    if (is_first) {
      constexpr std::string_view kGreyDeflateAdaptiveWhole("\0\0\0\0", 4);  // colour, compression, filter, interlace
      const bool is_grey = name == "IHDR" && length == 13 && (data[8] == 8 || data[8] == 16) &&
                           data.substr(9) == kGreyDeflateAdaptiveWhole;
      if (!is_grey) return std::nullopt;
      const std::uint32_t width = BigEndian(data, 0), height = BigEndian(data, 4);
      if (width < 1 || height < 1 || width > kMaxExtent || height > kMaxExtent) return std::nullopt;
      png.width = static_cast<int>(width);
      png.height = static_cast<int>(height);
      png.bit_depth = data[8];
    } else if (name == "IDAT" && !ended_stream) {
      png.stream += data;
    } else if (name == "IEND") {
      return png;
    } else if ((name[0] & 0x20) == 0) {
      return std::nullopt;  // a chunk that must be understood
    } else {
      ended_stream = !png.stream.empty();
    }
  }
  return std::nullopt;
}

int Paeth(int left, int above, int corner) {
  const int from_left = std::abs(above - corner), from_above = std::abs(left - corner),
            from_corner = std::abs(left + above - 2 * corner);
  const int other = from_above <= from_corner ? above : corner;
  return from_left <= std::min(from_above, from_corner) ? left : other;
}

// line[i] += estimate(left, above, corner), modulo 256; `kPixel` bytes lie between a byte and its left one. What lies
// to the left stays in registers: read back from the line just written, it would cost several times as much.
template <std::size_t kPixel, class Estimate>
void AddEstimates(std::uint8_t* line, const std::uint8_t* above, std::size_t bytes, Estimate estimate) {
  std::array<int, kPixel> left{}, corner{};
  for (std::size_t i = 0; i < bytes; i += kPixel) {
    for (std::size_t k = 0; k < kPixel; ++k) {
      const int over = above[i + k];
      left[k] = (line[i + k] + estimate(left[k], over, corner[k])) & 0xFF;
      corner[k] = over;
      line[i + k] = static_cast<std::uint8_t>(left[k]);
    }
  }
}

template <class Estimate>
void AddEstimates(std::uint8_t* line, const std::uint8_t* above, std::size_t bytes, std::size_t pixel,
                  Estimate estimate) {
  if (pixel == 1)
    AddEstimates<1>(line, above, bytes, estimate);
  else
    AddEstimates<2>(line, above, bytes, estimate);
}

// Undoes the line's filter in place (PNG specification, section 9.2); false for a type that there is not.
bool Unfilter(std::uint8_t type, std::uint8_t* line, const std::uint8_t* above, std::size_t bytes, std::size_t pixel) {
  switch (type) {
    case kPngNone:
      return true;
    case kPngSub:
      AddEstimates(line, above, bytes, pixel, [](int left, int, int) { return left; });
      return true;
    case kPngUp:
      for (std::size_t i = 0; i < bytes; ++i) line[i] = static_cast<std::uint8_t>(line[i] + above[i]);
      return true;
    case kPngAverage:
      AddEstimates(line, above, bytes, pixel, [](int left, int over, int) { return (left + over) / 2; });
      return true;
    case kPngPaeth:
      AddEstimates(line, above, bytes, pixel, Paeth);
      return true;
    default:
      return false;
  }
}

// Nothing where libspng is to read the file, or to say what is wrong with it.
std::optional<Image<std::uint16_t>> DecodeGrey(std::string_view bytes, int& bit_depth) {
  const std::optional<GreyPng> png = ParseGrey(bytes);
  if (!png) return std::nullopt;
  const std::size_t pixel = png->bit_depth == 16 ? 2 : 1, line_bytes = static_cast<std::size_t>(png->width) * pixel;
  const std::size_t filtered_bytes = static_cast<std::size_t>(png->height) * (line_bytes + 1);
  if (filtered_bytes / kMostExpansion > png->stream.size()) return std::nullopt;  // not worth the memory
  const auto filtered = std::make_unique_for_overwrite<std::uint8_t[]>(filtered_bytes);
  if (libdeflate_zlib_decompress(ThreadDecompressor(), png->stream.data(), png->stream.size(), filtered.get(),
                                 filtered_bytes, nullptr) != LIBDEFLATE_SUCCESS)
    return std::nullopt;

  Image<std::uint16_t> pixels(png->height, png->width);
  const std::vector<std::uint8_t> before_first(line_bytes, 0);
  const std::uint8_t* above = before_first.data();
  for (int y = 0; y < png->height; ++y) {
    std::uint8_t* const line = filtered.get() + static_cast<std::size_t>(y) * (line_bytes + 1) + 1;
    if (!Unfilter(line[-1], line, above, line_bytes, pixel)) return std::nullopt;
    std::uint16_t* const out = pixels.row(y);
    if (pixel == 1) {
      std::copy_n(line, line_bytes, out);
    } else {
      for (std::size_t x = 0; x < line_bytes / 2; ++x)
        out[x] = static_cast<std::uint16_t>(line[2 * x] << 8 | line[2 * x + 1]);
    }
    above = line;
  }
  bit_depth = png->bit_depth;
  return pixels;
}

// ---- libspng

struct SpngDeleter {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using SpngContext = std::unique_ptr<spng_ctx, SpngDeleter>;

void CheckPng(int code) {
  if (code == SPNG_IO_EOF) throw BadInput("the PNG file is truncated");
  if (code != 0) throw BadInput(fmt::format("the PNG file is corrupt ({})", spng_strerror(code)));
}

SpngContext OpenSpng(std::string_view bytes, spng_ihdr& header) {
  SpngContext context(spng_ctx_new(0));
  if (!context) throw InternalError("libspng has no memory");
  CheckPng(spng_set_crc_action(context.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR));
  CheckPng(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()));
  CheckPng(spng_get_ihdr(context.get(), &header));
  if (header.width > kMaxExtent || header.height > kMaxExtent) {
    throw BadInput(fmt::format("it is {} x {} px, the largest size allowed is {} x {}", header.width, header.height,
                               kMaxExtent, kMaxExtent));
  }
  return context;
}

// libspng ends at the word IEND and would not miss the CRC behind it.
bool IsComplete(std::string_view bytes) {
  for (std::size_t at = kPngSignature.size(); at + kChunkFrame <= bytes.size();) {
    if (bytes.substr(at + 4, 4) == "IEND") return true;
    at += kChunkFrame + BigEndian(bytes, at);
  }
  return false;
}

struct SpngFormat {
  int format = SPNG_FMT_PNG;
  int channels = 1;
};

SpngFormat FormatFor(const spng_ihdr& header) {
  switch (header.color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
      return {header.bit_depth < 8 ? SPNG_FMT_G8 : SPNG_FMT_PNG, 1};
    case SPNG_COLOR_TYPE_INDEXED:
      return {SPNG_FMT_RGB8, 3};
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
      return {SPNG_FMT_PNG, 2};
    case SPNG_COLOR_TYPE_TRUECOLOR:
      return {SPNG_FMT_PNG, 3};
    default:
      return {SPNG_FMT_PNG, 4};
  }
}

Image<std::uint16_t> DecodeBySpng(std::string_view bytes, int& bit_depth) {
  spng_ihdr header{};
  const SpngContext context = OpenSpng(bytes, header);
  if (!IsComplete(bytes)) throw BadInput("the PNG file is truncated");
  constexpr std::size_t kMostChunkBytes = std::size_t{1} << 26;
  CheckPng(spng_set_chunk_limits(context.get(), kMostChunkBytes, kMostChunkBytes));
  const auto [format, channels] = FormatFor(header);
  std::size_t decoded_bytes = 0;
  CheckPng(spng_decoded_image_size(context.get(), format, &decoded_bytes));
  // Each inflated byte stands for at most 8 x 3 of ours (1-bit palette): a header that promises more is not worth the
  // memory.
  if (decoded_bytes / (kMostExpansion * 24) > bytes.size()) {
    throw BadInput(fmt::format("{} bytes cannot hold {} x {} px", bytes.size(), header.width, header.height));
  }
  std::vector<std::uint16_t> samples((decoded_bytes + 1) / 2);
  CheckPng(spng_decode_image(context.get(), samples.data(), decoded_bytes, format, 0));
  CheckPng(spng_decode_chunks(context.get()));  // the rest up to IEND, with its CRCs

  bit_depth = header.bit_depth == 16 ? 16 : 8;
  Image<std::uint16_t> pixels(static_cast<int>(header.height), static_cast<int>(header.width));
  if (bit_depth == 16) {
    ToGrey(samples.data(), channels, 0, 2, pixels.size(), pixels.data());
  } else {
    ToGrey(reinterpret_cast<const std::uint8_t*>(samples.data()), channels, 0, 2, pixels.size(), pixels.data());
  }
  return pixels;
}

}  // namespace

bool IsPng(std::string_view bytes) { return bytes.starts_with(kPngSignature); }

ImageFileInfo ReadPngInfo(std::string_view bytes) {
  spng_ihdr header{};
  OpenSpng(bytes, header);
  return {static_cast<int>(header.width), static_cast<int>(header.height), header.bit_depth == 16 ? 16 : 8};
}

Image<std::uint16_t> DecodePng(std::string_view bytes, int& bit_depth) {
  if (auto pixels = DecodeGrey(bytes, bit_depth)) return std::move(*pixels);
  return DecodeBySpng(bytes, bit_depth);
}

}  // namespace mirst
