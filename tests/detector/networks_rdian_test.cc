// RDIAN against the reference tensors of the authors' program and released weights (goldens/deep/RDIAN).
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/rdian.h"
#include "detector/network_loss.h"
#include "tests/support/network_golden.h"

namespace mirst {
namespace {

using torch::Tensor;

class RdianGolden : public testing::Test {
 protected:
  void SetUp() override { MIRST_REQUIRE_PATH(folder_); }
  Tensor Read(const char* name) const { return test::ReadNpyTensor(folder_ / name); }
  std::filesystem::path folder_ = test::NetworkFolder("RDIAN");
};

// The reference's float32 is off its float64 by 4e-7 at most; folded normalisations round elsewhere.
constexpr double kLogitTolerance = 1e-5;

TEST_F(RdianGolden, LogitsAreTheReferences) {
  const torch::NoGradGuard no_gradient;
  Rdian network;
  test::FillAsReference(*network, folder_, 0.8);
  network->eval();
  EXPECT_LT(test::MaxDifference(network(Read("det_input.npy")), Read("det_logits.npy")), kLogitTolerance);
}

TEST_F(RdianGolden, ReleasedWeightsFindTheTargetOfTheAuthorsExample) {
  const torch::NoGradGuard no_gradient;
  Rdian network;
  LoadWeights(folder_ / "released_best.safetensors", *network);
  network->eval();
  const Tensor logits = network(Read("real_input.npy"));
  const Tensor golden = Read("real_logits.npy");
  // Trained weights give logits of some tens: relative to the largest.
  EXPECT_LT(test::MaxDifference(logits, golden), kLogitTolerance * golden.abs().max().item<double>());
  const Tensor found = logits.squeeze() > 0;
  const Tensor truth = test::ReadU8Tensor(folder_ / "real_mask_u8.npy").squeeze() > 0;
  EXPECT_EQ(truth.sum().item<int>(), 6);
  EXPECT_TRUE(torch::equal(found, truth));  // an IoU of 1
}

TEST_F(RdianGolden, OneTrainingStepIsTheReferences) {
  Rdian network;
  test::FillAsReference(*network, folder_, 0.8);
  test::TrainWithoutDropout(*network);
  const test::TrainStepTable table = test::ReadTrainStep(folder_ / "det_train_step.tsv");
  const Tensor logits = network(test::GoldenBatch(1, 1).squeeze(2));
  const Tensor masks = test::GoldenMask(64, 0).expand({2, 1, 64, 64});
  const Tensor loss = SoftIou(torch::sigmoid(logits), masks, {}, IouOver::kSample, 1);
  EXPECT_NEAR(loss.item<double>(), table.loss, 1e-6);
  loss.backward();
  const std::vector<double> errors = test::GradientErrors(*network, table);
  EXPECT_LT(errors[errors.size() / 2], 1e-4);
  EXPECT_LT(errors.back(), 1e-3);
  test::ExpectBuffers(*network, table);
}

TEST(Rdian, TakesAnySizeOfOneChannelAndRefusesOthers) {
  const torch::NoGradGuard no_gradient;
  Rdian network;
  network->eval();
  EXPECT_EQ(network(torch::zeros({2, 1, 37, 50})).sizes(), (std::vector<std::int64_t>{2, 1, 37, 50}));
  EXPECT_THROW(network(torch::zeros({2, 3, 37, 50})), Error);
}

}  // namespace
}  // namespace mirst
