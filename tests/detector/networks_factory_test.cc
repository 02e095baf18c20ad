// All networks by name: what they cost, that one face serves them, and that checkpoints bring them back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/error.h"
#include "core/file.h"
#include "datasets/npy.h"
#include "detector/box_maps.h"
#include "detector/checkpoint.h"
#include "detector/device.h"
#include "detector/model_files.h"
#include "detector/network/sstnet.h"
#include "detector/network_checkpoint.h"
#include "detector/network_factory.h"
#include "detector/network_stream.h"
#include "detector/network_traits.h"
#include "detector/sequence_detector.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using test::ErrorText;
using testing::HasSubstr;
using torch::Tensor;

ConfigTree Released(const std::string& arch) {
  ConfigTree options;
  if (TraitsOf(arch).takes_channels) options.Assign("channels=3");
  return options;
}

TEST(NetworkFactory, NetworksHaveThePublishedNumberOfParameters) {
  const std::map<std::string, std::int64_t> published = {
      {"rdian", 216758},    {"dnanet", 4696888},      {"isnet", 1090671},      {"uiunet", 50541461},
      {"sstnet", 21981227}, {"resunet_dtum", 298305}, {"dnanet_dtum", 4767861}};
  for (const auto& [arch, expected] : published) {
    const std::unique_ptr<Network> network = MakeNetwork(arch, Released(arch));
    std::int64_t parameters = 0;
    for (const Tensor& parameter : network->module().parameters()) parameters += parameter.numel();
    EXPECT_EQ(parameters, expected) << arch;
  }
  EXPECT_EQ(NetworkNames().size(), published.size() + 1);  // and PSTFNet
}

TEST(NetworkFactory, UnknownNamesAndOptionsAreRefused) {
  try {
    MakeNetwork("resnet", ConfigTree());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("dnanet_dtum"));
  }
  ConfigTree channels;
  channels.Assign("channels=3");
  EXPECT_THROW(MakeNetwork("rdian", channels), Error);  // has one channel by its nature
  ConfigTree two;
  two.Assign("channels=2");
  EXPECT_THROW(MakeNetwork("dnanet", two), Error);
}

/// Networks small enough for a test of a second; the other ones share their code paths.
const char* const kSmall[] = {"rdian", "dnanet", "isnet", "resunet_dtum", "dnanet_dtum", "pstfnet"};

std::unique_ptr<Network> SmallNetwork(const std::string& arch) {
  ConfigTree options;
  if (arch == "pstfnet") options.Assign("size_mode=free");
  torch::manual_seed(1);
  std::unique_ptr<Network> network = MakeNetwork(arch, options);
  InitialiseAsPublished(*network);
  return network;
}

TEST(NetworkFactory, EveryNetworkScoresTheLastFrameAndItsLossFallsAlongItsGradient) {
  for (const char* arch : kSmall) {
    SCOPED_TRACE(arch);
    const std::unique_ptr<Network> network = SmallNetwork(arch);
    const Tensor frames = torch::randn({2, 1, network->traits().window, 64, 64});
    Tensor masks = torch::zeros({2, 1, 64, 64});
    masks.narrow(2, 20, 4).narrow(3, 30, 4).fill_(1);
    network->module().eval();
    {
      const torch::NoGradGuard no_gradient;
      EXPECT_EQ(network->Logits(frames).sizes(), masks.sizes());
    }
    const auto loss_of = [&] { return network->Loss(frames, masks, {}); };
    const Tensor before = loss_of();
    before.backward();
    {
      const torch::NoGradGuard no_gradient;
      double squares = 0;
      for (const Tensor& parameter : network->module().parameters()) {
        if (parameter.grad().defined()) squares += parameter.grad().pow(2).sum().item<double>();
      }
      ASSERT_GT(squares, 0);
      // So small a step that the loss should fall by 1e-3 of itself.
      const double step = 1e-3 * std::abs(before.item<double>()) / squares;
      for (const Tensor& parameter : network->module().parameters()) {
        if (parameter.grad().defined()) Tensor(parameter).sub_(step * parameter.grad());
      }
      EXPECT_LT(loss_of().item<double>(), before.item<double>());
    }
  }
}

TEST(NetworkFactory, IgnoredPixelsDoNotMoveTheLoss) {
  for (const char* arch : {"rdian", "dnanet", "resunet_dtum"}) {
    SCOPED_TRACE(arch);
    const torch::NoGradGuard no_gradient;
    const std::unique_ptr<Network> network = SmallNetwork(arch);
    network->module().eval();
    const Tensor frames = torch::randn({1, 1, network->traits().window, 64, 64});
    Tensor masks = torch::zeros({1, 1, 64, 64}), ignore = torch::zeros({1, 1, 64, 64});
    masks.narrow(2, 20, 4).narrow(3, 30, 4).fill_(1);
    ignore.narrow(2, 40, 10).narrow(3, 40, 10).fill_(1);
    Tensor other = masks.clone();
    other.narrow(2, 42, 3).narrow(3, 42, 3).fill_(1);
    EXPECT_EQ(network->Loss(frames, masks, ignore).item<float>(), network->Loss(frames, other, ignore).item<float>());
    EXPECT_NE(network->Loss(frames, masks, {}).item<float>(), network->Loss(frames, other, {}).item<float>());
  }
}

