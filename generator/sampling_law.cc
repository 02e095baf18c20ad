#include "generator/sampling_law.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/random.h"

namespace mirst {
namespace {

double Mix(double u, double low, double high) { return low + u * (high - low); }

double NormalShareBelow(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// Of the standard normal between z_low and z_high; by the tail that keeps its digits.
double TruncatedNormalQuantile(double u, double z_low, double z_high) {
  if (z_low > 0) return -TruncatedNormalQuantile(1 - u, -z_high, -z_low);
  const double p = Mix(u, NormalShareBelow(z_low), NormalShareBelow(z_high));
  return p > 0 && p < 1 ? std::clamp(NormalQuantile(p), z_low, z_high) : p > 0 ? z_high : z_low;
}

}  // namespace

SamplingLaw SamplingLaw::Normal(double mean, double sigma, double low, double high) {
  SamplingLaw law(low, high);
  law.kind_ = Kind::kNormal;
  law.centre_ = mean;
  law.sigma_ = sigma;
  return law;
}

SamplingLaw SamplingLaw::LogNormal(double median, double sigma, double low, double high) {
  SamplingLaw law = Normal(median, sigma, low, high);
  law.kind_ = Kind::kLogNormal;
  return law;
}

SamplingLaw SamplingLaw::Histogram(std::vector<double> edges, std::vector<double> weights) {
  SamplingLaw law(edges.front(), edges.back());
  law.kind_ = Kind::kHistogram;
  law.values_ = std::move(edges);
  law.shares_ = std::move(weights);
  return law;
}

SamplingLaw SamplingLaw::List(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  SamplingLaw law(values.front(), values.back());
  law.kind_ = Kind::kList;
  law.values_ = std::move(values);
  return law;
}

SamplingLaw SamplingLaw::Percentiles(std::vector<double> shares, std::vector<double> values) {
  SamplingLaw law(values.front(), values.back());
  law.kind_ = Kind::kPercentiles;
  law.values_ = std::move(values);
  law.shares_ = std::move(shares);
  return law;
}

SamplingLaw SamplingLaw::As(Kind kind) const {
  SamplingLaw law = *this;
  if (kind_ == Kind::kInterval) law.kind_ = kind;
  return law;
}

double SamplingLaw::Quantile(double u) const {
  switch (kind_) {
    case Kind::kInterval:
    case Kind::kUniform:
      return Mix(u, low_, high_);
    case Kind::kLogUniform:
      return std::exp(Mix(u, std::log(low_), std::log(high_)));
    case Kind::kNormal:
      return centre_ + sigma_ * TruncatedNormalQuantile(u, (low_ - centre_) / sigma_, (high_ - centre_) / sigma_);
    case Kind::kLogNormal:
      return centre_ * std::exp(sigma_ * TruncatedNormalQuantile(u, std::log(low_ / centre_) / sigma_,
                                                                 std::log(high_ / centre_) / sigma_));
    case Kind::kHistogram: {
      double left = u * std::accumulate(shares_.begin(), shares_.end(), 0.0);
      std::size_t bin = 0, last = shares_.size() - 1;
      while (shares_[last] <= 0) --last;
      for (; bin < last && left >= shares_[bin]; ++bin) left -= shares_[bin];
      return Mix(std::min(1.0, left / shares_[bin]), values_[bin], values_[bin + 1]);
    }
    case Kind::kList:
      return values_[std::min(values_.size() - 1, static_cast<std::size_t>(u * static_cast<double>(values_.size())))];
    case Kind::kPercentiles:
      break;
  }
  std::size_t i = 1;
  while (i + 1 < shares_.size() && u >= shares_[i]) ++i;
  return Mix((u - shares_[i - 1]) / (shares_[i] - shares_[i - 1]), values_[i - 1], values_[i]);
}

double SamplingLaw::ShareBelow(double value) const {
  if (value <= low_) return 0;
  if (value > high_) return 1;
  double below = 0, above = 1;
  for (int step = 0; step < 50; ++step) {
    const double middle = 0.5 * (below + above);
    (Quantile(middle) < value ? below : above) = middle;
  }
  return above;
}

void VisitLaw(OptionsVisitor& visitor, std::string_view name, SamplingLaw& law, SampledQuantity quantity, Range allowed,
              std::string_view description) {
  const auto read = [&](std::string_view json) {
    std::vector<std::string> faults;
    SamplingLaw parsed = SamplingLaw::Parse(json, quantity, allowed, faults);
    if (faults.empty()) law = std::move(parsed);
    return faults;
  };
  visitor.Structure(name, law.ToJson(), read, LawSchema(allowed), description);
}

}  // namespace mirst
