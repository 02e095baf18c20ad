#include "datasets/run_length_deflate.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace mirst {
namespace {

constexpr std::size_t kLeastRun = 3, kMostRun = 258;

// Bits from the least significant one on.
class BitWriter {
 public:
  explicit BitWriter(std::string& bytes) : bytes_(bytes) {}
  void Put(std::uint32_t bits, int count) {
    pending_ |= static_cast<std::uint64_t>(bits) << filled_;
    for (filled_ += count; filled_ >= 8; filled_ -= 8, pending_ >>= 8) bytes_ += static_cast<char>(pending_ & 0xFFU);
  }
  void Flush() {
    if (filled_ > 0) Put(0, 8 - filled_);
  }

 private:
  std::string& bytes_;
  std::uint64_t pending_ = 0;
  int filled_ = 0;
};

struct Code {
  std::uint32_t bits = 0;
  int count = 0;
};

// The fixed code of a symbol (RFC 1951, 3.2.6), its first bit lowest.
constexpr Code FixedCode(std::uint32_t symbol) {
  Code code;
  if (symbol < 144) {
    code = {0x30 + symbol, 8};
  } else if (symbol < 256) {
    code = {0x190 + symbol - 144, 9};
  } else if (symbol < 280) {
    code = {symbol - 256, 7};
  } else {
    code = {0xC0 + symbol - 280, 8};
  }
  std::uint32_t turned = 0;
  for (int i = 0; i < code.count; ++i) turned |= (code.bits >> i & 1U) << (code.count - 1 - i);
  return {turned, code.count};
}

constexpr std::array<Code, 256> kLiterals = [] {
  std::array<Code, 256> codes{};
  for (std::uint32_t value = 0; value < 256; ++value) codes[value] = FixedCode(value);
  return codes;
}();

// Codes of "length again from one byte back" with the length's extra bits and the distance's five zeros (3.2.5).
constexpr std::array<Code, kMostRun + 1> kRuns = [] {
  std::array<Code, kMostRun + 1> codes{};
  std::uint32_t symbol = 257;
  for (std::uint32_t length = 3; length < 258; ++symbol) {
    const int extra = symbol < 265 ? 0 : static_cast<int>((symbol - 261) / 4);
    const Code code = FixedCode(symbol);
    for (std::uint32_t more = 0; more < 1U << extra && length < 258; ++more, ++length)
      codes[length] = {code.bits | more << code.count, code.count + extra + 5};
  }
  const Code whole = FixedCode(285);
  codes[258] = {whole.bits, whole.count + 5};
  return codes;
}();

// How many bytes from `first` on are `value`.
std::size_t RunOf(std::uint8_t value, const std::uint8_t* first, const std::uint8_t* end) {
  const std::uint64_t eight = 0x0101010101010101ULL * value;
  const std::uint8_t* at = first;
  for (std::uint64_t next = 0; end - at >= 8; at += 8) {
    std::memcpy(&next, at, 8);
    if (next != eight) break;
  }
  while (at != end && *at == value) ++at;
  return static_cast<std::size_t>(at - first);
}

}  // namespace

std::string RunLengthDeflate(const std::uint8_t* bytes, std::size_t size) {
  std::string stream("\x78\x01", 2);
  BitWriter out(stream);
  out.Put(0b011, 3);  // the last block, of fixed codes
  const std::uint8_t* const end = bytes + size;
  for (const std::uint8_t* at = bytes; at != end;) {
    const std::uint8_t value = *at++;
    const Code& literal = kLiterals[value];
    out.Put(literal.bits, literal.count);
    std::size_t run = RunOf(value, at, end);
    at += run;
    while (run >= kLeastRun) {
      const std::size_t length = std::min(run, kMostRun);
      out.Put(kRuns[length].bits, kRuns[length].count);
      run -= length;
    }
    for (; run > 0; --run) out.Put(literal.bits, literal.count);
  }
  const Code last = FixedCode(256);
  out.Put(last.bits, last.count);
  out.Flush();
  const std::uint32_t sum = libdeflate_adler32(1, bytes, size);
  for (int shift = 24; shift >= 0; shift -= 8) stream += static_cast<char>(sum >> shift & 0xFFU);
  return stream;
}

}  // namespace mirst
