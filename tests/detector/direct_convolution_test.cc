#include "detector/network/direct_convolution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "detector/network/direct_kernels.h"
#include "detector/network/fused_maps.h"

namespace mirst {
namespace {

using torch::Tensor;

Tensor Random(c10::IntArrayRef shape, torch::ScalarType type) { return torch::rand(shape, type) * 2 - 1; }

// Both sums have `terms` products of at most 1; each of the two orders rounds `terms` times, errors add at worst.
double Bound(torch::ScalarType type, std::int64_t terms) {
  const double epsilon = type == torch::kFloat ? 1.2e-7 : 2.3e-16;
  return 2 * epsilon * static_cast<double>(terms * terms);
}

double Difference(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(DirectConvolution, IsTheConvolutionForEveryKernelChannelCountAndWidth) {
  torch::manual_seed(1);
  for (const torch::ScalarType type : {torch::kFloat, torch::kDouble}) {
    for (const std::int64_t kernel : {1, 3, 5, 7, 9}) {
      for (const auto& [in, out] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {2, 2}, {3, 6}, {5, 15}, {4, 24}}) {
        for (const auto& [height, width] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {5, 16}, {9, 37}, {3, 213}}) {
          const DirectConvolution conv({Random({out, in, kernel, kernel}, type), Random({out}, type)});
          const std::vector<ConvInput> x{{Random({2, in, height, width}, type), {}}};
          EXPECT_LT(Difference(conv(x), conv.ByLibTorch(x)), Bound(type, in * kernel * kernel + 1))
              << in << " -> " << out << ", kernel " << kernel << ", " << width << " x " << height;
        }
      }
    }
  }
}

TEST(DirectConvolution, TakesPartsOfTensorsSumsAndEndsInOnePass) {
  torch::manual_seed(2);
  for (const torch::ScalarType type : {torch::kFloat, torch::kDouble}) {
    const Tensor maps = Random({2, 7, 20, 40}, type), other = Random({2, 2, 20, 40}, type);
    const std::vector<ConvInput> x{
        {maps.narrow(1, 1, 2), maps.narrow(1, 4, 2)}, {other, {}}, {maps.narrow(1, 0, 1), {}}};
    const DirectConvolution conv({Random({6, 5, 3, 3}, type), Random({6}, type)});
    const ConvEnd end{Random({2, 6, 20, 40}, type), true, Random({2, 9, 20, 40}, type).narrow(1, 2, 6)};
    EXPECT_LT(Difference(conv(x, end), conv.ByLibTorch(x, end)), Bound(type, 49));
    const DirectConvolution points({Random({6, 5, 1, 1}, type), Random({6}, type)});
    EXPECT_LT(Difference(points(x, end), points.ByLibTorch(x, end)), Bound(type, 9));
    const std::vector<ConvInput> columns{{maps.transpose(2, 3).narrow(1, 0, 5), {}}};
    EXPECT_LT(Difference(conv(columns), conv.ByLibTorch(columns)), Bound(type, 46));
  }
}

TEST(DirectConvolution, IsEqualBitByBitForEveryNumberOfThreads) {
  torch::manual_seed(3);
  const DirectConvolution conv({Random({12, 8, 3, 3}, torch::kFloat), Random({12}, torch::kFloat)});
  const std::vector<ConvInput> x{{Random({1, 8, 61, 83}, torch::kFloat), {}}};
  const Tensor one = conv(x);
  for (const int threads : {2, 3}) {
    torch::set_num_threads(threads);
    EXPECT_TRUE(torch::equal(conv(x), one)) << threads;
  }
  torch::set_num_threads(1);
}

// A 3x3 convolution of two channels to as many outputs as each kernel has, with every set of instructions that this
// machine runs, against the sum written out.
template <class Scalar>
void ExpectRowsOfAllSets(double tolerance) {
  for (const ConvKernels<Scalar>* kernels : MachineConvKernels<Scalar>()) {
    for (std::size_t k = 0; k < kConvOutputs.size(); ++k) {
      const std::int64_t outputs = kConvOutputs[k], width = 3 * kernels->lanes + 5,
                         stride = (width + kernels->lanes - 1) / kernels->lanes * kernels->lanes + 2;
      std::vector<Scalar> pixels(static_cast<std::size_t>(6 * stride)), weights(static_cast<std::size_t>(18 * outputs)),
          bias(static_cast<std::size_t>(outputs)), out(static_cast<std::size_t>(outputs * width));
      const auto fill = [](std::vector<Scalar>& values, int step) {
        for (std::size_t i = 0; i < values.size(); ++i) {
          values[i] = static_cast<Scalar>(static_cast<int>(i * static_cast<std::size_t>(step)) % 17 - 8) / 8;
        }
      };
      fill(pixels, 5);
      fill(weights, 7);
      fill(bias, 3);
      std::vector<const Scalar*> rows;
      for (std::int64_t r = 0; r < 6; ++r) rows.push_back(pixels.data() + r * stride);
      std::vector<Scalar*> results;
      for (std::int64_t o = 0; o < outputs; ++o) results.push_back(out.data() + o * width);
      kernels->rows_of_8_4_2_1[k](
          {rows.data(), 6, 3, weights.data(), bias.data(), results.data(), nullptr, true, nullptr, width});
      for (std::int64_t o = 0; o < outputs; ++o) {
        for (std::int64_t x = 0; x < width; ++x) {
          double sum = static_cast<double>(bias[static_cast<std::size_t>(o)]);
          for (std::int64_t r = 0; r < 6; ++r) {
            for (std::int64_t dx = 0; dx < 3; ++dx) {
              sum += static_cast<double>(pixels[static_cast<std::size_t>(r * stride + x + dx)]) *
                     static_cast<double>(weights[static_cast<std::size_t>((r * 3 + dx) * outputs + o)]);
            }
          }
          ASSERT_NEAR(static_cast<double>(out[static_cast<std::size_t>(o * width + x)]), std::max(sum, 0.0), tolerance)
              << kernels->instruction_set << ", output " << o << " of " << outputs << ", column " << x;
        }
      }
    }
  }
}

// All values are multiples of 1/64 of small size: every sum is exact.
TEST(DirectKernels, OfEveryInstructionSetAreExactOnWholeNumbers) {
  ExpectRowsOfAllSets<float>(0);
  ExpectRowsOfAllSets<double>(0);
  EXPECT_STREQ(MachineConvKernels<float>().back()->instruction_set, "portable");
}

TEST(FusedMaps, AreTheirFormulas) {
  torch::manual_seed(4);
  for (const torch::ScalarType type : {torch::kFloat, torch::kDouble}) {
    const double tolerance = type == torch::kFloat ? 2e-6 : 4e-15;  // a few roundings of values up to 4
    const Tensor a = Random({2, 9, 70, 80}, type).narrow(1, 3, 5), b = Random({2, 5, 70, 80}, type),
                 c = Random({2, 5, 70, 80}, type);
    const Tensor channels = torch::rand({2, 5, 1, 1}, type), pixels = torch::rand({2, 1, 70, 80}, type);
    EXPECT_LT(Difference(ReluOfSum({a, b, c}), (a + b + c).relu()), tolerance);
    EXPECT_LT(Difference(ChannelMeanAndMaximum(a, channels),
                         torch::cat({(a * channels).mean(1, true), (a * channels).amax(1, true)}, 1)),
              tolerance);
    EXPECT_LT(Difference(ReluOfWeighted(b.clone(), channels, pixels, a), (b * channels * pixels + a).relu()),
              tolerance);
    EXPECT_LT(Difference(PlusWeighted(a, {b.clone(), c.clone()}), a + a * b.sigmoid() * c.sigmoid()), tolerance);
  }
}

}  // namespace
}  // namespace mirst
