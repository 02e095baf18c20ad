#include "metrics/mask_convention.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "core/error.h"
#include "metrics/components.h"

namespace mirst {

std::string MaskConvention::Id() const {
  return fmt::format("{}:{:g}", kind == Kind::kCoverage ? "coverage" : "energy", share);
}

MaskConvention ParseMaskConvention(std::string_view id) {
  const std::size_t colon = id.find(':');
  const std::string_view name = id.substr(0, colon), number = colon < id.size() ? id.substr(colon + 1) : "";
  MaskConvention convention;
  convention.kind = name == "coverage" ? MaskConvention::Kind::kCoverage : MaskConvention::Kind::kEnergy;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), convention.share);
  const bool whole = fault == std::errc() && end == number.data() + number.size();
  if ((name != "coverage" && name != "energy") || !whole || !(convention.share > 0 && convention.share <= 1)) {
    throw UsageError(fmt::format("the mask convention '{}', allowed: coverage:T and energy:T with T in (0, 1]", id));
  }
  return convention;
}

Mask MaskOf(const Image<float>& coverage, const MaskConvention& convention) {
  Mask mask(coverage.height(), coverage.width());
  const auto share = static_cast<float>(convention.share);
  if (convention.kind == MaskConvention::Kind::kCoverage) {
    std::transform(coverage.begin(), coverage.end(), mask.begin(),
                   [&](float value) -> std::uint8_t { return value >= share ? 255 : 0; });
    return mask;
  }
  Mask covered(coverage.height(), coverage.width());
  std::transform(coverage.begin(), coverage.end(), covered.begin(),
                 [](float value) -> std::uint8_t { return value > 0 ? 255 : 0; });
  const Labelling patches = LabelComponents(covered);
  using Pixel = std::pair<float, std::size_t>;  // value, place
  std::vector<std::vector<Pixel>> members(patches.components.size());
  for (const PixelRun& run : patches.runs) {
    for (int x = run.first; x < run.end; ++x) {
      const float& value = coverage(run.y, x);
      members[run.component].emplace_back(value, static_cast<std::size_t>(&value - coverage.data()));
    }
  }
  for (std::vector<Pixel>& pixels : members) {  // in raster order each
    double total = 0;
    for (const auto& [value, place] : pixels) total += static_cast<double>(value);
    std::stable_sort(pixels.begin(), pixels.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    double held = 0;
    for (const auto& [value, place] : pixels) {
      if (held >= convention.share * total) break;
      mask.data()[place] = 255;
      held += static_cast<double>(value);
    }
  }
  return mask;
}

}  // namespace mirst
