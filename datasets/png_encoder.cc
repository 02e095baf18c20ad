#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/error.h"
#include "datasets/png_codec.h"
#include "datasets/run_length_deflate.h"

namespace mirst {
namespace {

// Measured (bench/png_bench.cc): beyond level 1 the files become at most 4 % smaller and cost half as much again and
// more; "Up" makes 8-bit sequences smaller than "Sub", and is undone by whole lines.
constexpr int kCompressionLevel = 1;

void AppendBigEndian(std::uint32_t value, std::string& bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFFU);
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

libdeflate_compressor* ThreadCompressor() {
  thread_local const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(kCompressionLevel));
  if (!compressor) throw InternalError("libdeflate has no memory");
  return compressor.get();
}

void AppendChunk(std::string_view name, std::string_view data, std::string& png) {
  AppendBigEndian(static_cast<std::uint32_t>(data.size()), png);
  const std::size_t begin = png.size();
  png.append(name).append(data);
  AppendBigEndian(libdeflate_crc32(0, png.data() + begin, png.size() - begin), png);
}

// The lines of a picture, each with its filter type before it; not yet set.
struct FilteredLines {
  FilteredLines(int height, std::size_t line_bytes)
      : size(static_cast<std::size_t>(height) * (line_bytes + 1)),
        bytes(std::make_unique_for_overwrite<std::uint8_t[]>(size)) {}
  std::size_t size;
  std::unique_ptr<std::uint8_t[]> bytes;
};

std::string Deflate(const FilteredLines& lines) {
  libdeflate_compressor* const compressor = ThreadCompressor();
  std::string stream(libdeflate_zlib_compress_bound(compressor, lines.size), '\0');
  stream.resize(libdeflate_zlib_compress(compressor, lines.bytes.get(), lines.size, stream.data(), stream.size()));
  if (stream.empty()) throw InternalError("encoding a PNG failed");
  return stream;
}

std::string PngOf(std::string_view stream, int height, int width, int channels, int bit_depth) {
  std::string header;
  AppendBigEndian(static_cast<std::uint32_t>(width), header);
  AppendBigEndian(static_cast<std::uint32_t>(height), header);
  header += {static_cast<char>(bit_depth), channels == 3 ? '\x02' : '\0', '\0', '\0', '\0'};
  std::string png(kPngSignature);
  png.reserve(stream.size() + 64);
  AppendChunk("IHDR", header, png);
  AppendChunk("IDAT", stream, png);
  AppendChunk("IEND", "", png);
  return png;
}

// Masks and the like: at most one sample in 64 is not 0.
template <class Sample>
bool IsNearlyEmpty(const Sample* samples, std::size_t count) {
  std::size_t filled = 0;
  for (std::size_t i = 0; i < count; ++i) filled += samples[i] != 0 ? 1U : 0U;
  return filled <= count / 64;
}

}  // namespace

std::string EncodePngSamples(const std::uint8_t* samples, int height, int width, int channels) {
  const std::size_t line_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  const bool nearly_empty = IsNearlyEmpty(samples, static_cast<std::size_t>(height) * line_bytes);
  const FilteredLines lines(height, line_bytes);
  std::uint8_t* out = lines.bytes.get();
  for (int y = 0; y < height; ++y, samples += line_bytes) {
    *out++ = nearly_empty ? kPngNone : kPngUp;
    if (nearly_empty || y == 0) {
      std::copy_n(samples, line_bytes, out);
    } else {
      const std::uint8_t* const above = samples - line_bytes;
      for (std::size_t i = 0; i < line_bytes; ++i) out[i] = static_cast<std::uint8_t>(samples[i] - above[i]);
    }
    out += line_bytes;
  }
  return PngOf(nearly_empty ? RunLengthDeflate(lines.bytes.get(), lines.size) : Deflate(lines), height, width, channels,
               8);
}

std::string EncodePngSamples(const std::uint16_t* samples, int height, int width) {
  const auto values = static_cast<std::size_t>(width);
  const bool nearly_empty = IsNearlyEmpty(samples, static_cast<std::size_t>(height) * values);
  const FilteredLines lines(height, 2 * values);
  const std::vector<std::uint16_t> zeros(values, 0);
  const std::uint16_t* above = zeros.data();
  std::uint8_t* out = lines.bytes.get();
  for (int y = 0; y < height; ++y, samples += values) {
    *out++ = nearly_empty ? kPngNone : kPngUp;
    for (std::size_t x = 0; x < values; ++x, out += 2) {
      out[0] = static_cast<std::uint8_t>((samples[x] >> 8) - (above[x] >> 8));
      out[1] = static_cast<std::uint8_t>(samples[x] - above[x]);
    }
    if (!nearly_empty) above = samples;
  }
  return PngOf(nearly_empty ? RunLengthDeflate(lines.bytes.get(), lines.size) : Deflate(lines), height, width, 1, 16);
}

}  // namespace mirst
