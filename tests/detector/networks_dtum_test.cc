// ResUNet-DTUM and DNANet-DTUM against the reference tensors of the authors' program, and the former with both released
// weights (goldens/deep/ResUNet_DTUM, DNANet_DTUM).
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/dnanet_dtum.h"
#include "detector/network/resunet_dtum.h"
#include "detector/network_loss.h"
#include "tests/support/network_golden.h"

namespace mirst {
namespace {

using torch::Tensor;

struct DtumCase {
  const char* folder;
  DtumNetwork (*make)();
  IouOver over;
  double smooth;
  double median_error, largest_error, buffer_error;  // of the training step
};

void PrintTo(const DtumCase& dtum, std::ostream* out) { *out << dtum.folder; }

class DtumGolden : public testing::TestWithParam<DtumCase> {
 protected:
  void SetUp() override { MIRST_REQUIRE_PATH(folder_); }
  Tensor Read(const std::string& name) const { return test::ReadNpyTensor(folder_ / name); }
  /// A sequence of uint8 frames as the program takes it: (1, 1, 5, H, W), normalised.
  Tensor RealFrames(double mean, double sigma) const {
    return ((test::ReadU8Tensor(folder_ / "real_seq_u8.npy") - mean) / sigma).unsqueeze(0).unsqueeze(0);
  }
  DtumNetwork Network() const {
    DtumNetwork network = GetParam().make();
    test::FillAsReference(*network, folder_, 0.8);
    return network;
  }
  std::filesystem::path folder_ = test::NetworkFolder(GetParam().folder);
};

enum class Frames { kSmooth, kQuantised };

/// A flipped maximum changes the pixels around it by any amount, so values are compared by percentile (the reference's
/// own rounding moves the 99th by 1e-6) and by how many stand out. The same network in float64 differs from the
/// reference in 0.3 % of the pixels; from 8-bit frames, where whole areas are equal but for rounding, in 1.2 %. Logits
/// of trained weights are larger: relative to their largest.
void ExpectSameButForFlips(const Tensor& logits, const Tensor& golden, Frames frames) {
  ASSERT_EQ(logits.numel(), golden.numel());
  const Tensor a = logits.flatten(), b = golden.flatten();
  const double scale = std::max(1.0, b.abs().max().item<double>());
  const bool smooth = frames == Frames::kSmooth;
  EXPECT_LT(test::QuantileDifference(a, b, smooth ? 0.99 : 0.95), 1e-5 * scale);
  const double outliers = ((a - b).abs() > 1e-3 * scale).to(torch::kDouble).mean().item<double>();
  EXPECT_LT(outliers, smooth ? 0.01 : 0.04);
}

TEST_P(DtumGolden, PoolingTellsWhereTheMaximumLay) {
  const test::NpyArray<std::int64_t> index = test::ReadNpy<std::int64_t>(folder_ / "direction_pool_indices_i64.npy");
  const Tensor direction = Read("direction_out.npy"), input = Read("direction_pool_input.npy");
  const Tensor cells = PoolWithDirection(input.flatten(0, -3));
  const Tensor maxima = torch::max_pool2d(input.flatten(0, -3), {2, 2});
  ASSERT_EQ(static_cast<std::int64_t>(index.values.size()), cells.numel());
  EXPECT_TRUE(torch::equal((maxima * direction.flatten(0, -3)), cells));
}

TEST_P(DtumGolden, LogitsAreTheReferences) {
  const torch::NoGradGuard no_gradient;
  DtumNetwork network = Network();
  network->eval();
  const Tensor frames = Read("det_input.npy");
  ExpectSameButForFlips(network(frames), Read("det_logits.npy"), Frames::kSmooth);
  ExpectSameButForFlips(network(RealFrames(106.8523, 56.9243)), Read("real_detweights_logits.npy"), Frames::kQuantised);

  // The recurrent form: features of the last four frames and one frame more.
  std::vector<Tensor> window;
  for (std::int64_t t = 1; t < 5; ++t) window.push_back(network->EncodeFrame(frames.select(2, t)));
  window.push_back(network->EncodeFrame(Read("det_next_frame_input.npy").view({1, 1, 256, 256})));
  ExpectSameButForFlips(network->FromFeatures(window), Read("det_next_frame_logits_cached.npy"), Frames::kSmooth);
}

TEST_P(DtumGolden, OneTrainingStepIsTheReferences) {
  DtumNetwork network = Network();
  test::TrainWithoutDropout(*network);
  const test::TrainStepTable table = test::ReadTrainStep(folder_ / "det_train_step.tsv");
  const Tensor logits = network(test::GoldenBatch(1, 5));
  const Tensor masks = test::GoldenMask(64, 4).expand({2, 1, 64, 64});
  const Tensor loss = SoftIou(torch::sigmoid(logits), masks, {}, GetParam().over, GetParam().smooth);
  EXPECT_NEAR(loss.item<double>(), table.loss, 1e-5);
  loss.backward();
  const std::vector<double> errors = test::GradientErrors(*network, table);
  EXPECT_LT(errors[errors.size() / 2], GetParam().median_error);
  EXPECT_LT(errors.back(), GetParam().largest_error);
  test::ExpectBuffers(*network, table, GetParam().buffer_error);
}

// Maxima flip: in DNANet-DTUM's step those of the coarse levels, so that of all running statistics those of bn4_1 and
// bn3_2 alone are off by more than 1e-4 (2e-4), and all gradients behind them with them; in ResUNet-DTUM's one with the
// kernels of processors without AVX-512 (with them the median is below 1e-4).
INSTANTIATE_TEST_SUITE_P(
    Networks, DtumGolden,
    testing::Values(DtumCase{"ResUNet_DTUM", MakeResunetDtum, IouOver::kBatch, 1, 5e-3, 5e-2, 1e-4},
                    DtumCase{"DNANet_DTUM", MakeDnanetDtum, IouOver::kSample, 0, 5e-3, 5e-2, 5e-4}),
    [](const auto& test) { return std::string(test.param.folder); });

TEST(ResunetDtumGolden, ReleasedWeightsGiveTheReferencesLogits) {
  const std::filesystem::path folder = test::NetworkFolder("ResUNet_DTUM");
  MIRST_REQUIRE_PATH(folder);
  const torch::NoGradGuard no_gradient;
  const std::tuple<std::string, double, double> releases[] = {{"NUDT-MIRSDT", 105.4025, 26.6452},
                                                              {"SatVideoIRSTD", 105.31, 26.08}};
  for (const auto& [name, mean, sigma] : releases) {
    SCOPED_TRACE(name);
    const auto read = [&](const std::string& file) { return test::ReadNpyTensor(folder / file); };
    DtumNetwork network = MakeResunetDtum();
    LoadWeights(folder / ("released_" + name + ".safetensors"), *network);
    network->eval();
    const Tensor real = (test::ReadU8Tensor(folder / "real_seq_u8.npy") - mean) / sigma;
    ExpectSameButForFlips(network(read("det_input.npy")), read("det_released_" + name + "_logits.npy"),
                          Frames::kSmooth);
    ExpectSameButForFlips(network(real.unsqueeze(0).unsqueeze(0)), read("real_released_" + name + "_logits.npy"),
                          Frames::kQuantised);
  }
}

TEST(ResunetDtum, OneChannelStandsForThreeAndOtherShapesAreRefused) {
  const torch::NoGradGuard no_gradient;
  DtumNetwork network = MakeResunetDtum();
  network->eval();
  const Tensor frames = torch::rand({1, 1, 5, 32, 40});
  EXPECT_TRUE(torch::equal(network(frames), network(frames.repeat({1, 3, 1, 1, 1}))));
  EXPECT_THROW(network(torch::zeros({1, 1, 4, 32, 32})), Error);
  EXPECT_THROW(network(torch::zeros({1, 1, 5, 36, 32})), Error);
}

}  // namespace
}  // namespace mirst
