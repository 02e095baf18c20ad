#include "datasets/annotations/rle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace mirst {

std::vector<std::uint32_t> EncodeRle(const Mask& mask) {
  std::vector<std::uint32_t> runs = {0};
  bool inside = false;
  for (int x = 0; x < mask.width(); ++x) {
    for (int y = 0; y < mask.height(); ++y) {
      if ((mask(y, x) > 127) != inside) {
        inside = !inside;
        runs.push_back(0);
      }
      ++runs.back();
    }
  }
  return runs;
}

Mask DecodeRle(const std::vector<std::uint32_t>& runs, int height, int width) {
  const std::uint64_t sum = std::accumulate(runs.begin(), runs.end(), std::uint64_t{0});
  Mask mask(height, width);
  if (sum != mask.size())
    throw BadInput(fmt::format("the runs of a mask hold {} pixels, expected {} x {}", sum, width, height));
  std::size_t place = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::uint32_t k = 0; k < runs[i]; ++k, ++place) {
      if (i % 2 == 1)
        mask(static_cast<int>(place % static_cast<std::size_t>(height)),
             static_cast<int>(place / static_cast<std::size_t>(height))) = 255;
    }
  }
  return mask;
}

std::vector<std::uint32_t> UnpackRle(std::string_view text) {
  std::vector<std::uint32_t> runs;
  for (std::size_t i = 0; i < text.size();) {
    std::int64_t value = 0;
    unsigned shift = 0;
    bool more = true;
    while (more) {
      if (i >= text.size() || shift > 30) throw BadInput("a packed mask ends within a number");
      const int digit = text[i++] - 48;
      if (digit < 0 || digit > 63) throw BadInput("a packed mask holds a character that is no digit of it");
      value |= static_cast<std::int64_t>(digit & 31) << shift;
      shift += 5;
      more = (digit & 32) != 0;
      if (!more && (digit & 16) != 0) value -= std::int64_t{1} << shift;
    }
    if (runs.size() > 2) value += runs[runs.size() - 2];
    if (value < 0 || value > 0xFFFFFFFFLL) throw BadInput("a packed mask holds a run of negative length");
    runs.push_back(static_cast<std::uint32_t>(value));
  }
  return runs;
}

void FillPolygon(const std::vector<double>& polygon, Mask& mask) {
  const std::size_t points = polygon.size() / 2;
  if (polygon.size() % 2 != 0 || points < 3) throw BadInput("a polygon has fewer than three points");
  for (int y = 0; y < mask.height(); ++y) {
    std::vector<double> crossings;
    const double row = y + 0.5;
    for (std::size_t i = 0; i < points; ++i) {
      const std::size_t j = (i + 1) % points;
      const double x0 = polygon[2 * i], y0 = polygon[2 * i + 1], x1 = polygon[2 * j], y1 = polygon[2 * j + 1];
      if ((y0 <= row) != (y1 <= row)) crossings.push_back(x0 + (row - y0) / (y1 - y0) * (x1 - x0));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const double low = std::max(0.0, std::ceil(crossings[i] - 0.5)),
                   high = std::min<double>(mask.width(), crossings[i + 1] - 0.5);
      for (int x = static_cast<int>(std::min<double>(low, mask.width())); x < high; ++x) mask(y, x) = 255;
    }
  }
}

}  // namespace mirst
