// The middle of many values.
#pragma once

#include <algorithm>
#include <vector>

namespace mirst {

/// The middle one; of an even number the larger of the two in the middle, so that it is always one of them. Reorders
/// `values`, which must not be empty.
template <class T>
T UpperMedian(std::vector<T>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace mirst
