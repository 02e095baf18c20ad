#include "core/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Philox4x32-10 written again from Salmon et al., SC 2011: the second method.
Words Philox(Words counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = 0xD2511F53ull * counter[0], b = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

RandomStream TestStream(std::uint64_t seed) { return RandomStream({.seed = seed, .purpose = Purpose::kTest}); }

double UpperTail(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

// A chi-square value with k degrees of freedom has mean k and variance 2k; mean + 6 sigma + 10 is passed with a
// probability below 1e-6 at every k >= 1.
double ChiSquareLimit(std::size_t degrees) {
  const auto k = static_cast<double>(degrees);
  return k + 6 * std::sqrt(2 * k) + 10;
}

TEST(Philox, SecondImplementationGivesThePublishedKnownAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox({kOnes, kOnes, kOnes, kOnes}, kOnes, kOnes),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, TheKeyOfZerosGivesThePublishedKnownAnswer) {
  RandomStream stream({.seed = 0, .sequence = 0, .frame = 0, .object = 0, .purpose = static_cast<Purpose>(0)});
  for (const std::uint32_t expected : {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u})
    EXPECT_EQ(stream.Next(), expected);
}

TEST(RandomStream, EveryFieldOfTheKeyHasItsOwnBitsOfCounterAndKey) {
  const RandomKey key = {.seed = 0x0123456789abcdef,
                         .sequence = 0xdeadbeef,
                         .frame = 0x10203040,
                         .object = 0xa1b2,
                         .purpose = Purpose::kTemporalNoise};
  RandomStream stream(key);
  for (std::uint32_t block = 0; block < 1000; ++block) {
    for (const std::uint32_t expected : Philox({block, 0x10203040, 0xdeadbeef, 0xa1b20005}, 0x89abcdef, 0x01234567)) {
      ASSERT_EQ(stream.Next(), expected) << "block " << block;
    }
  }
}

TEST(RandomKey, WithAndForChangeOneField) {
  const RandomKey key = {.seed = 5, .sequence = 6, .frame = 7, .object = 8, .purpose = Purpose::kSplit};
  EXPECT_EQ(key.WithSequence(1), (RandomKey{5, 1, 7, 8, Purpose::kSplit}));
  EXPECT_EQ(key.WithFrame(1), (RandomKey{5, 6, 1, 8, Purpose::kSplit}));
  EXPECT_EQ(key.WithObject(1), (RandomKey{5, 6, 7, 1, Purpose::kSplit}));
  EXPECT_EQ(key.For(Purpose::kPlacement), (RandomKey{5, 6, 7, 8, Purpose::kPlacement}));
}

// Data sets are promised to be the same under every later version, so the first values are pinned, bit for bit. They
// follow from the known answers above: (h >> 5, l >> 6) for the uniform, (h >> 6, l >> 6) for the normal.
TEST(RandomStream, FirstValuesNeverChange) {
  RandomStream uniform = TestStream(1), normal = TestStream(1), few = TestStream(1), many = TestStream(1),
               die = TestStream(1);
  for (const double expected : {0x1.4322efbfb9b9cp-3, 0x1.ecfa9db493c5ep-1, 0x1.7f977ee54c6efp-1, 0x1.12b8176d91bdp-4})
    EXPECT_EQ(uniform.Uniform(), expected);
  for (const double expected :
       {-0x1.00ed15ac15d2dp+0, 0x1.c8e5c63974f26p+0, 0x1.580e22c9baebdp-1, -0x1.7f7b2dc9cc7eep+0})
    EXPECT_EQ(normal.Normal(), expected);
  for (const std::int64_t expected : {3, 8, 3, 3, 6, 1, 2, 4}) EXPECT_EQ(few.Poisson(3.5), expected);
  for (const std::int64_t expected : {964, 1088, 1023, 994, 1020, 976, 1014, 972})
    EXPECT_EQ(many.Poisson(1000), expected);
  for (const std::uint32_t expected : {0u, 4u, 5u, 4u, 4u, 3u, 0u, 4u}) EXPECT_EQ(die.Integer(6), expected);
}

TEST(RandomStream, UniformHasTheMomentsOfTheUnitInterval) {
  constexpr int kCount = 1'000'000;
  RandomStream stream = TestStream(2);
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = stream.Uniform();
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += u - 0.5;
    squares += (u - 0.5) * (u - 0.5);
  }
  // Var u = 1/12; Var (u - 1/2)^2 = 1/80 - 1/144 = 1/180. Five standard errors.
  EXPECT_NEAR(sum / kCount, 0, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / kCount));
}

