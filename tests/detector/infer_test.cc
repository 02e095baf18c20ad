#include "detector/infer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "core/file.h"
#include "core/parallel.h"
#include "detector/checkpoint.h"
#include "detector/device.h"
#include "detector/sequence_detector.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using test::ErrorText;

constexpr Normalisation kNormalisation{100, 20};

Pstfnet RandomNetwork() {
  torch::manual_seed(5);
  Pstfnet network(PstfnetOptions{.size_mode = SizeMode::kFree});
  network->eval();
  return network;
}

std::vector<Image<float>> RandomFrames(int count, int height, int width) {
  std::vector<Image<float>> frames;
  for (int i = 0; i < count; ++i) {
    RandomStream random(RandomKey{.frame = static_cast<std::uint32_t>(i)});
    Image<float>& frame = frames.emplace_back(height, width);
    for (float& pixel : frame) pixel = static_cast<float>(random.Uniform(60, 140));
  }
  return frames;
}

/// The whole window through the network in one piece: the second, plain way.
torch::Tensor WindowLogits(Pstfnet network, const std::vector<Image<float>>& frames, int last) {
  const torch::NoGradGuard no_gradient;
  const int height = frames[0].height(), width = frames[0].width();
  torch::Tensor window = torch::empty({1, 1, 5, height, width});
  for (int t = 0; t < 5; ++t) {
    Image<float> frame = frames[static_cast<std::size_t>(std::max(0, last - 4 + t))];
    window[0][0][t] = (torch::from_blob(frame.data(), {height, width}) - kNormalisation.mean) / kNormalisation.sigma;
  }
  return ForwardPadded(network, window)[0][0];
}

double Difference(Image<float> scores, const torch::Tensor& expected) {
  EXPECT_EQ(scores.height(), expected.size(0));
  EXPECT_EQ(scores.width(), expected.size(1));
  return (torch::from_blob(scores.data(), {scores.height(), scores.width()}) - expected).abs().max().item<double>();
}

// Encoding frames one by one or five in a batch changes the order of sums at most: logits of order 1, float, some
// hundred additions a value: 1e-4 leaves a margin of ten.
constexpr double kSameSums = 1e-4;

TEST(PstfnetStream, GivesTheLogitsOfTheWholeWindowAndRepeatsTheFirstFrame) {
  Pstfnet network = RandomNetwork();
  for (const auto& [height, width] : {std::pair(64, 64), std::pair(50, 71), std::pair(48, 49)}) {
    const std::vector<Image<float>> frames = RandomFrames(7, height, width);
    PstfnetStream stream(network, kNormalisation, torch::kCPU);
    for (int i = 0; i < 7; ++i) {
      stream.Push(frames[static_cast<std::size_t>(i)]);
      EXPECT_LT(Difference(stream.Logits(), WindowLogits(network, frames, i)), kSameSums) << i;
    }
  }
}

TEST(PstfnetStream, FramesWhoseLogitsNobodyAsksForCountAllTheSame) {
  Pstfnet network = RandomNetwork();
  const std::vector<Image<float>> frames = RandomFrames(8, 48, 64);
  PstfnetStream stream(network, kNormalisation, torch::kCPU);
  for (const Image<float>& frame : frames) stream.Push(frame);
  EXPECT_LT(Difference(stream.Logits(), WindowLogits(network, frames, 7)), kSameSums);
  stream.Begin();
  stream.Push(frames[3]);
  EXPECT_LT(Difference(stream.Logits(), WindowLogits(network, {frames[3]}, 0)), kSameSums);
}

TEST(PstfnetStream, TheWindowLooksBackFourFramesAndNoMore) {
  Pstfnet network = RandomNetwork();
  std::vector<Image<float>> frames = RandomFrames(6, 48, 48);
  const auto logits_of_last = [&] {
    PstfnetStream stream(network, kNormalisation, torch::kCPU);
    for (const Image<float>& frame : frames) stream.Push(frame);
    return stream.Logits();
  };
  const Image<float> before = logits_of_last();
  frames[0].Fill(7);
  EXPECT_EQ(logits_of_last(), before);
  frames[1].Fill(7);
  EXPECT_NE(logits_of_last(), before);
}