Image<float> NoiseFrame(int height, int width, std::uint64_t seed) {
  torch::manual_seed(seed);
  const Tensor values = 100 + 20 * torch::randn({height, width});
  Image<float> frame(height, width);
  std::copy_n(values.data_ptr<float>(), frame.size(), frame.data());
  return frame;
}

TEST(NetworkStream, KeptFeaturesGiveTheLogitsOfWholeWindows) {
  for (const char* arch : {"rdian", "resunet_dtum"}) {
    SCOPED_TRACE(arch);
    const torch::NoGradGuard no_gradient;
    const std::unique_ptr<Network> network = SmallNetwork(arch);
    network->module().eval();
    NetworkStream stream(*network, {100, 20}, c10::kCPU);
    stream.Begin();
    std::vector<Tensor> images;
    for (std::uint64_t t = 0; t < 7; ++t) {
      const Image<float> frame = NoiseFrame(48, 56, t);
      stream.Push(frame);
      Tensor image = torch::empty({1, 1, 48, 56});
      std::copy_n(frame.data(), frame.size(), image.data_ptr<float>());
      images.push_back((image - 100) / 20);
      const Image<float> logits = stream.Logits();
      std::vector<Tensor> window;
      for (int back = network->traits().window - 1; back >= 0; --back) {
        window.push_back(images[static_cast<std::size_t>(std::max<int>(0, static_cast<int>(t) - back))]);
      }
      const Tensor expected = network->Logits(torch::stack(window, 2)).contiguous();
      for (std::size_t i = 0; i < logits.size(); i += 97) {
        // Multiplication by 1 / sigma beside division: 1e-7 of the input, some times that in the output.
        EXPECT_NEAR(logits.data()[i], expected.data_ptr<float>()[i], 1e-4) << t << " " << i;
      }
    }
  }
}

TEST(NetworkCheckpoint, BringsBackWeightsOptionsAndStatistics) {
  const TemporaryFolder folder;
  for (const char* arch : {"rdian", "dnanet"}) {
    SCOPED_TRACE(arch);
    const auto path = folder.path() / (std::string(arch) + ".safetensors");
    const std::unique_ptr<Network> network = SmallNetwork(arch);
    CheckpointInfo info;
    info.mean = 90;
    info.sigma = 12;
    info.threshold = 0.25;
    SaveNetwork(path, *network, info);
    const LoadedNetwork loaded = LoadNetwork(path);
    EXPECT_EQ(loaded.info.network, arch);
    EXPECT_EQ(loaded.info.mean, 90);
    const auto expected = StateDict(network->module()), found = StateDict(loaded.network->module());
    for (const auto& [name, tensor] : expected) EXPECT_TRUE(torch::equal(found.at(name), tensor)) << name;

    const std::unique_ptr<SequenceDetector> detector = LoadSequenceDetector(path, DeviceChoice::kCpu, 1);
    EXPECT_EQ(detector->info().id, arch);
    EXPECT_EQ(detector->info().threshold, 0.25);
    detector->Begin();
    EXPECT_EQ(detector->Next(NoiseFrame(50, 61, 1)).width(), 61);
  }
}

TEST(NetworkFactory, LayoutForInferenceChangesNoMoreThanRounding) {
  const torch::NoGradGuard no_gradient;
  for (const char* arch : {"rdian", "dnanet", "isnet", "uiunet", "sstnet"}) {
    SCOPED_TRACE(arch);
    const std::unique_ptr<Network> network = SmallNetwork(arch);
    network->module().eval();
    const Tensor frames = torch::rand({1, 1, network->traits().window, 64, 96});
    const Tensor before = network->Logits(frames).clone();
    ArrangeForInference(*network);
    EXPECT_TRUE(network->traits().channels_last);
    EXPECT_LT((network->Logits(frames) - before).abs().max().item<double>(),
              1e-4 * before.abs().max().item<double>());  // float32 sums of up to some thousand products
  }
}

TEST(NetworkCheckpoint, RefusesTilesAndEnginesOfPstfnet) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "w.safetensors";
  SaveNetwork(path, *SmallNetwork("rdian"), CheckpointInfo{});
  const auto refusal = [&](const DetectorRun& run) {
    return ErrorText(ErrorCode::kUsage, [&] { LoadSequenceDetector(path, run); });
  };
  const std::string expected = "--tile and --engine go with weights of pstfnet, found rdian";
  EXPECT_EQ(refusal({.device = DeviceChoice::kCpu, .threads = 1, .tile_px = 640}), expected);
  EXPECT_EQ(refusal({.device = DeviceChoice::kCpu, .threads = 1, .engine = InferenceEngine::kFolded}), expected);
}