TEST(RandomStream, UniformNeverReachesTheUpperBound) {
  const double next = std::nextafter(1.0, 2.0);  // half of all sums would round up to it
  RandomStream stream = TestStream(3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(stream.Uniform(1.0, next), 1.0);
}

TEST(RandomStream, NormalHasTheMomentsOfTheStandardNormal) {
  constexpr int kCount = 1'000'000;
  RandomStream stream = TestStream(4);
  std::array<double, 5> moment{};
  for (int i = 0; i < kCount; ++i) {
    const double z = stream.Normal();
    for (std::size_t k = 1; k <= 4; ++k) moment[k] += std::pow(z, static_cast<double>(k)) / kCount;
  }
  // Var z^k = (2k - 1)!! - ((k - 1)!!)^2 [k even]: 1, 2, 15, 96. Five standard errors.
  EXPECT_NEAR(moment[1], 0, 5 * std::sqrt(1.0 / kCount));
  EXPECT_NEAR(moment[2], 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(moment[3], 0, 5 * std::sqrt(15.0 / kCount));
  EXPECT_NEAR(moment[4], 3, 5 * std::sqrt(96.0 / kCount));
}

TEST(NormalQuantile, InvertsTheDistributionFunction) {
  // A relative error e of x moves p by a share of at most e |x| phi(x) / p < e (1 + x^2). Quantile, square root and the
  // argument of erfc err by some 1e-15 in all, erfc itself by as little.
  for (double p = 1e-300; p < 0.5; p *= 1.37) {
    const double x = NormalQuantile(p);
    EXPECT_NEAR(UpperTail(-x) / p, 1, 2e-15 * (1 + x * x)) << "p = " << p;
  }
  for (int i = 1; i < 1000; ++i) {
    const double x = NormalQuantile(i * 0.001);
    EXPECT_NEAR(UpperTail(-x), i * 0.001, 1e-15) << "p = " << i * 0.001;
  }
}

TEST(NormalQuantile, IsOddAboutOneHalf) {
  EXPECT_EQ(NormalQuantile(0.5), 0);
  for (int i = 1; i < 512; ++i) EXPECT_EQ(NormalQuantile(i / 1024.0), -NormalQuantile(1 - i / 1024.0));
}

TEST(NormalQuantile, TakesTheExtremeDrawsAndRefusesTheEnds) {
  EXPECT_LT(NormalQuantile(0x1p-53), -8);
  EXPECT_GT(NormalQuantile(1 - 0x1p-53), 8);
  for (const double p : {0.0, 1.0, -0.1, 1.1, std::nan("")}) EXPECT_THROW(NormalQuantile(p), Error) << p;
}

class PoissonOfMean : public testing::TestWithParam<double> {};

TEST_P(PoissonOfMean, FollowsTheMassFunction) {
  constexpr int kCount = 200'000;
  const double mean = GetParam();
  RandomStream stream = TestStream(5);
  std::map<std::int64_t, int> seen;
  for (int i = 0; i < kCount; ++i) ++seen[stream.Poisson(mean)];
  ASSERT_GE(seen.begin()->first, 0);

  double chi_square = 0, expected = 0, observed = 0, expected_so_far = 0;
  std::size_t bins = 0;
  const auto close_bin = [&] {
    chi_square += (observed - expected) * (observed - expected) / expected;
    ++bins;
    expected = observed = 0;
  };
  // Bins of at least 20 expected draws (10 sigma hold all of them); what is left joins the last one.
  const auto last = static_cast<std::int64_t>(mean + 10 * std::sqrt(mean) + 10);
  for (std::int64_t k = 0; k <= last; ++k) {
    const auto x = static_cast<double>(k);
    const double mass = kCount * std::exp(x * std::log(mean) - mean - std::lgamma(x + 1));
    expected += mass;
    expected_so_far += mass;
    if (const auto it = seen.find(k); it != seen.end()) {
      observed += it->second;
      seen.erase(it);
    }
    if (expected >= 20 && kCount - expected_so_far >= 20) close_bin();
  }
  EXPECT_TRUE(seen.empty()) << "a draw more than 10 sigma above the mean: " << seen.begin()->first;
  close_bin();
  EXPECT_LT(chi_square, ChiSquareLimit(bins - 1)) << bins << " bins";
}

// 10 is where the method changes.
INSTANTIATE_TEST_SUITE_P(SmallAndLarge, PoissonOfMean,
                         testing::Values(0.1, 1.0, 3.5, 9.999, 10.0, 12.5, 60.0, 1000.0, 2e5));

TEST(RandomStream, PoissonOfHugeMeanKeepsMeanAndVariance) {
  constexpr int kCount = 100'000;
  constexpr double kMean = 1e12;
  RandomStream stream = TestStream(6);
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double z = (static_cast<double>(stream.Poisson(kMean)) - kMean) / std::sqrt(kMean);
    sum += z;
    squares += z * z;
  }
  EXPECT_NEAR(sum / kCount, 0, 5 * std::sqrt(1.0 / kCount));
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0 / kCount));
}

