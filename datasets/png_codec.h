// PNG in memory. Grey of 8 and 16 bits, as sequences have it, is packed and unpacked by libdeflate; every other kind
// (and every file in which something is wrong) is read by libspng, which also says what is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/image.h"
#include "datasets/frame_io.h"

namespace mirst {

/// Grey from `channels` interleaved samples (1 grey, 2 grey and alpha, 3 or 4 colour); `red` and `blue` are the places
/// of those channels. Whole-number arithmetic: equal channels give exactly their value.
template <class Sample>
void ToGrey(const Sample* samples, int channels, int red, int blue, std::size_t pixels, std::uint16_t* grey) {
  for (std::size_t i = 0; i < pixels; ++i, samples += channels) {
    grey[i] = channels < 3 ? samples[0]
                           : static_cast<std::uint16_t>(
                                 (299U * samples[red] + 587U * samples[1] + 114U * samples[blue] + 500U) / 1000U);
  }
}

inline constexpr std::string_view kPngSignature("\x89PNG\r\n\x1a\n", 8);

/// How a line's bytes stand for its samples (PNG specification, section 9).
enum PngFilter : std::uint8_t { kPngNone, kPngSub, kPngUp, kPngAverage, kPngPaeth };

/// True where `bytes` begin with PNG's signature.
bool IsPng(std::string_view bytes);

/// The header alone. Throws kBadInput as DecodePng.
ImageFileInfo ReadPngInfo(std::string_view bytes);

/// Grey counts as ReadImage promises them; `bit_depth` receives 8 or 16. Throws kBadInput: truncated, corrupt (a wrong
/// CRC in any chunk included), larger than 16384 x 16384 px, or more pixels than the bytes can hold.
Image<std::uint16_t> DecodePng(std::string_view bytes, int& bit_depth);

/// One chunk IDAT; filter "Up" in all lines, or none where at most one sample in 64 is not 0 (masks: run lengths
/// alone). Equal samples give equal bytes on every processor and with any number of threads; another version of
/// libdeflate may give others (never other pixels). `samples` are contiguous, row by row; `channels` 1 = grey, 3 =
/// colour (8 bits alone).
std::string EncodePngSamples(const std::uint8_t* samples, int height, int width, int channels = 1);
std::string EncodePngSamples(const std::uint16_t* samples, int height, int width);

}  // namespace mirst
