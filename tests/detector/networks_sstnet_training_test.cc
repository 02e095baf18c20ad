// SSTNet's training at its one size, 512 px, against the reference tensors of the authors' program
// (goldens/deep/SSTNet). Takes tens of seconds.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "detector/network/sstnet.h"
#include "detector/yolox_loss.h"
#include "tests/support/network_golden.h"

namespace mirst {
namespace {

using torch::Tensor;

class SstnetTrainingGolden : public testing::Test {
 protected:
  void SetUp() override { MIRST_REQUIRE_PATH(folder_); }
  Sstnet Network() const {
    Sstnet network;
    test::FillAsReference(*network, folder_, 1.05);
    return network;
  }
  std::filesystem::path folder_ = test::NetworkFolder("SSTNet");
};

TEST_F(SstnetTrainingGolden, TrainingBranchIsTheReferences) {
  const torch::NoGradGuard no_gradient;
  Sstnet network = Network();
  network->eval();  // normalisations by their running statistics, as the reference
  const SstnetImpl::Training training = network->ForTraining(test::GoldenInput(7, 3, 5, 512, 512));
  EXPECT_LT(test::MaxDifference(training.outputs, test::ReadNpyTensor(folder_ / "det512_head_output.npy")), 1e-4);
  EXPECT_NEAR(training.motion_loss.item<double>(), 0.671881676, 1e-5);  // yolo_and_motion_loss.txt
}

TEST_F(SstnetTrainingGolden, OneTrainingStepIsTheReferences) {
  Sstnet network = Network();
  network->train();
  const test::TrainStepTable table = test::ReadTrainStep(folder_ / "det_train_step.tsv");
  const SstnetImpl::Training training = network->ForTraining(test::GoldenInput(7, 3, 5, 512, 512));
  EXPECT_NEAR(training.motion_loss.item<double>(), 0.45108214, 1e-5);
  const Tensor loss =
      YoloxLoss(training.outputs, {torch::tensor({{256.5F, 130.0F, 9.0F, 7.0F}})}) + training.motion_loss;
  EXPECT_NEAR(loss.item<double>(), table.loss, 1e-4 * table.loss);
  loss.backward();
  const std::vector<double> errors = test::GradientErrors(*network, table);
  EXPECT_LT(errors[errors.size() / 2], 1e-4);
  EXPECT_LT(errors.back(), 5e-3);
  test::ExpectBuffers(*network, table);
}

}  // namespace
}  // namespace mirst
