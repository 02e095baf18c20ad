// SSTNet, its loss and its boxes against the reference tensors of the authors' program (goldens/deep/SSTNet).
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/sstnet.h"
#include "detector/yolox_loss.h"
#include "tests/support/network_golden.h"

namespace mirst {
namespace {

using torch::Tensor;

class SstnetGolden : public testing::Test {
 protected:
  void SetUp() override { MIRST_REQUIRE_PATH(folder_); }
  Tensor Read(const char* name) const { return test::ReadNpyTensor(folder_ / name); }
  Sstnet Network() const {
    Sstnet network;
    test::FillAsReference(*network, folder_, 1.05);
    return network;
  }
  std::filesystem::path folder_ = test::NetworkFolder("SSTNet");
};

// The reference's float32 is off its float64 by 7.2e-6 at most; folded normalisations round elsewhere.
constexpr double kHeadTolerance = 1e-4;

TEST_F(SstnetGolden, HeadOutputsAreTheReferences) {
  const torch::NoGradGuard no_gradient;
  Sstnet network = Network();
  network->eval();
  const Tensor frames = Read("det_input.npy").view({1, 3, 5, 256, 256});
  EXPECT_LT(test::MaxDifference(network(frames), Read("det_head_output.npy")), kHeadTolerance);
  // The image five times over, RGB 0..255 -> ImageNet's statistics.
  const Tensor mean = torch::tensor({0.485, 0.456, 0.406}).view({3, 1, 1, 1}),
               sigma = torch::tensor({0.229, 0.224, 0.225}).view({3, 1, 1, 1});
  const Tensor rgb =
      test::ReadU8Tensor(folder_ / "real_letterbox_rgb_u8.npy").view({5, 256, 256, 3}).permute({3, 0, 1, 2});
  const Tensor real = ((rgb / 255 - mean) / sigma).unsqueeze(0);
  const Tensor golden = Read("real_detweights_head_output.npy");  // up to 748; float64 is 4.7e-6 of that off
  EXPECT_LT(test::MaxDifference(network(real), golden), 2e-5 * golden.abs().max().item<double>());
}

TEST_F(SstnetGolden, DecodedBoxesAndTheirSelectionAreTheReferences) {
  const Tensor decoded = DecodeBoxes(Read("det_head_output.npy"));
  const Tensor golden = Read("det_decoded.npy").view_as(decoded);  // in units of the input's 256 px
  EXPECT_LT(test::MaxDifference(decoded.slice(2, 0, 4) / 256, golden.slice(2, 0, 4)), 1e-6);
  EXPECT_LT(test::MaxDifference(decoded.slice(2, 4), golden.slice(2, 4)), 1e-6);

  const Tensor rows = Read("det_nms_conf0.001_iou0.65.npy");  // top, left, bottom, right, object, class, class id
  const std::vector<DetectedBox> boxes = SelectBoxes(decoded[0], 0.001, 0.65);
  ASSERT_EQ(static_cast<std::int64_t>(boxes.size()), rows.size(0));
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Tensor row = rows[static_cast<std::int64_t>(i)];
    const DetectedBox& box = boxes[i];
    EXPECT_NEAR(box.centre_y_px - box.height_px / 2, row[0].item<float>(), 1e-3F) << i;
    EXPECT_NEAR(box.centre_x_px - box.width_px / 2, row[1].item<float>(), 1e-3F) << i;
    EXPECT_NEAR(box.centre_y_px + box.height_px / 2, row[2].item<float>(), 1e-3F) << i;
    EXPECT_NEAR(box.centre_x_px + box.width_px / 2, row[3].item<float>(), 1e-3F) << i;
    EXPECT_NEAR(box.object, row[4].item<float>(), 1e-6F) << i;
    EXPECT_NEAR(box.target, row[5].item<float>(), 1e-6F) << i;
  }
}

TEST_F(SstnetGolden, LossAndItsGradientAreTheReferences) {
  const Tensor outputs = Read("det_head_output.npy").requires_grad_();
  const Tensor boxes = torch::tensor({{128.5F, 130.0F, 9.0F, 7.0F}, {60.0F, 72.5F, 5.0F, 5.0F}});
  const Tensor loss = YoloxLoss(outputs, {boxes});
  EXPECT_NEAR(loss.item<double>(), 348.943329, 1e-3);  // yolo_and_motion_loss.txt; float32 sums of 1024 cells
  loss.backward();
  EXPECT_LT(test::MaxDifference(outputs.grad(), Read("yolo_loss_grad_wrt_head_output.npy")), 1e-5);
}

TEST(YoloxLoss, WithoutTargetsItAsksForEmptyCellsOnly) {
  const Tensor outputs = torch::zeros({2, 6, 4, 4});
  const Tensor none = torch::zeros({0, 4});
  // 32 cells at probability one half.
  EXPECT_NEAR(YoloxLoss(outputs, {none, none}).item<double>(), 32 * std::log(2.0), 1e-4);
}

TEST(Sstnet, RefusesOtherSizes) {
  const torch::NoGradGuard no_gradient;
  Sstnet network;
  network->eval();
  EXPECT_THROW(network(torch::zeros({1, 1, 5, 48, 64})), Error);
  EXPECT_THROW(network->ForTraining(torch::zeros({1, 1, 5, 64, 64})), Error);
}

}  // namespace
}  // namespace mirst
