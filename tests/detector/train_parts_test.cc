// The parts of a training: running average, several seeds, early stopping, precision.
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/parallel.h"
#include "datasets/packed_store.h"
#include "detector/averaged_weights.h"
#include "detector/data_loader.h"
#include "detector/safetensors.h"
#include "detector/train_seeds.h"
#include "tests/support/quick_training.h"

namespace mirst {
namespace {

namespace fs = std::filesystem;
using test::ErrorText;
using test::QuickOptions;
using test::QuickSet;
using test::WriteTrainingSet;

TEST(AveragedWeights, FollowTheirRecurrence) {
  torch::nn::Linear layer(1, 1);
  const torch::NoGradGuard no_gradient;
  layer->weight.fill_(1);
  AveragedWeights average(*layer, 0.9);
  double expected = 1;
  for (std::int64_t step = 1; step <= 200; ++step) {
    layer->weight.fill_(static_cast<double>(step));
    average.Update(*layer, step);
    const double decay = std::min(0.9, (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)));
    expected = decay * expected + (1 - decay) * static_cast<double>(step);
  }
  // 200 sums of float32, of which only the last ten or so have not decayed.
  EXPECT_NEAR(average.tensors().at("weight").item<double>(), expected, 10 * 200 * 6e-8);
  average.Swap(*layer);
  EXPECT_NEAR(layer->weight.item<double>(), expected, 10 * 200 * 6e-8);
  average.Swap(*layer);
  EXPECT_EQ(layer->weight.item<double>(), 200);
}

TEST(AveragedWeights, TakeWholeNumbersOver) {
  torch::nn::BatchNorm2d norm(2);
  AveragedWeights average(*norm, 0.99);
  norm->num_batches_tracked.fill_(7);
  average.Update(*norm, 1);
  EXPECT_EQ(average.tensors().at("num_batches_tracked").item<std::int64_t>(), 7);
}

TEST(AveragedWeights, AreWhatIsSavedAndChangeNoStep) {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set";
  WriteTrainingSet(set, QuickSet());
  TrainOptions options = QuickOptions(4);
  Train(options, set, folder.path() / "plain");
  options.ema_decay = 0.5;
  Train(options, set, folder.path() / "averaged");
  const TensorFile plain = ReadSafetensors(folder.path() / "plain/last.safetensors"),
                   averaged = ReadSafetensors(folder.path() / "averaged/last.safetensors"),
                   state = ReadSafetensors(folder.path() / "averaged/state.safetensors");
  std::int64_t different = 0;
  for (const auto& [name, tensor] : plain.tensors) {
    EXPECT_TRUE(torch::equal(tensor, state.tensors.at("network." + name))) << name;
    EXPECT_TRUE(torch::equal(averaged.tensors.at(name), state.tensors.at("average." + name))) << name;
    different += !torch::equal(tensor, averaged.tensors.at(name));
  }
  EXPECT_GT(different, 100);
}

TEST(SampleOrder, BeginsAnywhereInItself) {
  SampleOrder whole(3, 7);
  for (std::int64_t first = 0; first < 30; ++first) {
    SampleOrder part(3, 7, first);
    for (int i = 0; i < 9; ++i) part.Next();
    SampleOrder same(3, 7);
    for (std::int64_t i = 0; i < first + 9; ++i) same.Next();
    const SampleTicket a = part.Next(), b = same.Next();
    EXPECT_EQ(a.window, b.window) << first;
    EXPECT_EQ(a.key, b.key) << first;
  }
}

TEST(BatchLoader, SharesOfABatchAreTheBatch) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", QuickSet());
  const SplitFrames frames(OpenLabelledFrames(folder.path() / "set"), TrainingSplit::kTrain, 1 << 20);
  TrainOptions options = QuickOptions(1);
  options.data.batch = 6;
  BatchLoader all(frames, options, {.first_sample = 6});
  const Batch whole = all.Next();
  std::vector<float> joined;
  for (int rank = 0; rank < 3; ++rank) {
    BatchLoader share(frames, options, {.first_sample = 6, .rank = rank, .size = 3});
    const Batch part = share.Next();
    EXPECT_EQ(part.samples, 2);
    joined.insert(joined.end(), part.frames.begin(), part.frames.end());
  }
  EXPECT_EQ(joined, whole.frames);
}

