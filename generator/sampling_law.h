// What values a data set's targets are drawn from: size, SCR, speed. A law is given in YAML as [low, high],
// {uniform: [low, high]}, {log_uniform: [low, high]}, {normal: {mean, sigma, min, max}},
// {log_normal: {median, sigma, min, max}}, {histogram: {edges, weights}}, {list: [...]} or {as_in: STATS.json}. Values
// come from its quantile function, so that Latin hypercubes and quotas can be laid over any of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"

namespace mirst {

/// The quantities that have laws, as `as_in` looks them up in the statistics of another set (which hold no contrast).
enum class SampledQuantity { kAreaPx, kScr, kSpeedPxPerFrame, kContrastCounts };

class SamplingLaw {
 public:
  enum class Kind { kInterval, kUniform, kLogUniform, kNormal, kLogNormal, kHistogram, kList, kPercentiles };

  /// A plain interval: what lies between is the law of the option that holds it (As).
  SamplingLaw(double low, double high) : low_(low), high_(high) {}
  static SamplingLaw Uniform(double low, double high) { return SamplingLaw(low, high).As(Kind::kUniform); }
  static SamplingLaw LogUniform(double low, double high) { return SamplingLaw(low, high).As(Kind::kLogUniform); }
  /// Truncated to [low, high], which must hold some of it.
  static SamplingLaw Normal(double mean, double sigma, double low, double high);
  /// `sigma` is the standard deviation of the natural logarithm.
  static SamplingLaw LogNormal(double median, double sigma, double low, double high);
  /// Uniform within each of the bins; `edges` rise, one more than weights, which need not add up to 1.
  static SamplingLaw Histogram(std::vector<double> edges, std::vector<double> weights);
  /// Each value equally often.
  static SamplingLaw List(std::vector<double> values);
  /// The share `shares[i]` of the values lies below values[i], linear in between; both rise, shares from 0 to 1.
  static SamplingLaw Percentiles(std::vector<double> shares, std::vector<double> values);

  Kind kind() const { return kind_; }
  double low() const { return low_; }    ///< least value
  double high() const { return high_; }  ///< largest value
  /// A plain interval read as uniform or log-uniform; every other law stays what it is.
  SamplingLaw As(Kind kind) const;

  /// The value below which the share u of all values lies, 0 <= u < 1.
  double Quantile(double u) const;
  /// The inverse: the share of the values that lie below `value`, to 2^-50.
  double ShareBelow(double value) const;

  /// As it stands in YAML; parses back to the same law.
  std::string ToJson() const;
  /// Adds every fault of `json` to `faults`; values must lie in `allowed`. With faults the result is of no use.
  static SamplingLaw Parse(std::string_view json, SampledQuantity quantity, Range allowed,
                           std::vector<std::string>& faults);

  friend bool operator==(const SamplingLaw&, const SamplingLaw&) = default;

 private:
  Kind kind_ = Kind::kInterval;
  double low_ = 0, high_ = 0;
  double centre_ = 0, sigma_ = 0;  // of normal and log-normal
  std::vector<double> values_;     // edges, list, or values at shares_
  std::vector<double> shares_;     // weights of the bins, or cumulative
};

/// JSON Schema of an option that is a law of values within `allowed`.
std::string LawSchema(Range allowed);

/// An option that is a law.
void VisitLaw(OptionsVisitor& visitor, std::string_view name, SamplingLaw& law, SampledQuantity quantity, Range allowed,
              std::string_view description);

}  // namespace mirst
