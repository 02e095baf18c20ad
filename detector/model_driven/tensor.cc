#include "detector/model_driven/tensor.h"

#include <algorithm>
#include <cmath>

namespace mirst {

double FrobeniusNorm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

std::size_t CountPositive(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [](double value) { return value > 0; }));
}

}  // namespace mirst
