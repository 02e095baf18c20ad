#include "detector/network/matrix_product.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace mirst {
namespace {

using torch::Tensor;

TEST(MatrixProduct, IsThePlainProductWithItsGradientsForAllShapesAndStrides) {
  torch::manual_seed(8);
  for (const auto& [m, k, n] :
       {std::tuple<std::int64_t, std::int64_t, std::int64_t>{1, 1, 1}, {13, 7, 101}, {101, 30, 5}, {48, 64, 48}}) {
    for (const torch::ScalarType type : {torch::kFloat, torch::kDouble}) {
      Tensor a = (torch::rand({2, 3, m, k}, torch::kDouble) * 2 - 1).to(type).requires_grad_(true);
      Tensor b = (torch::rand({2, 3, n, k}, torch::kDouble) * 2 - 1).to(type).requires_grad_(true);
      const Tensor seed = (torch::rand({2, 3, m, n}, torch::kDouble) * 2 - 1).to(type);
      const Tensor found = MatrixProduct(a, b.transpose(2, 3));
      (found * seed).sum().backward();
      const Tensor exact_a = a.detach().to(torch::kDouble), exact_b = b.detach().to(torch::kDouble),
                   exact_seed = seed.to(torch::kDouble);
      // A sum of n products of at most 1, each rounded once, the n sums of at most n too.
      const auto bound = [&](std::int64_t terms) {
        const auto count = static_cast<double>(terms);
        return (type == torch::kFloat ? 6e-8 : 2.4e-16) * count * (count + 1);
      };
      const auto off = [](const Tensor& x, const Tensor& y) {
        return (x.detach().to(torch::kDouble) - y).abs().max().item<double>();
      };
      EXPECT_LE(off(found, torch::matmul(exact_a, exact_b.transpose(2, 3))), bound(k));
      EXPECT_LE(off(a.grad(), torch::matmul(exact_seed, exact_b)), bound(n));
      EXPECT_LE(off(b.grad(), torch::matmul(exact_seed.transpose(2, 3), exact_a)), bound(m));
      EXPECT_LE(off(MatrixProduct(a[1][2], b[1][2].t()), torch::matmul(exact_a[1][2], exact_b[1][2].t())), bound(k));
    }
  }
}

TEST(MatrixProduct, IsEqualBitByBitForEveryNumberOfThreads) {
  torch::manual_seed(9);
  const Tensor a = torch::randn({2, 90, 70}), b = torch::randn({2, 70, 300});
  const Tensor one = MatrixProduct(a, b);
  for (const int threads : {2, 3}) {
    torch::set_num_threads(threads);
    EXPECT_TRUE(torch::equal(MatrixProduct(a, b), one)) << threads;
  }
  torch::set_num_threads(1);
}

}  // namespace
}  // namespace mirst
