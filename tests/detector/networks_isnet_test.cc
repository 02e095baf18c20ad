// ISNet against the reference tensors of the authors' program (goldens/deep/ISNet), and its deformable convolution
// against the references, a second implementation and numerical gradients.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/isnet.h"
#include "detector/network_loss.h"
#include "tests/support/network_golden.h"

namespace mirst {
namespace {

using torch::Tensor;

class IsnetGolden : public testing::Test {
 protected:
  void SetUp() override { MIRST_REQUIRE_PATH(folder_); }
  Tensor Read(const char* name) const { return test::ReadNpyTensor(folder_ / name); }
  std::filesystem::path folder_ = test::NetworkFolder("ISNet");
};

// The reference's float32 is off its float64 by 1.5e-5 at most (values of 4 on the average); folded normalisations
// round elsewhere.
constexpr double kLogitTolerance = 2e-4;

TEST_F(IsnetGolden, DeformableConvolutionIsTheReferences) {
  const torch::NoGradGuard no_gradient;
  DeformableConv conv(4, 6, DeformableKernel{3, 1});
  FillByHash(*conv, StateOrder(*conv), 5, 0.8);
  const Tensor golden = Read("dcn31_output.npy");
  // The plain sum of 12 products of values about 1.
  EXPECT_LT(test::MaxDifference(conv(Read("dcn31_input.npy").view({1, 4, 10, 14})).view_as(golden), golden), 1e-5);
}

TEST_F(IsnetGolden, LogitsAndEdgesAreTheReferences) {
  const torch::NoGradGuard no_gradient;
  Isnet network;
  test::FillAsReference(*network, folder_, 0.7);
  network->eval();
  const Tensor input = Read("det_input.npy"), gradients = GradientMagnitude(input);
  EXPECT_LT(test::MaxDifference(gradients, Read("det_x_grad.npy")), 1e-5);
  const IsnetImpl::Outputs outputs = network(input, gradients);
  EXPECT_LT(test::MaxDifference(outputs.logits, Read("det_logits.npy")), kLogitTolerance);
  EXPECT_LT(test::MaxDifference(outputs.edge_logits, Read("det_edge_logit.npy")), kLogitTolerance);
  EXPECT_LT(test::MaxDifference(torch::sigmoid(outputs.edge_logits), Read("det_edge_sigmoid.npy")), kLogitTolerance);
  const Tensor real = Read("real_input.npy");
  const IsnetImpl::Outputs of_real = network(real, GradientMagnitude(real));
  EXPECT_LT(test::MaxDifference(of_real.logits, Read("real_detweights_logits.npy")), kLogitTolerance);
  EXPECT_LT(test::MaxDifference(torch::sigmoid(of_real.edge_logits), Read("real_detweights_edge_sigmoid.npy")),
            kLogitTolerance);
}

TEST_F(IsnetGolden, OneTrainingStepIsTheReferences) {
  Isnet network;
  test::FillAsReference(*network, folder_, 0.7);
  test::TrainWithoutDropout(*network);
  const test::TrainStepTable table = test::ReadTrainStep(folder_ / "det_train_step.tsv");
  const Tensor images = test::GoldenBatch(3, 1).squeeze(2);
  const Tensor masks = test::GoldenMask(64, 0).expand({2, 1, 64, 64});
  const IsnetImpl::Outputs outputs = network(images, GradientMagnitude(images));
  const Tensor loss = ShapeLoss(outputs.logits, outputs.edge_logits, masks, {});
  // The reference takes logarithms of a float32 sigmoid and its complement, which lose up to 6e-5 of the cross entropy
  // (of weight 10); from logits, in float32 as in float64, it is 5.8e-4 more.
  EXPECT_NEAR(loss.item<double>(), table.loss, 1e-3);
  loss.backward();
  const std::vector<double> errors = test::GradientErrors(*network, table);
  EXPECT_LT(errors[errors.size() / 2], 1e-4);
  EXPECT_LT(errors.back(), 5e-3);  // float32 sums over small maps; the same step in float64 is off by 7e-4, too
  test::ExpectBuffers(*network, table);
}

struct Deformed {
  Tensor image, offsets, mask;
};

/// Offsets of up to some pixels, so that taps leave the image on every side.
Deformed RandomDeformed(DeformableKernel kernel) {
  torch::manual_seed(3);
  const auto options = torch::dtype(torch::kDouble);
  return {torch::randn({2, 3, 7, 9}, options).requires_grad_(),
          (2.5 * torch::randn({2, 2 * kernel.taps(), 7, 9}, options)).requires_grad_(),
          torch::rand({2, kernel.taps(), 7, 9}, options).requires_grad_()};
}

TEST(DeformableConvolution, OwnKernelsAgreeWithGatherInValuesAndGradients) {
  for (const DeformableKernel kernel : {DeformableKernel{3, 1}, DeformableKernel{1, 3}, DeformableKernel{3, 3}}) {
    const Deformed own = RandomDeformed(kernel), other = RandomDeformed(kernel);
    const Tensor columns = DeformableColumns(own.image, own.offsets, own.mask, kernel);
    const Tensor expected = DeformableColumnsByGather(other.image, other.offsets, other.mask, kernel);
    EXPECT_LT(test::MaxDifference(columns, expected), 1e-12);  // sums of four products in double
    const Tensor weights = torch::randn_like(columns);
    (columns * weights).sum().backward();
    (expected * weights).sum().backward();
    EXPECT_LT(test::MaxDifference(own.image.grad(), other.image.grad()), 1e-12);
    EXPECT_LT(test::MaxDifference(own.offsets.grad(), other.offsets.grad()), 1e-12);
    EXPECT_LT(test::MaxDifference(own.mask.grad(), other.mask.grad()), 1e-12);
  }
}

TEST(DeformableConvolution, GradientsAreDifferenceQuotients) {
  const DeformableKernel kernel{3, 1};
  const Deformed at = RandomDeformed(kernel);
  const Tensor weights = torch::randn({2, 3 * kernel.taps(), 63}, torch::kDouble);
  const auto value = [&](const Tensor& image, const Tensor& offsets, const Tensor& mask) {
    return (DeformableColumns(image, offsets, mask, kernel) * weights).sum();
  };
  value(at.image, at.offsets, at.mask).backward();
  const torch::NoGradGuard no_gradient;
  constexpr double kStep = 1e-6;
  std::vector<Tensor> inputs = {at.image, at.offsets, at.mask};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor direction = torch::randn_like(inputs[i]);
    std::vector<Tensor> ahead = inputs, behind = inputs;
    ahead[i] = inputs[i] + kStep * direction;
    behind[i] = inputs[i] - kStep * direction;
    const double quotient =
        (value(ahead[0], ahead[1], ahead[2]) - value(behind[0], behind[1], behind[2])).item<double>() / (2 * kStep);
    const double slope = (inputs[i].grad() * direction).sum().item<double>();
    // Piecewise quadratic at most: rounding 1e-16 x 1e2 / 1e-6, and no corner of a cell within the step.
    EXPECT_NEAR(quotient, slope, 1e-6 * std::max(1.0, std::abs(slope))) << i;
  }
}

TEST(DeformableConvolution, WithoutOffsetsItIsAPlainConvolution) {
  const torch::NoGradGuard no_gradient;
  DeformableConv conv(3, 5, DeformableKernel{1, 3});
  const Tensor x = torch::randn({2, 3, 8, 10});
  const auto parameters = conv->named_parameters();
  // Offsets start at zero, the mask at sigmoid(0) = 1/2.
  const std::vector<std::int64_t> padding = {0, 1};
  const Tensor plain = torch::conv2d(x, 0.5 * parameters["weight"], parameters["bias"], 1, padding);
  EXPECT_LT(test::MaxDifference(conv(x), plain), 1e-5);
}

TEST(Isnet, TakesOneChannelAndRefusesOddSizes) {
  const torch::NoGradGuard no_gradient;
  Isnet network(1);
  network->eval();
  const Tensor image = torch::rand({1, 1, 32, 48});
  EXPECT_EQ(network(image, GradientMagnitude(image)).logits.sizes(), image.sizes());
  const Tensor odd = torch::rand({1, 1, 40, 48});
  EXPECT_THROW(network(odd, odd), Error);
}

}  // namespace
}  // namespace mirst
