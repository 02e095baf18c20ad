#include "detector/loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "core/error.h"

namespace mirst {
namespace {

TEST(SoftIouLoss, HasItsClosedFormOnHalves) {
  // p = 1/2 everywhere, 16 pixels, 4 of them true: both = 2, either = 8 + 4 - 2 = 10, loss = 1 - 3/11.
  torch::Tensor mask = torch::zeros({1, 1, 4, 4});
  mask.narrow(2, 0, 1).fill_(1);
  EXPECT_NEAR(SoftIouLoss(torch::zeros({1, 1, 4, 4}), mask).item<double>(), 1 - 3.0 / 11.0, 1e-6);
}

TEST(SoftIouLoss, IsTheMeanOverImagesNotThePool) {
  torch::Tensor masks = torch::zeros({2, 1, 4, 4});
  masks[0].fill_(1);  // both = 8, either = 16: 1 - 9/17; the empty one: both = 0, either = 8: 1 - 1/9
  EXPECT_NEAR(SoftIouLoss(torch::zeros({2, 1, 4, 4}), masks).item<double>(), 1 - (9.0 / 17.0 + 1.0 / 9.0) / 2, 1e-6);
}

TEST(SoftIouLoss, VanishesForACertainPredictionOfTheTruth) {
  const torch::Tensor mask = (torch::arange(16).view({1, 1, 4, 4}) % 3 == 0).to(torch::kFloat);
  EXPECT_NEAR(SoftIouLoss(200 * mask - 100, mask).item<double>(), 0, 1e-6);
  EXPECT_NEAR(SoftIouLoss(torch::full({1, 1, 4, 4}, -100.0), torch::zeros({1, 1, 4, 4})).item<double>(), 0, 1e-6);
}

TEST(SoftIouLoss, IgnoredPixelsCountNowhere) {
  torch::manual_seed(1);
  const torch::Tensor logits = torch::randn({1, 1, 4, 6}, torch::requires_grad());
  const torch::Tensor mask = (torch::rand({1, 1, 4, 6}) > 0.5).to(torch::kFloat);
  torch::Tensor ignore = torch::zeros({1, 1, 4, 6});
  ignore.narrow(3, 4, 2).fill_(1);
  const torch::Tensor loss = SoftIouLoss(logits, mask, ignore);
  EXPECT_NEAR(loss.item<double>(), SoftIouLoss(logits.narrow(3, 0, 4), mask.narrow(3, 0, 4)).item<double>(), 1e-6);
  loss.backward();
  EXPECT_EQ(logits.grad().narrow(3, 4, 2).abs().sum().item<float>(), 0);
}

TEST(FocalLoss, HasItsClosedFormOnHalves) {
  // q = 1/2 at all 16 pixels, 4 of them targets: 16 (1/2)^gamma ln 2 / 4.
  torch::Tensor mask = torch::zeros({1, 1, 4, 4});
  mask.narrow(2, 0, 1).fill_(1);
  const torch::Tensor logits = torch::zeros({1, 1, 4, 4});
  EXPECT_NEAR(FocalLoss(logits, mask, {}, 2).item<double>(), std::log(2.0), 1e-6);
  EXPECT_NEAR(FocalLoss(logits, mask, {}, 0).item<double>(), 4 * std::log(2.0), 1e-6);
}

TEST(FocalLoss, WithGammaZeroIsTheCrossEntropyATargetPixel) {
  torch::manual_seed(2);
  const torch::Tensor logits = torch::randn({2, 1, 5, 7});
  const torch::Tensor mask = (torch::rand({2, 1, 5, 7}) > 0.7).to(torch::kFloat);
  const torch::Tensor sum = torch::binary_cross_entropy_with_logits(logits, mask, {}, {}, at::Reduction::Sum);
  EXPECT_NEAR(FocalLoss(logits, mask, {}, 0).item<double>(), (sum / mask.sum()).item<double>(), 1e-5);
}

TEST(CrossEntropyLoss, HasItsClosedFormOnHalvesAndIsTheMeanOverCountedPixels) {
  torch::Tensor mask = torch::zeros({1, 1, 4, 4}), ignore = torch::zeros({1, 1, 4, 4});
  mask.narrow(2, 0, 1).fill_(1);
  EXPECT_NEAR(CrossEntropyLoss(torch::zeros({1, 1, 4, 4}), mask).item<double>(), std::log(2.0), 1e-6);
  // Logits of ln 3 give p = 3/4: -ln(3/4) at the 4 targets, -ln(1/4) at the 8 others that count.
  ignore.narrow(2, 3, 1).fill_(1);
  EXPECT_NEAR(CrossEntropyLoss(torch::full({1, 1, 4, 4}, std::log(3.0)), mask, ignore).item<double>(),
              (4 * std::log(4.0 / 3) + 8 * std::log(4.0)) / 12, 1e-6);
}

TEST(Losses, GradientsAreThoseOfCentralDifferences) {
  torch::manual_seed(4);
  const auto doubles = torch::TensorOptions(torch::kDouble);
  const torch::Tensor start = torch::randn({2, 1, 3, 4}, doubles);
  const torch::Tensor mask = (torch::rand({2, 1, 3, 4}) > 0.6).to(doubles);
  const torch::Tensor ignore = (torch::rand({2, 1, 3, 4}) > 0.8).to(doubles);
  const LossOptions cases[] = {{.soft_iou = 1, .focal = 0, .focal_gamma = 2, .bce = 0},
                               {.soft_iou = 0, .focal = 1, .focal_gamma = 2, .bce = 0},
                               {.soft_iou = 0, .focal = 0, .focal_gamma = 2, .bce = 1},
                               {.soft_iou = 0.7, .focal = 0.2, .focal_gamma = 1.5, .bce = 3}};
  for (const LossOptions& options : cases) {
    const torch::Tensor logits = start.clone().requires_grad_();
    TrainingLoss(logits, mask, ignore, options).backward();
    // Error of a central difference: h^2 / 6 times a third derivative of about 1, and 1e-16 / h from rounding: 1e-9.
    constexpr double kStep = 1e-5;
    for (std::int64_t i = 0; i < start.numel(); ++i) {
      const auto at = [&](double step) {
        torch::Tensor moved = start.clone();
        moved.flatten()[i] += step;
        return TrainingLoss(moved, mask, ignore, options).item<double>();
      };
      EXPECT_NEAR(logits.grad().flatten()[i].item<double>(), (at(kStep) - at(-kStep)) / (2 * kStep), 1e-8);
    }
  }
}

TEST(FocalLoss, StillPullsAtATargetThatTheNetworkDenies) {
  // SoftIoU's gradient at a logit of -20 is about p = 2e-9; cross entropy's is 1.
  torch::Tensor mask = torch::zeros({1, 1, 4, 4});
  mask[0][0][1][1] = 1;
  const auto pull = [&](const LossOptions& options) {
    const torch::Tensor logits = torch::full({1, 1, 4, 4}, -20.0, torch::requires_grad());
    TrainingLoss(logits, mask, {}, options).backward();
    return -logits.grad()[0][0][1][1].item<double>();
  };
  EXPECT_LT(pull({.soft_iou = 1, .focal = 0, .focal_gamma = 2}), 1e-8);
  EXPECT_NEAR(pull({.soft_iou = 1, .focal = 1, .focal_gamma = 2}), 1, 1e-6);
}

TEST(TrainingLoss, IsTheWeightedSumAndIgnoredPixelsCountNowhere) {
  torch::manual_seed(3);
  const torch::Tensor logits = torch::randn({1, 1, 4, 6}, torch::requires_grad());
  const torch::Tensor mask = (torch::rand({1, 1, 4, 6}) > 0.5).to(torch::kFloat);
  torch::Tensor ignore = torch::zeros({1, 1, 4, 6});
  ignore.narrow(3, 4, 2).fill_(1);
  const torch::Tensor loss = TrainingLoss(logits, mask, ignore, {.soft_iou = 2, .focal = 3, .focal_gamma = 1});
  const torch::Tensor seen = logits.narrow(3, 0, 4), truth = mask.narrow(3, 0, 4);
  EXPECT_NEAR(loss.item<double>(),
              2 * SoftIouLoss(seen, truth).item<double>() + 3 * FocalLoss(seen, truth, {}, 1).item<double>(), 1e-5);
  loss.backward();
  EXPECT_EQ(logits.grad().narrow(3, 4, 2).abs().sum().item<float>(), 0);
}

TEST(SoftIouLoss, ShapesMustAgree) {
  EXPECT_THROW(SoftIouLoss(torch::zeros({1, 1, 4, 4}), torch::zeros({1, 1, 4, 5})), Error);
  EXPECT_THROW(SoftIouLoss(torch::zeros({4, 4}), torch::zeros({4, 4})), Error);
}

}  // namespace
}  // namespace mirst
