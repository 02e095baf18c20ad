// PNG files put together by hand from the specification, to meet the readers with kinds that no encoder here writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mirst::test {

inline std::uint32_t Crc32(std::string_view bytes) {  // PNG specification, annex D, bit by bit
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? 0xEDB88320U ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

inline std::string BigEndian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xFFU);
  return bytes;
}

inline std::string Chunk(const std::string& type, const std::string& data) {
  return BigEndian(static_cast<std::uint32_t>(data.size())) + type + data + BigEndian(Crc32(type + data));
}

// A PNG whose scan lines (each with its filter byte) are kept in one stored deflate block; `interlace` 1 = Adam7.
inline std::string StoredPng(std::uint32_t width, std::uint32_t height, char bit_depth, char colour_type,
                             const std::string& scan_lines, char interlace = 0) {
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const char c : scan_lines) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  const auto length = static_cast<std::uint32_t>(scan_lines.size());
  std::string stream("\x78\x01\x01", 3);
  for (const std::uint32_t field : {length, ~length}) {
    stream += static_cast<char>(field & 0xFFU);
    stream += static_cast<char>((field >> 8) & 0xFFU);
  }
  stream += scan_lines + BigEndian((b << 16) | a);
  return std::string("\x89PNG\r\n\x1a\n", 8) +
         Chunk("IHDR",
               BigEndian(width) + BigEndian(height) + bit_depth + colour_type + std::string(2, '\0') + interlace) +
         Chunk("IDAT", stream) + Chunk("IEND", "");
}

}  // namespace mirst::test
