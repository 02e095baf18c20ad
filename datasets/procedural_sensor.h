// The camera of the procedural stand-in: fixed pattern, temporal noise, and counts, either raw (14 bit) or after an
// automatic gain control (8 bit) that is set once for the whole source, so that consecutive frames agree.
#pragma once

#include <vector>

#include "core/image.h"
#include "core/random.h"
#include "datasets/sequence_source.h"

namespace mirst {

class ThermalSensor {
 public:
  /// `references` are a source's pictures, kelvin, without noise: the gain control spans their 1st to 99th percentiles,
  /// the raw counts centre on their mean. All have shape (options.height, options.width).
  ThermalSensor(const ProceduralOptions& options, const RandomKey& key, const std::vector<Image<float>>& references);

  /// Whole counts: 4 ... 245 (8 bit) or 1 ... 16383 (14 bit). A function of picture and frame number alone.
  Image<float> Counts(const Image<float>& temperature_k, int frame) const;

  /// Gain around a count of 18 ... 231 (8 bit; the curve flattens beyond) or around any count (14 bit).
  double CountsPerKelvin(double count) const;

  /// Kelvin, the same in all frames.
  const Image<float>& fixed_pattern() const { return fixed_pattern_; }

 private:
  void MakeFixedPattern(const RandomKey& key);
  void SetGain(RandomStream& random, const std::vector<Image<float>>& references);
  /// What the gain control takes away before it stretches: a part of the local mean.
  Image<float> Veil(const Image<float>& temperature_k) const;

  ProceduralOptions options_;
  RandomKey key_;
  Image<float> fixed_pattern_;
  double mean_k_ = 0;
  double flattening_ = 0;    // share of the local mean that the gain control removes
  double low_k_ = 0;         // maps to count 18, after flattening
  double span_k_ = 0;        // from there to count 231
  double lift_ = 0;          // how strongly the curve bends: 0 is a straight line
  double counts_per_k_ = 0;  // of the straight line
};

}  // namespace mirst
