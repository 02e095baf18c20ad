#include "metrics/components.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace mirst {
namespace {

/// Union-find on provisional labels; the root is always the smallest, so roots keep raster order.
class LabelSets {
 public:
  std::int32_t Add() {
    parents_.push_back(static_cast<std::int32_t>(parents_.size()));
    return parents_.back();
  }
  std::int32_t Root(std::int32_t label) {
    while (Parent(label) != label) {
      Parent(label) = Parent(Parent(label));
      label = Parent(label);
    }
    return label;
  }
  void Join(std::int32_t a, std::int32_t b) {
    a = Root(a);
    b = Root(b);
    Parent(std::max(a, b)) = std::min(a, b);
  }
  std::size_t size() const { return parents_.size(); }

 private:
  std::int32_t& Parent(std::int32_t label) { return parents_[static_cast<std::size_t>(label)]; }
  std::vector<std::int32_t> parents_ = {0};  // label 0 is the outside
};

/// Calls visit(x) for the pixels of row y above 127, in rising order; targets are rare, so eight empty ones go at once.
template <class Visit>
void ForInside(const Mask& mask, int y, const Visit& visit) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kAbove127 = 0x8080808080808080U;
  const std::uint8_t* const row = mask.row(y);
  const int width = mask.width();
  int x = 0;
  for (; x + 8 <= width; x += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, row + x, sizeof(word));
    for (word &= kAbove127; word != 0; word &= word - 1) visit(x + std::countr_zero(word) / 8);
  }
  for (; x < width; ++x) {
    if (row[x] > 127) visit(x);
  }
}

}  // namespace

Labelling LabelComponents(const Mask& mask) {
  const int height = mask.height(), width = mask.width();
  Labelling result;
  result.labels = Image<std::int32_t>(height, width);
  Image<std::int32_t>& labels = result.labels;
  LabelSets sets;
  for (int y = 0; y < height; ++y) {
    ForInside(mask, y, [&](int x) {
      std::int32_t label = 0;
      const auto touch = [&](int row, int column) {
        if (row < 0 || column < 0 || column >= width || labels(row, column) == 0) return;
        if (label == 0) {
          label = labels(row, column);
        } else {
          sets.Join(label, labels(row, column));
        }
      };
      touch(y, x - 1);
      touch(y - 1, x - 1);
      touch(y - 1, x);
      touch(y - 1, x + 1);
      labels(y, x) = label != 0 ? label : sets.Add();
    });
  }

  std::vector<std::int32_t> final_label(sets.size(), 0);
  std::vector<std::pair<std::int64_t, std::int64_t>> sums;  // of x and y, exact
  for (int y = 0; y < height; ++y) {
    ForInside(mask, y, [&](int x) {
      std::int32_t& label = final_label[static_cast<std::size_t>(sets.Root(labels(y, x)))];
      if (label == 0) {
        result.components.emplace_back();
        sums.emplace_back(0, 0);
        label = static_cast<std::int32_t>(result.components.size());
      }
      labels(y, x) = label;
      const std::size_t index = static_cast<std::size_t>(label) - 1;
      Component& component = result.components[index];
      ++component.area_px;
      component.box = Enclose(component.box, {x, y, 1, 1});
      sums[index].first += x;
      sums[index].second += y;
    });
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double area = static_cast<double>(result.components[i].area_px);
    result.components[i].centroid = {static_cast<double>(sums[i].first) / area,
                                     static_cast<double>(sums[i].second) / area};
  }
  return result;
}

}  // namespace mirst
