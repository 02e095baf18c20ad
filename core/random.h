// Counter-based random numbers: every number is a function of a key, so it does not depend on threads, order, shards
// or restarts. Philox4x32-10 (Salmon et al., SC 2011; implementation: Random123). The distributions use additions,
// multiplications, divisions and square roots only, so that every machine draws the same values.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace mirst {

/// What a stream of numbers is for; each use has its own, so that adding one never shifts another.
enum class Purpose : std::uint16_t {
  kScenario = 1,
  kPlacement = 2,
  kProceduralScene = 3,
  kFixedPatternNoise = 4,
  kTemporalNoise = 5,
  kSplit = 6,
  kTest = 7,
  kTrainingOrder = 8,
  kAugmentation = 9,
  kInitialWeights = 10,
  kChanceTruth = 20,
  kBootstrap = 21,
};

/// Names one stream. Seed 0 is a seed like any other.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t sequence = 0;
  std::uint32_t frame = 0;
  std::uint16_t object = 0;
  Purpose purpose = Purpose::kTest;
  friend bool operator==(const RandomKey&, const RandomKey&) = default;

  RandomKey WithSequence(std::uint32_t value) const;
  RandomKey WithFrame(std::uint32_t value) const;
  RandomKey WithObject(std::uint16_t value) const;
  RandomKey For(Purpose value) const;
};

/// The numbers of one key, in order; 2^34 of them.
class RandomStream {
 public:
  explicit RandomStream(const RandomKey& key) : key_(key) {}

  std::uint32_t Next();
  /// In [0, 1), 53 bits (takes two numbers).
  double Uniform();
  /// In [low, high).
  double Uniform(double low, double high);
  /// In [0, count), without modulo bias; count >= 1.
  std::uint32_t Integer(std::uint32_t count);
  /// Mean 0, variance 1, by inversion (Wichura, AS 241; relative error 1e-15).
  double Normal();
  /// Mean >= 0: products of uniforms below 10 (Knuth), transformed rejection above (Hoermann 1993, PTRS).
  std::int64_t Poisson(double mean);
  /// Takes the place of `values` by a random order of them (Fisher-Yates).
  template <class Container>
  void Shuffle(Container& values) {
    for (std::uint32_t i = static_cast<std::uint32_t>(values.size()); i > 1; --i)
      std::swap(values[i - 1], values[Integer(i)]);
  }

 private:
  RandomKey key_;
  std::uint32_t block_ = 0;
  int used_ = 4;
  std::array<std::uint32_t, 4> words_{};
};

/// The standard normal quantile for p in (0, 1); throws kInternal outside.
double NormalQuantile(double p);

}  // namespace mirst