TEST(Letterbox, TakesCoordinatesThereAndBack) {
  const Letterbox letterbox(64, 128);  // four times as large, 128 rows of margin above and below
  EXPECT_DOUBLE_EQ(letterbox.ToSquareX(-0.5), 0);
  EXPECT_DOUBLE_EQ(letterbox.ToSquareX(127.5), 512);
  EXPECT_DOUBLE_EQ(letterbox.ToSquareY(-0.5), 128);
  EXPECT_DOUBLE_EQ(letterbox.ToFrameX(letterbox.ToSquareX(17.25)), 17.25);
  Tensor frame = torch::zeros({1, 1, 64, 128});
  frame[0][0][10][20] = 1;
  const Tensor square = letterbox.Apply(frame);
  ASSERT_EQ(square.sizes(), (std::vector<std::int64_t>{1, 1, 512, 512}));
  const std::int64_t brightest = square.argmax().item<std::int64_t>();
  EXPECT_NEAR(letterbox.ToFrameX(static_cast<double>(brightest % 512) + 0.5), 20, 0.5);
  EXPECT_NEAR(letterbox.ToFrameY(static_cast<double>(brightest / 512) + 0.5), 10, 0.5);
}

TEST(BoxMaps, BoxesOfMasksComeBackAsMasks) {
  Tensor masks = torch::zeros({1, 1, 64, 64});
  masks.narrow(2, 20, 5).narrow(3, 30, 3).fill_(1);
  const Letterbox letterbox(64, 64);  // eight times as large
  const std::vector<Tensor> boxes = BoxesOfMasks(masks, {}, letterbox);
  ASSERT_EQ(boxes.front().sizes(), (std::vector<std::int64_t>{1, 4}));
  const Tensor box = boxes.front()[0];
  EXPECT_FLOAT_EQ(box[0].item<float>(), 8 * 31.5F);
  EXPECT_FLOAT_EQ(box[1].item<float>(), 8 * 22.5F);
  EXPECT_FLOAT_EQ(box[2].item<float>(), 24);
  EXPECT_FLOAT_EQ(box[3].item<float>(), 40);
  // A head that is sure of this box in its cell (row 22, column 31) and of nothing else.
  Tensor outputs = torch::full({1, 6, 64, 64}, -20.0F);
  const float cell[] = {0.5F, 0.5F, std::log(3.0F), std::log(5.0F), 20, 20};
  for (int k = 0; k < 6; ++k) outputs[0][k][22][31] = cell[k];
  const Tensor map = BoxScoreMaps(outputs, letterbox);
  EXPECT_TRUE(torch::equal((map > 0).to(torch::kFloat), masks));
  EXPECT_FLOAT_EQ(map.min().item<float>(), kNoBoxLogit);
}

TEST(ModelFiles, TellsTheOperationsThatRdianIsMadeOf) {
  const ModelInfo info = DescribeModel("rdian", ConfigTree());
  ASSERT_EQ(info.stages.size(), 1u);
  constexpr std::int64_t kFull = 256 * 256, kHalf = kFull / 4;
  constexpr std::int64_t kFields = 2 * 32 * 16 * (1 + 2 * 9 + 2 * 25 + 2 * 49);  // taps of 1, 3, 5, 7 squared
  constexpr std::int64_t kMacs = kFull * (8 * 25 + 9 * 16 + 16 * 32 + 9 * 32 * 8 + 8) +
                                 kHalf * (9 * 16 * 32 + kFields + 9 * 128 * 32 + 2 * 49) + 2 * (32 + 32);
  EXPECT_EQ(info.stages.front().macs, kMacs);
  EXPECT_EQ(info.stages.front().inference_macs, kMacs);
}

TEST(ModelFiles, RunNamesTheShapeThatItWants) {
  const TemporaryFolder folder;
  InitialiseModel("resunet_dtum", ConfigTree(), WeightFormula::kPublished, 1, folder.path() / "w.safetensors");
  const std::vector<float> zeros(5 * 20 * 16, 0.0F);
  WriteFileAtomically(folder.path() / "in.npy",
                      NpyBytes(NpyType::kFloat32, {1, 5, 20, 16},
                               {reinterpret_cast<const char*>(zeros.data()), zeros.size() * sizeof(float)}));
  try {
    RunModel("resunet_dtum", ConfigTree(), folder.path() / "w.safetensors", folder.path() / "in.npy",
             folder.path() / "out.npy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("multiples of 8"));
    EXPECT_THAT(error.what(), HasSubstr("(1, 1, 5, 20, 16)"));
  }
  UseTorchThreads(1);  // RunModel took all; see one_thread.cc
}

}  // namespace
}  // namespace mirst
