#include "detector/network/window_convolution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace mirst {
namespace {

using torch::Tensor;

Tensor Random(c10::IntArrayRef shape) { return torch::rand(shape, torch::kDouble) * 2 - 1; }

struct Case {
  std::int64_t frames, kept, in, out, taps, kernel, height, width;
};

/// The result and the gradients of its product with `seed`, by x, weight and bias.
template <class Run>
std::vector<Tensor> ResultAndGradients(std::vector<Tensor> inputs, const Tensor& seed, const Run& run) {
  for (Tensor& input : inputs) input = input.detach().clone().requires_grad_(true);
  const Tensor result = run(inputs[0], inputs[1], inputs[2]);
  (result * seed).sum().backward();
  return {result.detach(), inputs[0].grad(), inputs[1].grad(), inputs[2].grad()};
}

// LibTorch's conv3d over the whole window, older frames 0, of which the last ones are kept.
Tensor ByConv3d(const Case& c, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor window = x.view({c.frames, -1, c.in, c.height, c.width}).permute({1, 2, 0, 3, 4});
  const Tensor padded = torch::constant_pad_nd(window, {0, 0, 0, 0, c.taps, 0});
  const Tensor all = torch::conv3d(padded, weight, bias, 1, c10::IntArrayRef{c.taps / 2, c.kernel / 2, c.kernel / 2});
  return all.narrow(2, all.size(2) - c.kept, c.kept).permute({2, 0, 1, 3, 4}).flatten(0, 1);
}

const Case kCases[] = {{5, 5, 8, 2, 3, 3, 19, 37}, {5, 5, 2, 8, 3, 3, 9, 16},  {5, 5, 2, 2, 5, 1, 7, 33},
                       {4, 2, 3, 5, 5, 1, 6, 8},   {3, 1, 6, 8, 3, 3, 5, 21},  {1, 1, 2, 1, 1, 7, 40, 70},
                       {1, 1, 4, 15, 1, 9, 12, 6}, {5, 5, 4, 4, 1, 3, 130, 64}};

TEST(WindowConvolution, IsTheConv3dOfTheWindowWithItsGradients) {
  torch::manual_seed(5);
  for (const Case& c : kCases) {
    const std::vector<Tensor> inputs = {Random({2 * c.frames, c.in, c.height, c.width}),
                                        Random({c.out, c.in, c.taps, c.kernel, c.kernel}), Random({c.out})};
    const Tensor seed = Random({2 * c.kept, c.out, c.height, c.width});
    const auto expected = ResultAndGradients(
        inputs, seed, [&](const Tensor& x, const Tensor& w, const Tensor& b) { return ByConv3d(c, x, w, b); });
    for (const torch::ScalarType type : {torch::kDouble, torch::kFloat}) {
      std::vector<Tensor> rounded;
      for (const Tensor& input : inputs) rounded.push_back(input.to(type));
      const auto found =
          ResultAndGradients(rounded, seed.to(type), [&](const Tensor& x, const Tensor& w, const Tensor& b) {
            return WindowConvolution(x, c.frames, c.kept, w, b);
          });
      // Sums of n products of at most 1 and of rounded numbers: each product is off by 3 roundings, each of the n sums
      // of at most n by one; weights and bias sum over all pixels.
      const double epsilon = type == torch::kDouble ? 1.2e-16 : 6e-8;
      const std::int64_t of_a_pixel = std::max(c.in, c.out) * c.taps * c.kernel * c.kernel + 1;
      const std::int64_t of_a_weight = 2 * c.kept * c.height * c.width;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const auto n = static_cast<double>(i < 2 ? of_a_pixel : of_a_weight);
        EXPECT_LT((found[i].to(torch::kDouble) - expected[i]).abs().max().item<double>(), epsilon * n * (n + 3))
            << "part " << i << " of case " << &c - kCases << " in " << type;
      }
    }
  }
}

TEST(WindowConvolution, IsEqualBitByBitForEveryNumberOfThreads) {
  torch::manual_seed(6);
  for (const Case& c : kCases) {
    std::vector<Tensor> inputs = {Random({2 * c.frames, c.in, c.height, c.width}),
                                  Random({c.out, c.in, c.taps, c.kernel, c.kernel}), Random({c.out})};
    for (Tensor& input : inputs) input = input.to(torch::kFloat);
    const Tensor seed = Random({2 * c.kept, c.out, c.height, c.width}).to(torch::kFloat);
    const auto run = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
      return WindowConvolution(x, c.frames, c.kept, w, b);
    };
    const std::vector<Tensor> one = ResultAndGradients(inputs, seed, run);
    for (const int threads : {2, 3}) {
      torch::set_num_threads(threads);
      const std::vector<Tensor> many = ResultAndGradients(inputs, seed, run);
      for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_TRUE(torch::equal(many[i], one[i])) << threads << " threads, part " << i;
      }
    }
    torch::set_num_threads(1);
  }
}

TEST(WindowConvolution, TakesWeightsWithoutBiasAndGivesNoGradientThatNobodyWants) {
  torch::manual_seed(7);
  const Tensor x = Random({2, 3, 20, 30}), weight = Random({4, 3, 1, 3, 3}).requires_grad_(true);
  const Tensor y = WindowConvolution(x, 1, 1, weight, {});
  EXPECT_LT((y - torch::conv2d(x, weight.squeeze(2), {}, 1, 1)).abs().max().item<double>(), 1.2e-16 * 28 * 31);
  y.sum().backward();
  EXPECT_TRUE(weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
}

}  // namespace
}  // namespace mirst