TEST(RandomStream, PoissonOfZeroIsZeroAndImpossibleMeansAreRefused) {
  RandomStream stream = TestStream(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(stream.Poisson(0), 0);
  for (const double mean : {-1.0, 2e15, std::nan("")}) EXPECT_THROW(stream.Poisson(mean), Error) << mean;
}

TEST(RandomStream, IntegerIsUnbiasedWhereAModuloWouldDoubleAThird) {
  constexpr int kCount = 300'000;
  RandomStream stream = TestStream(8);
  std::array<double, 3> seen{};
  for (int i = 0; i < kCount; ++i) ++seen.at(stream.Integer(3u << 30) >> 30);
  double chi_square = 0;
  for (const double count : seen) chi_square += (count - kCount / 3.0) * (count - kCount / 3.0) / (kCount / 3.0);
  EXPECT_LT(chi_square, ChiSquareLimit(2));
}

TEST(RandomStream, IntegerReachesEveryValueBelowItsCountAndNoOther) {
  RandomStream stream = TestStream(9);
  std::vector<int> seen(7);
  for (int i = 0; i < 1000; ++i) ++seen.at(stream.Integer(7));
  for (const int count : seen) EXPECT_GT(count, 0);
  EXPECT_EQ(stream.Integer(1), 0u);
  EXPECT_THROW(stream.Integer(0), Error);
}

TEST(RandomStream, ShuffleGivesEveryOrderEquallyOften) {
  constexpr int kCount = 60'000;
  RandomStream stream = TestStream(10);
  std::map<std::array<int, 3>, double> seen;
  for (int i = 0; i < kCount; ++i) {
    std::array<int, 3> values = {1, 2, 3};
    stream.Shuffle(values);
    ++seen[values];
  }
  ASSERT_EQ(seen.size(), 6u);
  double chi_square = 0;
  for (const auto& [order, count] : seen)
    chi_square += (count - kCount / 6.0) * (count - kCount / 6.0) / (kCount / 6.0);
  EXPECT_LT(chi_square, ChiSquareLimit(5));
}

}  // namespace
}  // namespace mirst
