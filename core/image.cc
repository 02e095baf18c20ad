#include "core/image.h"

#include <bit>
#include <cstring>

namespace mirst {

namespace {

// Eight pixels at once, without a branch among them.
bool HoldsAny(const std::uint8_t* row, int width) {
  std::uint64_t any = 0;
  int x = 0;
  for (; x + static_cast<int>(sizeof(any)) <= width; x += static_cast<int>(sizeof(any))) {
    std::uint64_t word = 0;
    std::memcpy(&word, row + x, sizeof(word));
    any |= word;
  }
  for (; x < width; ++x) any |= row[x];
  return (any & 0x8080808080808080U) != 0;
}

}  // namespace

PixelBox BoundingBox(const Mask& mask) {
  PixelBox box;
  for (int y = 0; y < mask.height(); ++y) {
    if (!HoldsAny(mask.row(y), mask.width())) continue;  // targets are rare
    for (int x = 0; x < mask.width(); ++x) {
      if (mask(y, x) > 127) box = Enclose(box, {x, y, 1, 1});
    }
  }
  return box;
}

std::int64_t CountPixels(const Mask& mask) {
  // Targets are rare: eight empty pixels go at once.
  std::int64_t count = 0;
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= mask.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, mask.data() + i, sizeof(word));
    word &= 0x8080808080808080U;
    if (word != 0) count += std::popcount(word);
  }
  for (; i < mask.size(); ++i) count += mask.data()[i] > 127 ? 1 : 0;
  return count;
}

Mask PixelsOf(const Mask& mask, const Image<std::uint16_t>* instance, int id) {
  Mask own = mask;
  if (instance == nullptr) return own;
  std::transform(
      mask.begin(), mask.end(), instance->begin(), own.begin(),
      [id](std::uint8_t inside, std::uint16_t owner) -> std::uint8_t { return inside > 127 && owner == id ? 255 : 0; });
  return own;
}

}  // namespace mirst
