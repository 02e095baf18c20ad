#include "core/image.h"

#include <bit>
#include <cstring>

namespace mirst {

PixelBox BoundingBox(const Mask& mask) {
  PixelBox box;
  for (int y = 0; y < mask.height(); ++y) {
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
