// Masks drawn as text, for tests.
#pragma once

#include <string>
#include <vector>

#include "core/image.h"

namespace mirst::test {

/// '#' is inside, anything else outside; rows of equal length.
inline Mask MaskFrom(const std::vector<std::string>& rows) {
  Mask mask(static_cast<int>(rows.size()), static_cast<int>(rows.front().size()));
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      mask(y, x) = rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '#' ? 255 : 0;
    }
  }
  return mask;
}

}  // namespace mirst::test