TEST(PstfnetStream, BadFramesAreRefusedInOneSentence) {
  PstfnetStream stream(RandomNetwork(), kNormalisation, torch::kCPU);
  const auto refusal = [&](const Image<float>& frame) {
    return ErrorText(ErrorCode::kBadInput, [&] { stream.Push(frame); });
  };
  EXPECT_EQ(refusal(Image<float>(47, 64)), "the frame is 64 x 47 px, the least that PSTFNet takes is 48 x 48");
  Image<float> frame(48, 64, 100);
  frame(20, 30) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal(frame), "the pixel at column 30, row 20 is nan, expected a finite number");
  frame(20, 30) = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal(frame), "the pixel at column 30, row 20 is inf, expected a finite number");
  stream.Push(Image<float>(48, 64, 100));
  EXPECT_EQ(refusal(Image<float>(64, 48)), "the frame is 48 x 64 px, the frames before it are 64 x 48");
}

TEST(PstfnetStream, WeightsOfSizeModeNativeRefuseOtherSizes) {
  PstfnetStream stream(Pstfnet(PstfnetOptions{}), kNormalisation, torch::kCPU);
  stream.Push(Image<float>(64, 64, 100));
  EXPECT_NE(
      ErrorText(ErrorCode::kBadInput, [&] { stream.Logits(); }).find("size_mode native takes frames of 384 x 384 px"),
      std::string::npos);
}

TEST(SequenceDetector, RunsACheckpointAndKnowsItsFacts) {
  const TemporaryFolder folder;
  Pstfnet network = RandomNetwork();
  CheckpointInfo info;
  info.dataset_id = "some set";
  info.steps = 12;
  info.samples_seen = 48;
  info.mean = kNormalisation.mean;
  info.sigma = kNormalisation.sigma;
  info.threshold = 0.25;
  SaveCheckpoint(folder.path() / "w.safetensors", network, info);
  const auto detector = LoadSequenceDetector(folder.path() / "w.safetensors", DeviceChoice::kCpu, 1);
  EXPECT_EQ(detector->info().id, "pstfnet");
  EXPECT_EQ(detector->info().dataset_id, "some set");
  EXPECT_EQ(detector->info().steps, 12);
  EXPECT_EQ(detector->info().samples_seen, 48);
  EXPECT_EQ(detector->info().threshold, 0.25);
  EXPECT_EQ(detector->info().device, "cpu");
  EXPECT_EQ(torch::get_num_threads(), 1);
  const std::vector<Image<float>> frames = RandomFrames(3, 50, 60);
  for (int sequence = 0; sequence < 2; ++sequence) {  // the second one finds nothing of the first
    detector->Begin();
    for (int i = 0; i < 3; ++i) {
      EXPECT_LT(Difference(detector->Next(frames[static_cast<std::size_t>(i)]), WindowLogits(network, frames, i)),
                kSameSums);
    }
  }
}

TEST(SequenceDetector, AWrongOrTruncatedCheckpointIsBadInput) {
  const TemporaryFolder folder;
  const std::filesystem::path weights = folder.path() / "w.safetensors";
  const auto refusal = [&] {
    return ErrorText(ErrorCode::kBadInput, [&] { LoadSequenceDetector(weights, DeviceChoice::kCpu); });
  };
  EXPECT_NE(refusal().find("w.json"), std::string::npos);
  SaveCheckpoint(weights, RandomNetwork(), {});
  EXPECT_EQ(refusal(), "");
  std::filesystem::resize_file(weights, 100000);
  EXPECT_NE(refusal().find("w.safetensors"), std::string::npos);
  test::WriteBytes(folder.path() / "w.json", "[]");
  EXPECT_NE(refusal().find("w.json"), std::string::npos);
}

TEST(Device, CudaWithoutAGpuIsBadInput) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_EQ(ErrorText(ErrorCode::kBadInput, [] { ResolveDevice(DeviceChoice::kCuda); }),
            "device cuda was asked for, but this machine or this build of LibTorch has none; use cpu or auto");
  EXPECT_EQ(ResolveDevice(DeviceChoice::kAutomatic), torch::Device(torch::kCPU));
}

TEST(Device, ThreadsOfLibTorchFollowTheLimit) {
  UseTorchThreads(2);
  EXPECT_EQ(torch::get_num_threads(), 2);
  UseTorchThreads(0);
  EXPECT_EQ(torch::get_num_threads(), ThreadCount());
}

}  // namespace
}  // namespace mirst
