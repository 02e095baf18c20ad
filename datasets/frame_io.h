// Image files: PNG (8 and 16 bit, deterministic bytes; png_codec.h) and, for reading, PGM, TIFF, BMP and JPEG (the last
// three by OpenCV). Grey values come through unchanged; RGB and RGBA become grey. No scaling, ever.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/frame.h"
#include "core/image.h"

namespace mirst {

/// What a file's header promises, without decoding the pixels.
struct ImageFileInfo {
  int width = 0;
  int height = 0;
  int bit_depth = 8;  ///< 8 or 16
};

/// True for the extensions that ReadImage takes (.png .tif .tiff .pgm .bmp .jpg .jpeg), upper or lower case.
bool IsImageFile(const std::filesystem::path& path);

/// Reads the header alone (PNG; other formats are decoded). Throws kBadInput as ReadImage.
ImageFileInfo ReadImageInfo(const std::filesystem::path& path);

/// Pixels as grey counts, shape (height, width). 8- and 16-bit files; colour becomes grey by
/// round(0.299 R + 0.587 G + 0.114 B), exactly the common value where the channels are equal; alpha is dropped.
/// `bit_depth`, when given, receives 8 or 16. Throws kBadInput naming the file: missing, truncated, corrupt (PNG: every
/// CRC is checked), larger than 16384 x 16384, of a depth other than 8 or 16. Grey of 1, 2 or 4 bits is widened to 8:
/// its largest value becomes 255.
Image<std::uint16_t> ReadImage(const std::filesystem::path& path, int* bit_depth = nullptr);

/// ReadImage as a Frame of counts named after the file; index and time are left 0.
Frame ReadFrame(const std::filesystem::path& path);

/// An 8-bit mask, any value > 127 becomes 255, all else 0. Throws kBadInput as ReadImage, and for 16-bit files.
Mask ReadMask(const std::filesystem::path& path);

/// A colour of a picture for people; nothing is ever measured on it.
struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

/// PNG bytes, grey, `bit_depth` 8 or 16; equal pixels give equal bytes. Throws kInternal when a value exceeds the
/// depth.
std::string EncodePng(ImageView<const std::uint16_t> pixels, int bit_depth);
std::string EncodePng(ImageView<const std::uint8_t> pixels);
/// The same in colour, 8 bits a channel.
std::string EncodePng(const Image<Rgb>& pixels);

/// Counts (whole numbers within the depth, else kInternal) as uint16.
Image<std::uint16_t> CountsOf(const Frame& frame);

/// SHA-256 over "HxW:u8:" or "HxW:u16:" (decimal height, width) and the row-major little-endian pixels: the hash of the
/// decoded content that dataset_id is built from (docs/formats.md).
std::string PixelHash(ImageView<const std::uint16_t> pixels, int bit_depth);
std::string PixelHash(ImageView<const std::uint8_t> pixels);

}  // namespace mirst