TEST(Spread, IsMeanAndSampleStandardDeviation) {
  const Spread spread = SpreadOf({0.1, std::nullopt, 0.4, 0.7});
  EXPECT_EQ(spread.count, 3);
  EXPECT_NEAR(spread.mean.value(), 0.4, 1e-15);
  EXPECT_NEAR(spread.sigma.value(), 0.3, 1e-15);
  EXPECT_FALSE(SpreadOf({0.5}).sigma.has_value());
  EXPECT_FALSE(SpreadOf({std::nullopt}).mean.has_value());
}

TEST(TrainSeeds, EachSeedIsTheTrainingOfItsOwn) {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set", out = folder.path() / "seeds";
  WriteTrainingSet(set, QuickSet());
  TrainOptions options = QuickOptions(2);
  const auto reports = TrainSeeds(options, {5, 2}, OpenLabelledFrames(set), out, ExistingTraining::kRefuse);
  ASSERT_EQ(reports.size(), 2U);
  options.seed = 2;
  Train(options, set, folder.path() / "alone");
  EXPECT_EQ(ReadFile(out / "seed-2/last.safetensors"), ReadFile(folder.path() / "alone/last.safetensors"));
  EXPECT_NE(ReadFile(out / "seed-5/last.safetensors"), ReadFile(out / "seed-2/last.safetensors"));
  const auto json = nlohmann::json::parse(ReadFile(out / "seeds.json"));
  EXPECT_EQ(json.at("seeds").size(), 2U);
  const auto& iou = json.at("best_checkpoint").at("iou_seq");
  EXPECT_EQ(iou.at("values")[0], reports[0].report.best->iou_seq.value());
  EXPECT_NEAR(iou.at("mean"), (iou.at("values")[0].get<double>() + iou.at("values")[1].get<double>()) / 2, 1e-15);
  EXPECT_NE(
      ErrorText(ErrorCode::kUsage,
                [&] {
                  TrainSeeds(options, {1, 1}, OpenLabelledFrames(set), folder.path() / "x", ExistingTraining::kRefuse);
                })
          .find("named twice"),
      std::string::npos);
}

TEST(Train, PatienceEndsItAfterSoManyValidationsWithoutANewBest) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", QuickSet());
  TrainOptions options = QuickOptions(100);
  options.optimiser.learning_rate = 1e-8;  // weights stay as they are, to the scores: no validation beats the first
  options.validation.every_steps = 2;
  options.validation.patience = 3;
  const TrainReport report = Train(options, folder.path() / "set", folder.path() / "out");
  EXPECT_EQ(report.stopped_by, StopReason::kPatience);
  EXPECT_EQ(report.steps - report.best->step, 2 * 3);
  EXPECT_LT(report.steps, 100);
  const TrainReport again = Train(options, folder.path() / "set", folder.path() / "out", ExistingTraining::kResume);
  EXPECT_EQ(again.steps, report.steps);
  EXPECT_EQ(again.first_step, report.steps);  // nothing was left to do
}

TEST(Train, HalfPrecisionIsRefusedOnACpu) {
  const TemporaryFolder folder;
  WriteTrainingSet(folder.path() / "set", QuickSet());
  TrainOptions options = QuickOptions(1);
  options.precision = Precision::kBfloat16;
  options.device = DeviceChoice::kCpu;
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [&] { Train(options, folder.path() / "set", folder.path() / "out"); }),
            "precision is bf16, but the training runs on the CPU; only CUDA devices train in it");
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
}

TEST(Train, ReadsAPackedSetAsItsFiles) {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set";
  WriteTrainingSet(set, QuickSet());
  PackDataSet(set, folder.path() / "packed");
  Train(QuickOptions(2), set, folder.path() / "files");
  Train(QuickOptions(2), folder.path() / "packed", folder.path() / "arrays");
  EXPECT_EQ(ReadFile(folder.path() / "files/last.safetensors"), ReadFile(folder.path() / "arrays/last.safetensors"));
}

}  // namespace
}  // namespace mirst
